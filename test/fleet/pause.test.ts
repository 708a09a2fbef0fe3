import { afterEach, expect, it } from 'vitest';
import { openBatchGates, openRound, pauseSpending } from '../../ledger/operator-steps.ts';
import { Fleet, rowsOver } from './fleet-harness.ts';

let fleet: Fleet;
afterEach(() => fleet.stop());

it('no create later than those in flight after a pause; after an hour of it nothing is lost', async () => {
  let aheadMs = 0;
  fleet = await Fleet.start({ clock: () => Date.now() + aheadMs, account: { createPerSecond: 10 } });
  await fleet.startWorker();
  await fleet.submit('b', rowsOver(40, 4));
  const creates = () => fleet.emulator.book.creates();
  await fleet.until(() => Promise.resolve(creates().length >= 8));
  const at = { batch: 'b', account: 'default' };
  await fleet.ledger.write((tx, nowMs) => pauseSpending(tx, at, 'mira', 'lunch', nowMs));
  const pausedAtMs = Date.now();
  const sent = await fleet.ledger.db.selectFrom('attempts').select('id').where('state', '=', 'sending').execute();
  expect(await fleet.ended('b')).toBe('paused');
  // What had its permit before the pause may still arrive; nothing gets one after.
  const { db } = fleet.ledger;
  const late = await db.selectFrom('attempts').select('id').where('sent_at', '>', pausedAtMs).execute();
  expect(late).toEqual([]);
  expect(creates().filter(({ at: createdAtMs }) => createdAtMs > pausedAtMs).length).toBeLessThanOrEqual(sent.length);
  const paid = creates().length;
  expect(paid).toBeLessThan(40);
  expect((await fleet.states())['done']).toBe(paid);
  // Leases, claims and waits of an hour ago.
  aheadMs = 3_600_000;
  expect(await fleet.states()).toMatchObject({ done: paid });
  await fleet.ledger.write(async (tx, nowMs) => {
    await openBatchGates(tx, at, ['pause'], 'mira', 'resume', nowMs);
    await openRound(tx, at, { after: 1, by: 'mira', detail: 'resume' }, nowMs);
  });
  await fleet.drive('b');
  expect(await fleet.ended('b')).toBe('finished');
  expect(await fleet.audit()).toMatchObject({ creates: 40, paidTwice: 0, lost: 0, counters: [] });
}, 60_000);
