import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../ledger/open-ledger.ts';
import { postgresPrograms, sharedPostgres } from '../ledger/postgres-server.ts';
import { testTemporalCli, useTemporalServer } from '../setup/temporal-server.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const execute = promisify(execFile);

describe('create-namespace.sh', () => {
  const server = useTemporalServer();

  it('makes the namespace on a server that answers, and leaves one that is there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headswap-deploy-'));
    symlinkSync((await testTemporalCli()).path, join(folder, 'temporal'));
    const run = () =>
      execute('sh', [join(DEPLOY, 'temporal', 'create-namespace.sh')], {
        env: {
          PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
          HOME: folder,
          TEMPORAL_ADDRESS: server.address,
          TEMPORAL_NAMESPACE: 'deploy-test',
        },
      });
    await run();
    expect((await run()).stdout).toContain('deploy-test is there');
    const connection = await Connection.connect({ address: server.address });
    const found = await connection.workflowService.describeNamespace({ namespace: 'deploy-test' });
    expect(Number(found.config?.workflowExecutionRetentionTtl?.seconds)).toBe(72 * 3_600);
    await connection.close();
    rmSync(folder, { recursive: true });
  });
});

const programs = postgresPrograms();
describe.skipIf(programs === null)('create-ledgers.sh', () => {
  it('makes two databases that the program can open as their owner', async () => {
    const url = new URL(await sharedPostgres());
    const password = "p'w:1";
    await execute('sh', [join(DEPLOY, 'postgres', 'create-ledgers.sh')], {
      env: {
        PATH: `${programs ?? ''}${delimiter}${process.env['PATH'] ?? ''}`,
        POSTGRES_USER: url.username,
        LEDGER_PASSWORD: password,
        PGHOST: url.hostname,
        PGPORT: url.port,
      },
    });
    try {
      for (const name of ['headswap', 'headswap_emulator']) {
        url.pathname = `/${name}`;
        url.username = 'headswap';
        url.password = password;
        const ledger = await openLedger({ url: url.toString(), baseDir: tmpdir() });
        expect(ledger.isNew).toBe(true);
        await ledger.close();
      }
    } finally {
      const admin = new Client({ connectionString: await sharedPostgres() });
      await admin.connect();
      for (const sql of ['database headswap', 'database headswap_emulator', 'role headswap']) {
        await admin.query(`drop ${sql}`);
      }
      await admin.end();
    }
  });
});

describe('keep-one-core.sh', () => {
  const releases = [
    'aarch64-apple-darwin',
    'aarch64-unknown-linux-gnu',
    'x86_64-apple-darwin',
    'x86_64-pc-windows-msvc',
    'x86_64-unknown-linux-gnu',
  ];
  const script = join(DEPLOY, 'keep-one-core.sh');
  const made = (names: readonly string[]) => {
    const packages = mkdtempSync(join(tmpdir(), 'headswap-deploy-'));
    const folder = join(packages, '@temporalio', 'core-bridge', 'releases');
    for (const name of names) mkdirSync(join(folder, name), { recursive: true });
    return { packages, folder };
  };

  it('names folders the package really has', () => {
    const bridge = join(DEPLOY, '..', 'node_modules', '@temporalio', 'core-bridge');
    const kept = [...readFileSync(script, 'utf8').matchAll(/mine=(\S+)/g)].map(([, name]) => name);
    expect(kept.length).toBe(2);
    expect(readdirSync(join(bridge, 'releases'))).toEqual(expect.arrayContaining(kept));
  });

  it.skipIf(process.platform !== 'linux')('keeps the one of this machine and removes the others', async () => {
    const { packages, folder } = made(releases);
    await execute('sh', [script, packages]);
    const mine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
    expect(readdirSync(folder)).toEqual([`${mine}-unknown-linux-gnu`]);
    rmSync(packages, { recursive: true });
  });

  it('stops the build when the package has another layout', async () => {
    const { packages, folder } = made(['somewhere-else']);
    await expect(execute('sh', [script, packages])).rejects.toMatchObject({ code: 1 });
    expect(readdirSync(folder)).toEqual(['somewhere-else']);
    rmSync(packages, { recursive: true });
  });
});
