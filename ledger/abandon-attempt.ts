import { sql } from 'kysely';
import { lockAttempt } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';
import { afterRelease, giveBackMoney, type AfterRelease } from './release-attempt.ts';

/**
 * *uncertain -> abandoned*: a person (or the capped policy a person set) said what to do. Gives back the place and the
 * money; a task that shows up later is bound as the attempt's orphan and counts again from then on. The item and those that
 * follow it go on as `after` says. Returns whether this call did it.
 */
export async function abandonAttempt(
  tx: Tx,
  attempt: number,
  why: { readonly by: string; readonly code: string; readonly after: AfterRelease },
  nowMs: number,
): Promise<boolean> {
  const row = (await lockAttempt(tx, attempt))?.row;
  if (row?.state !== 'uncertain') return false;
  await tx
    .updateTable('accounts')
    .set({ open_tasks: sql`open_tasks - ${row.counted_open}`, uncertain: sql`uncertain - 1` })
    .where('id', '=', row.account)
    .execute();
  await giveBackMoney(tx, row);
  await tx
    .updateTable('attempts')
    .set({
      state: 'abandoned',
      settled_at: nowMs,
      code: why.code,
      counted_open: 0,
      unpriced: 0,
      awaiting: 0,
      approved_by: why.by,
    })
    .where('id', '=', attempt)
    .execute();
  await afterRelease(tx, row, why.after, nowMs);
  return true;
}
