import { sql, type Updateable } from 'kysely';
import { lockAttempt, type AttemptRow } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';
import { afterRelease, giveBackMoney, type AfterRelease } from './release-attempt.ts';
import type { AttemptTable } from './tables.ts';

/**
 * *uncertain -> abandoned | refused*: gives back the place and the money, and moves the item and those that follow it on.
 * `end` is what the attempt ends as. Returns the row as it was; null when it is not uncertain (any more), and nothing changed.
 */
export async function endUncertain(
  tx: Tx,
  attempt: number,
  end: Updateable<AttemptTable> & { readonly state: 'abandoned' | 'refused' },
  after: AfterRelease,
  nowMs: number,
): Promise<AttemptRow | null> {
  const row = (await lockAttempt(tx, attempt))?.row;
  if (row?.state !== 'uncertain') return null;
  await tx
    .updateTable('accounts')
    .set({ open_tasks: sql`open_tasks - ${row.counted_open}`, uncertain: sql`uncertain - 1` })
    .where('id', '=', row.account)
    .execute();
  await giveBackMoney(tx, row);
  await tx
    .updateTable('attempts')
    .set({ ...end, settled_at: nowMs, counted_open: 0, unpriced: 0, awaiting: 0 })
    .where('id', '=', attempt)
    .execute();
  await afterRelease(tx, row, after, nowMs);
  return row;
}
