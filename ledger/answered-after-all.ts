import { endUncertain } from './end-uncertain.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import type { AfterRelease } from './release-attempt.ts';
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
  const end = { state: 'refused', code: why.code, vendor_text: why.vendorText, charged: 0 } as const;
  const row = await endUncertain(tx, attempt, end, why.after, nowMs);
  if (row === null) return false;
  const item = await tx.selectFrom('items').select('id').where('key', '=', row.item).executeTakeFirst();
  const detail = 'its answer was heard after all: not created, nothing charged';
  await recordEvent(tx, { type: 'settled-late', batch: row.batch, item: item?.id ?? null, detail }, nowMs);
  await openUncertainGate(tx, row.account, 'fleet', nowMs);
  return true;
}
