import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { headswap } from '../cli/run-program.ts';
import { freshDatabase, postgresPrograms } from '../ledger/postgres-server.ts';
import { useTemporalServer } from '../setup/temporal-server.ts';
import { composeParser, parseCompose, type ComposeService } from './compose-parser.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'cli', 'main.ts');
const parser = composeParser();
const TRIAL_MS = 120_000;

// Profile `emulator` of docker-compose.yml without containers: its commands, its variables, its folder; only addresses are
// those of this machine.
describe.skipIf('missing' in parser || postgresPrograms() === null)('the trial of the compose fleet', () => {
  const server = useTemporalServer();
  const work = mkdtempSync(join(tmpdir(), 'headswap-trial-'));
  const started: ChildProcess[] = [];
  afterAll(() => {
    for (const child of started) child.kill('SIGKILL');
    rmSync(work, { recursive: true, force: true });
  });

  /** A long-running service; resolves with its first line, which it prints once it is up. */
  const start = async (command: readonly string[], env: Readonly<Record<string, string>>) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...command], {
      cwd: work,
      env: { PATH: process.env['PATH'] ?? '', HOME: work, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(child);
    const lines = createInterface(child.stdout);
    const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
    if (typeof line !== 'string') throw new Error(`${command.join(' ')} ended with ${String(line)}`);
    return { child, line };
  };

  it(
    'does its batch with a worker, a PostgreSQL ledger and the emulated vendor, and stops softly',
    async () => {
      const run = parseCompose('program' in parser ? parser.program : '');
      const { services } = JSON.parse(run.stdout) as { services: Record<string, ComposeService> };
      cpSync(join(ROOT, 'deploy', 'work'), work, { recursive: true });
      const emulator = services['emulator']?.command ?? [];
      const { line: url } = await start(
        emulator.map((word) => (word === '9090' ? '0' : word)),
        {},
      );
      const env = {
        ...services['worker-emulated']?.environment,
        AKOOL_BASE_URL: url,
        HEADSWAP_LEDGER: await freshDatabase(),
        TEMPORAL_ADDRESS: server.address,
        TEMPORAL_NAMESPACE: server.namespace,
      };
      const { child: worker } = await start(services['worker-emulated']?.command ?? [], env);
      const trial = await headswap(['run', 'trial.yaml', '--yes', '--json'], { cwd: work, env });
      expect(trial.code, trial.stderr + trial.stdout).toBe(0);
      const report = JSON.parse(readFileSync(join(work, 'out-emulated', 'trial', 'report.json'), 'utf8')) as {
        totals: { items: number; done: number };
        credits: { charged: number };
        batch: { account: string };
      };
      expect(report.totals).toMatchObject({ items: 5, done: 5 });
      expect(report.credits.charged).toBe(75);
      expect((await headswap(['report', 'trial'], { cwd: work, env })).code).toBe(0);
      worker.kill('SIGTERM');
      const [code] = (await once(worker, 'exit')) as [number];
      expect([0, 130]).toContain(code);
    },
    TRIAL_MS,
  );
});
