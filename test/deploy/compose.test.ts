import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AkoolClient } from '../../akool/client.ts';
import { startEmulator } from '../../emulator/start.ts';
import { configuredTarget } from '../../engine/connect.ts';
import { parseConfig } from '../../manifests/read-config.ts';
import { CONFIG_DEFAULTS } from '../../schemas/config.ts';
import { parseDurationMs } from '../../schemas/duration.ts';
import { startReceiver } from '../../web/start-receiver.ts';
import { dryParse } from '../docs/dry-parse.ts';
import { composeParser, parseCompose, type ComposeService } from './compose-parser.ts';

const execute = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const parser = composeParser();
const unchecked = 'missing' in parser ? ` (not checked: ${parser.missing})` : '';

describe.skipIf('missing' in parser)(`docker-compose.yml, as Compose reads it${unchecked}`, () => {
  let services: Readonly<Record<string, ComposeService>> = {};
  const ours = () => Object.entries(services).filter(([, service]) => service.build !== undefined);
  const service = (name: string): ComposeService => {
    const found = services[name];
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };

  beforeAll(() => {
    const run = parseCompose('program' in parser ? parser.program : '');
    expect(run.stderr).toBe('');
    services = (JSON.parse(run.stdout) as { services: typeof services }).services;
  });

  it('has the parts of a fleet', () => {
    expect(Object.keys(services).toSorted()).toEqual([
      'emulator',
      'headswap',
      'headswap-emulated',
      'postgresql',
      'temporal',
      'temporal-namespace',
      'temporal-schema',
      'temporal-ui',
      'web',
      'worker',
      'worker-emulated',
    ]);
    const started = Object.entries(services).filter(([, { profiles = [] }]) => profiles.length === 0);
    expect(started.map(([name]) => name)).not.toContain('emulator');
  });

  it('refuses to start without passwords, and says which', () => {
    const run = parseCompose('program' in parser ? parser.program : '', '/dev/null');
    expect(run.status).not.toBe(0);
    expect(run.stderr).toMatch(/put (LEDGER|POSTGRES)_PASSWORD into \.env/);
  });

  it('pins every image to a version', () => {
    for (const [name, { image }] of Object.entries(services)) {
      expect(image, name).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    }
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    for (const [name, { image }] of ours()) expect(image, name).toBe(`headswap-fleet:${version}`);
    expect(service('temporal').image.split(':')[1]).toBe(service('temporal-schema').image.split(':')[1]);
    expect(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-[a-z]+-slim$/m);
  });

  it('waits for what has to be there, by conditions that can come true', () => {
    for (const [name, { depends_on: needs = {} }] of Object.entries(services)) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const target = service(needed);
        if (condition === 'service_healthy') expect(target.healthcheck, `${name} waits for ${needed}`).toBeDefined();
        else {
          expect(condition, `${name} waits for ${needed}`).toBe('service_completed_successfully');
          // What is started again whenever it ends never completes.
          expect(target.restart, needed).toMatch(/^on-failure/);
        }
      }
    }
    expect(service('temporal').depends_on).toHaveProperty('temporal-schema');
    expect(service('worker').depends_on).toHaveProperty('temporal-namespace');
    expect(service('worker-emulated').depends_on).toHaveProperty('emulator');
  });

  it('publishes nothing beyond this machine', () => {
    const ports = Object.values(services).flatMap((each) => each.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    for (const { host_ip: address } of ports) expect(address).toBe('127.0.0.1');
  });

  it('runs commands of the program, with flags it has', async () => {
    for (const [name, { command }] of ours()) {
      expect(await dryParse(command ?? []), name).toEqual({ command: command?.[0] });
    }
    for (const first of new Set(ours().map(([, { command }]) => command?.[0] ?? ''))) {
      const { stdout } = await execute(process.execPath, [join(ROOT, 'cli', 'main.ts'), first, '--help']);
      expect(stdout).toContain(`Usage: headswap ${first}`);
    }
  });

  it('sets variables that the program reads, to values it takes', async () => {
    for (const [name, { environment }] of ours()) {
      if (name === 'emulator') continue;
      const read = new Set<string>(['HEADSWAP_OPERATOR']);
      const watched = new Proxy(environment ?? {}, {
        get: (target, variable) => {
          read.add(String(variable));
          return Reflect.get(target, variable) as string | undefined;
        },
      });
      const bearer =
        'accounts: { default: { client_id: "${AKOOL_CLIENT_ID}", client_secret: "${AKOOL_CLIENT_SECRET}" } }';
      const { config, problems } = parseConfig(bearer, 'headswap.yaml', watched);
      expect(problems, name).toEqual([]);
      expect(config?.ledger.kind, name).toBe('postgres');
      const target = await configuredTarget(watched);
      expect(target, name).toMatchObject({ address: 'temporal:7233', namespace: 'headswap' });
      for (const variable of target.chosenBy.split(', ')) read.add(variable);
      for (const variable of Object.keys(environment ?? {})) expect([...read], name).toContain(variable);
    }
  });

  it('keeps the emulated fleet away from the ledger, the outputs and the key of the real one', () => {
    const real = service('worker').environment ?? {};
    const emulated = service('worker-emulated').environment ?? {};
    for (const variable of ['HEADSWAP_LEDGER', 'AKOOL_API_KEY']) expect(emulated[variable]).not.toBe(real[variable]);
    expect(emulated['HEADSWAP_STORAGE']).toBeDefined();
    expect(service('headswap-emulated').environment).toEqual(emulated);
    expect(service('headswap').environment).toEqual(real);
    const databases = readFileSync(join(ROOT, 'deploy', 'postgres', 'create-ledgers.sh'), 'utf8');
    for (const { HEADSWAP_LEDGER: ledger = '' } of [real, emulated]) {
      expect(databases).toContain(`create database ${new URL(ledger).pathname.slice(1)} owner`);
    }
  });

  it('knows the emulated vendor: address, key and health', async () => {
    const { environment = {}, network_mode: network } = service('worker-emulated');
    const command = service('emulator').command ?? [];
    // It listens on loopback only.
    expect(network).toBe('service:emulator');
    const port = command[command.indexOf('--port') + 1] ?? '';
    expect(environment['AKOOL_BASE_URL']).toBe(`http://127.0.0.1:${port}`);
    const emulator = await startEmulator();
    try {
      const key = environment['AKOOL_API_KEY'] ?? '';
      const client = new AkoolClient({ baseUrl: emulator.url, auth: { kind: 'api-key', key }, timeoutMs: 5_000 });
      expect(await client.balance()).toMatchObject({ kind: 'ok' });
      await client.close();
      const [kind, program, ...words] = service('emulator').healthcheck?.test ?? [];
      expect([kind, program]).toEqual(['CMD', 'node']);
      const here = words.map((word) => word.replace(`127.0.0.1:${port}`, new URL(emulator.url).host));
      await execute(process.execPath, here, { timeout: 10_000 });
      const nowhere = words.map((word) => word.replace(`127.0.0.1:${port}`, '127.0.0.1:1'));
      await expect(execute(process.execPath, nowhere, { timeout: 10_000 })).rejects.toMatchObject({ code: 1 });
    } finally {
      await emulator.close();
    }
  });

  it('asks the receiver of callbacks for its health', async () => {
    const { command, healthcheck, ports = [] } = service('web');
    const [, program, ...words] = healthcheck?.test ?? [];
    expect(program).toBe('node');
    expect(command).toEqual(expect.arrayContaining(['--host', '0.0.0.0', '--port', '8787']));
    expect(ports.map(({ target }) => target)).toEqual([8787]);
    let isWell = true;
    const receiver = await startReceiver({
      port: 0,
      host: '127.0.0.1',
      store: () => Promise.resolve('stored'),
      health: () => Promise.resolve({ ok: isWell, ledger: 'abcdefgh' }),
    });
    const check = () => {
      const here = words.map((word) => word.replace('127.0.0.1:8787', new URL(receiver.url).host));
      return execute(process.execPath, here, { timeout: 10_000 });
    };
    await check();
    isWell = false;
    await expect(check()).rejects.toMatchObject({ code: 1 });
    await receiver.close();
  });

  it('lets a stopped worker settle what it is sending', () => {
    // worker/start-worker.ts: the longest request and 40 s more.
    const longest = (parseDurationMs(CONFIG_DEFAULTS.request_timeout) ?? 0) + 40_000;
    for (const name of ['worker', 'worker-emulated']) {
      const [, minutes = '0', seconds = '0'] =
        /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(service(name).stop_grace_period ?? '') ?? [];
      expect(Number(minutes) * 60_000 + Number(seconds) * 1_000, name).toBeGreaterThan(longest);
    }
  });

  it('mounts files that are there, and gives the limited queues one partition', () => {
    for (const [name, { volumes = [] }] of Object.entries(services)) {
      for (const { type, source } of volumes)
        if (type === 'bind') expect(existsSync(source), `${name}: ${source}`).toBe(true);
    }
    const { environment = {}, volumes = [] } = service('temporal');
    const inside = environment['DYNAMIC_CONFIG_FILE_PATH'] ?? '';
    const mount = volumes.find(({ target }) => inside.startsWith(`${target}/`));
    const file = join(mount?.source ?? '', inside.slice((mount?.target ?? '').length));
    expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
      'matching.numTaskqueueReadPartitions': [{ value: 1 }],
      'matching.numTaskqueueWritePartitions': [{ value: 1 }],
    });
    for (const name of ['temporal-schema', 'temporal-namespace']) {
      const { command, entrypoint, volumes: mounts = [] } = service(name);
      expect(entrypoint).toEqual(['/bin/sh']);
      const script = join(mounts[0]?.source ?? '', (command?.[0] ?? '').slice((mounts[0]?.target ?? '').length));
      execFileSync('sh', ['-n', script]);
    }
  });

  it('is explained by .env.example: every variable, and no other', () => {
    const asked = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8').matchAll(/\$\{([A-Z_]+)/g);
    const told = readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^([A-Z_]+)=/gm);
    const names = (matches: Iterable<RegExpMatchArray>) =>
      [...new Set([...matches].map((match) => match[1] ?? ''))].toSorted();
    expect(names(told)).toEqual(names(asked));
  });
});
