import { sql } from 'kysely';
import { lockAttempt } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import { afterRelease, giveBackMoney, type AfterRelease } from './release-attempt.ts';
import { openUncertainGate } from './uncertain-steps.ts';

/**
 * *uncertain -> refused*: whoever sent it heard that it was not created, and could not write that down before others took the
 * answer for lost (the ledger was away, the machine was suspended). Its own answer is the only thing besides a task id that
 * settles it without a person. Returns whether this call did it.
 */
export async function answeredAfterAll(
  tx: Tx,
  attempt: number,
  why: { readonly code: string; readonly vendorText: string; readonly after: AfterRelease },
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
      state: 'refused',
      settled_at: nowMs,
      code: why.code,
      vendor_text: why.vendorText,
      charged: 0,
      counted_open: 0,
      unpriced: 0,
      awaiting: 0,
    })
    .where('id', '=', attempt)
    .execute();
  await afterRelease(tx, row, why.after, nowMs);
  const item = await tx.selectFrom('items').select('id').where('key', '=', row.item).executeTakeFirst();
  const detail = 'its answer was heard after all: not created, nothing charged';
  await recordEvent(tx, { type: 'settled-late', batch: row.batch, item: item?.id ?? null, detail }, nowMs);
  await openUncertainGate(tx, row.account, 'fleet', nowMs);
  return true;
}
