import { afterEach, describe, expect, it } from 'vitest';
import type { TaskRecord } from '../../emulator/records.ts';
import { HONEST } from '../fleet/audit.ts';
import { Fleet, rowsOver, type FleetOptions } from '../fleet/fleet-harness.ts';
import { slowness } from './machine-share.ts';
import { WorkerChild } from './worker-child.ts';

// Fault rows 35 and 43, invariant I7: limits that halve, double and vanish under load, told by 1005 or 429, with and without
// Retry-After, by rate or by open tasks. No item is touched by throttling, whatever happens to the pace.

const OF_ALLOWED = 0.85;
const REFUSED_AT_MOST = 0.1;

let fleet: Fleet;
let workers: WorkerChild[] = [];
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.end()));
  workers = [];
  await fleet.stop();
});

/** The best rate that was kept up for `items` accepted creates in a row, per second. */
function keptRate(creates: readonly TaskRecord[], items: number): number {
  const gaps = creates.flatMap((last, n) => {
    const first = creates[n - items + 1];
    return first === undefined ? [] : [last.at - first.at];
  });
  return ((items - 1) * 1_000) / Math.min(...gaps);
}

async function untouched(batch: string, items: number): Promise<void> {
  expect(await fleet.ended(batch, 200_000)).toBe('finished');
  expect(await fleet.states()).toEqual({ done: items });
  const tries = await fleet.ledger.db.selectFrom('items').select('tries').where('tries', '>', 0).execute();
  expect(tries).toEqual([]);
  expect(await fleet.audit()).toMatchObject({ ...HONEST, unfinished: 0, uncertain: 0 });
}

describe('pace under pressure', () => {
  it('halved in the middle, with three workers: 85 % of what is left, refusals under a tenth', async () => {
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: 500, limits: { createPerSecond: 10.4 } },
      account: { createPerSecond: 10, openTasks: 20 },
    });
    workers = await Promise.all([0, 1, 2].map(() => WorkerChild.start(fleet)));
    await fleet.submit('halved', rowsOver(160, 20));
    await fleet.until(() => Promise.resolve(fleet.emulator.book.creates().length >= 40), 120_000);
    fleet.emulator.control.setLimits({ createPerSecond: 5.2 });
    await untouched('halved', 160);
    const slow = await slowness();
    const refused = fleet.emulator.book.refusals('create').length;
    const rate = keptRate(fleet.emulator.book.creates().slice(-70), 30);
    expect(refused).toBeLessThan(160 * REFUSED_AT_MOST);
    expect(rate * slow).toBeGreaterThanOrEqual(5.2 * OF_ALLOWED);
  }, 300_000);

  it.each<[string, FleetOptions['emulator']]>([
    ['429 with Retry-After', { limits: { createPerSecond: 4, tell: '429', retryAfter: '1' } }],
    ['429 without', { limits: { createPerSecond: 4, tell: '429' } }],
    ['1005 by open tasks', { taskMs: 1_500, limits: { openTasks: 5 } }],
  ])(
    'a limit of half the pace from the start, told by %s',
    async (_, emulator) => {
      fleet = await Fleet.start({
        emulator: { analysisMs: 50, taskMs: 300, ...emulator },
        account: { createPerSecond: 8, openTasks: 12 },
      });
      await fleet.startWorker();
      await fleet.submit('half', rowsOver(40, 10));
      await untouched('half', 40);
      const allowed = emulator?.limits?.createPerSecond ?? 5 / 1.5;
      const slow = await slowness();
      const refused = fleet.emulator.book.refusals('create').length;
      const rate = keptRate(fleet.emulator.book.creates().slice(-30), 15);
      // It takes so many to come down from twice the limit, however long the run is.
      expect(refused).toBeLessThanOrEqual(10);
      expect(rate * slow).toBeGreaterThanOrEqual(allowed * OF_ALLOWED);
    },
    240_000,
  );

  it('a limit that vanishes is used again, up to what was refused, without an operator', async () => {
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: 300, limits: { createPerSecond: 2 } },
      account: { createPerSecond: 6, openTasks: 12 },
    });
    await fleet.startWorker();
    await fleet.submit('doubled', rowsOver(50, 10));
    await fleet.until(() => Promise.resolve(fleet.emulator.book.creates().length >= 8), 120_000);
    fleet.emulator.control.setLimits({ createPerSecond: null });
    await untouched('doubled', 50);
    const slow = await slowness();
    const rate = keptRate(fleet.emulator.book.creates().slice(-25), 12);
    // 0.95 of the refused pace is free to grow into; the rest comes at 5 % every two minutes.
    expect(rate * slow).toBeGreaterThanOrEqual(4);
  }, 240_000);
});
