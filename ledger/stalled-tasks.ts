import type { LaneRef } from './lane-queries.ts';
import type { Tx } from './open-ledger.ts';

/** Tasks past `stalled_after`, and those of attempts given up: open at the vendor, no longer counted as open. */
function stalledAttempts(db: Tx, at: LaneRef) {
  return db
    .selectFrom('attempts')
    .select('attempts.id')
    .where('attempts.batch', '=', at.batch)
    .where('attempts.lane', '=', at.lane)
    .where('attempts.counted_open', '=', 0);
}

/** Stalled tasks are looked at at once: whoever drives anew wants to know; once an hour is for those who only wait. */
export async function lookAtStalled(tx: Tx, at: LaneRef, nowMs: number): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ next_poll_at: nowMs })
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .where('state', '=', 'open')
    .where('next_poll_at', '>', nowMs)
    .where('attempt', 'in', stalledAttempts(tx, at))
    .execute();
}

/** Whether one of them is still to be looked at now. */
export async function anyStalledDue(db: Tx, at: LaneRef, nowMs: number): Promise<boolean> {
  const row = await db
    .selectFrom('tasks')
    .select('id')
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .where('state', '=', 'open')
    .where('next_poll_at', '<=', nowMs)
    .where('attempt', 'in', stalledAttempts(db, at))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
