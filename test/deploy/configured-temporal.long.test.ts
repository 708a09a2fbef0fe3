import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { readStatus } from '../../operations/status.ts';
import { freshDatabase, postgresPrograms } from '../ledger/postgres-server.ts';
import { following, makePlace, refusal, sheet } from '../operations/operations-harness.ts';
import { useTemporalServer } from '../setup/temporal-server.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');

// A fleet without containers: a Temporal server that TEMPORAL_* names, a PostgreSQL ledger, workers that are processes of their
// own, and a command that starts none.
describe.skipIf(postgresPrograms() === null)('a configured Temporal and a PostgreSQL ledger', () => {
  const server = useTemporalServer();
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const child of started) child.kill('SIGKILL');
  });

  it('run leaves the work to worker and up, and says so when there is neither', async () => {
    const place = await makePlace({ emulator: { taskMs: 400 } });
    place.write('b.csv', sheet(12, 6));
    const env = {
      HEADSWAP_LEDGER: await freshDatabase(),
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: server.namespace,
    };
    /** A command that stays; resolves with its first line, which it prints once it is up. */
    const start = async (...command: readonly string[]) => {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...command], {
        cwd: place.dir,
        env: { PATH: process.env['PATH'] ?? '', HOME: place.dir, ...env },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      started.push(child);
      const lines = createInterface(child.stdout);
      const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown];
      expect(line).toContain(server.address);
      return child;
    };
    const ctx = await place.open({}, env);
    const plan = await planBatch(ctx, { file: 'b.csv' });
    expect(await refusal(runBatch(ctx, plan, following()))).toMatchObject({
      exit: 8,
      code: 'S104',
      message: expect.stringContaining('no worker polls') as string,
    });
    expect((await readStatus(ctx, {})).batches).toEqual([]);

    const children = [await start('up'), await start('worker', '--queues', 'create,media')];
    const result = await runBatch(ctx, plan, following());
    expect(result).toMatchObject({ exit: 0, state: 'finished', totals: { items: 12, done: 12 } });
    expect(result.credits).toMatchObject({ charged: 180, held: 0, unexplained: 0 });
    expect(place.emulator.book.creates()).toHaveLength(12);
    expect(place.emulator.book.doublePaid()).toEqual([]);
    // Nothing was sent by this process.
    const { db } = await ctx.ledger();
    const senders = new Set((await db.selectFrom('attempts').select('owner').execute()).map(({ owner }) => owner));
    const pids = [...senders].map((owner) => Number(owner?.split('/')[2]));
    expect(children.map(({ pid }) => pid)).toEqual(expect.arrayContaining(pids));
    expect(pids.length).toBeGreaterThan(0);
    for (const child of children) {
      child.kill('SIGTERM');
      expect(await once(child, 'exit')).toEqual([130, null]);
    }
  }, 150_000);
});
