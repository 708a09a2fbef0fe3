import { afterEach, describe, expect, it } from 'vitest';
import { openGate } from '../../ledger/gates.ts';
import { HONEST } from './audit.ts';
import { Fleet, rowsOver, type FleetOptions } from './fleet-harness.ts';

let fleet: Fleet;
const begin = async (options: FleetOptions): Promise<Fleet> => {
  fleet = await Fleet.start(options);
  await fleet.startWorker();
  return fleet;
};
afterEach(() => fleet.stop());

const gateCode = async (name: string) =>
  (await fleet.ledger.db.selectFrom('gates').select(['code', 'reason']).where('name', '=', name).executeTakeFirst()) ??
  null;

describe('gates hold spending for everybody they concern', () => {
  it('waits out an empty balance without failing an item, and goes on after a top-up', async () => {
    await begin({ emulator: { credits: 15 * 6 + 10, hold: 15 }, account: { openTasks: 4 } });
    await fleet.submit('credits', rowsOver(20, 5));
    await fleet.until(async () => (await gateCode('credits'))?.code === 'C101');
    expect((await fleet.states())['failed']).toBeUndefined();
    const before = fleet.emulator.book.creates().length;
    fleet.emulator.control.setBalance(1_000);
    // Within a minute, and no item has an attempt that burned.
    await fleet.until(() => Promise.resolve(fleet.emulator.book.creates().length > before), 60_000);
    expect(await fleet.ended('credits', 60_000)).toBe('finished');
    const tries = await fleet.ledger.db.selectFrom('items').select('id').where('tries', '>', 0).execute();
    expect(tries).toEqual([]);
    expect(await fleet.audit()).toMatchObject({ creates: 20, charged: 300, booked: 300, ...HONEST });
  }, 120_000);

  it('never calls holds that tie up the balance "out of credits"', async () => {
    await begin({
      emulator: { credits: 250, hold: 100, prices: { '480p': 1, '720p': 1 } },
      prices: { '720p': 1 },
      account: { openTasks: 10 },
    });
    await fleet.submit('holds', rowsOver(12, 4));
    expect(await fleet.ended('holds', 60_000)).toBe('finished');
    const events = await fleet.ledger.db
      .selectFrom('events')
      .select('detail')
      .where('type', '=', 'gate-closed')
      .execute();
    expect(events.length).toBeGreaterThan(0);
    for (const event of events) expect(event.detail).not.toContain('out of credits');
    expect(await fleet.audit()).toMatchObject({ creates: 12, charged: 12, ...HONEST });
  }, 90_000);

  it('stops at a refused key with what was in flight, and finishes with a good one', async () => {
    await begin({ emulator: { taskMs: 1_500 }, account: { openTasks: 5, createPerSecond: 10 } });
    await fleet.submit('key', rowsOver(30, 5));
    await fleet.until(async () => fleet.emulator.book.creates().length >= 8);
    fleet.emulator.control.refuseKeys(1101);
    const atRefusal = fleet.emulator.book.creates().length;
    expect(await fleet.ended('key', 30_000)).toBe('waiting');
    expect(await gateCode('authorisation')).toMatchObject({ code: 'A101' });
    expect(fleet.emulator.book.creates().length).toBeLessThanOrEqual(atRefusal + 5);
    fleet.emulator.control.refuseKeys(null);
    await fleet.ledger.write(async (tx, nowMs) => {
      await openGate(
        tx,
        { scope: 'account', owner: 'default' },
        'authorisation',
        { by: 'test', detail: 'good key', probe: true },
        nowMs,
      );
      await tx.updateTable('batches').set({ state: 'running' }).where('id', '=', 'key').execute();
    });
    await fleet.drive('key');
    expect(await fleet.ended('key', 60_000)).toBe('finished');
    expect(await fleet.audit()).toMatchObject({ creates: 30, charged: 450, booked: 450, ...HONEST });
  }, 120_000);
});
