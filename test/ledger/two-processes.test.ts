import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findStranded } from '../../ledger/sweep.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { brokenHistory, brokenLimits, makeWorld } from './random-world.ts';

const run = promisify(execFile);
const HAMMER = join(import.meta.dirname, 'hammer.process.ts');
/** `HEADSWAP_HAMMER_MS=60000` for a long run. */
const MS = process.env['HEADSWAP_HAMMER_MS'] ?? '2500';

onBothDatabases('processes that hammer one ledger', (opened) => {
  it('keep ceilings, paces, budgets and uniqueness between them', async () => {
    const { ledger, database } = opened;
    const world = await makeWorld(ledger, { items: 40, createPerSecond: 100 });
    const args = (seed: number) => [HAMMER, database.url, JSON.stringify(world), String(seed), MS, '6'];
    let running = true;
    const over: string[] = [];
    const watch = (async () => {
      while (running) {
        over.push(...(await brokenLimits(ledger, world)));
        await sleep(5);
      }
    })();
    const children = await Promise.all([1, 2].map((seed) => run(process.execPath, args(seed))));
    running = false;
    await watch;
    expect(over).toEqual([]);
    expect(await brokenHistory(ledger, world)).toEqual([]);
    const said = children.map((child) => JSON.parse(child.stdout) as { acts: number; sent: number });
    const sent = await ledger.db
      .selectFrom('attempts')
      .select('id')
      .where('account', '=', world.account)
      .where('sent_at', 'is not', null)
      .execute();
    expect(sent).toHaveLength(said[0]!.sent + said[1]!.sent);
    expect(sent.length).toBeGreaterThanOrEqual(12);
  }, 120_000);

  it('leave a true ledger behind when one is killed in the middle, again and again', async () => {
    const { ledger, database } = opened;
    const world = await makeWorld(ledger, { items: 40, createPerSecond: 100 });
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(
        process.execPath,
        [HAMMER, database.url, JSON.stringify(world), String(100 + round), '60000'],
        { stdio: 'ignore' },
      );
      const before = await attempts();
      // Killed once it is at work, wherever it is then.
      for (const end = Date.now() + 20_000; Date.now() < end && (await attempts()) < before + 3; await sleep(5));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('exit', resolve));
      expect(await brokenLimits(ledger, world)).toEqual([]);
      const other = await run(process.execPath, [
        HAMMER,
        database.url,
        JSON.stringify(world),
        String(200 + round),
        '300',
      ]);
      expect(JSON.parse(other.stdout)).toHaveProperty('acts');
    }
    expect(await brokenHistory(ledger, world)).toEqual([]);
    // What the dead were sending is found by time alone.
    const sending = await ledger.db
      .selectFrom('attempts')
      .select('id')
      .where('account', '=', world.account)
      .where('state', '=', 'sending')
      .execute();
    const deadline = { requestTimeoutMs: 1_000, ownerState: () => 'unknown' as const };
    const now = (await ledger.now()) + 60_000;
    const stranded = await findStranded(ledger.db, world.account, { batch: world.batches[0]!, lane: 0 }, deadline, now);
    expect(new Set(stranded.attempts)).toEqual(new Set(sending.map((row) => row.id)));

    async function attempts() {
      const row = await ledger.db
        .selectFrom('attempts')
        .select((e) => e.fn.countAll<number>().as('n'))
        .where('account', '=', world.account)
        .executeTakeFirstOrThrow();
      return row.n;
    }
  }, 120_000);
});
