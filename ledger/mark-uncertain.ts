import { sql } from 'kysely';
import { lockAttempt, moveFollowers, reasonColumns, type AttemptRow } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import type { AccountRow } from './tables.ts';
import { waitEndsAtMs, type UncertainPolicy } from './uncertain-wait.ts';

/**
 * *sending -> uncertain*: an answer was lost. Never sent again by itself (design D6). `account` says what to wait for;
 * without it the item is held at once. Returns whether this call did it.
 */
export async function markUncertain(
  tx: Tx,
  attempt: number,
  why: { readonly code: string; readonly message: string; readonly next: string; readonly vendorText?: string | null },
  nowMs: number,
  account?: {
    readonly policy: UncertainPolicy;
    readonly requestTimeoutMs: number;
    /** False: it was lost on our side, and counts nothing towards the gate for a vendor that is unwell. */
    readonly vendorUnwell?: boolean;
  },
): Promise<{ row: AttemptRow; account: AccountRow } | null> {
  const locked = await lockAttempt(tx, attempt);
  if (locked === null || locked.row.state !== 'sending') return null;
  const { row } = locked;
  const inARow = account?.vendorUnwell === false ? 0 : 1;
  await tx
    .updateTable('accounts')
    .set({
      uncertain: sql`uncertain + 1`,
      uncertain_in_a_row: sql`uncertain_in_a_row + ${inARow}`,
      ...(row.is_probe === 1 ? { probe: sql`case when probe = 2 then 1 else probe end` } : {}),
    })
    .where('id', '=', row.account)
    .execute();
  await tx
    .updateTable('videos')
    .set({ creating: sql`creating - 1` })
    .where('id', '=', row.video)
    .execute();
  const sent = { calledBack: row.called_back === 1, sentAtMs: row.sent_at ?? row.reserved_at };
  const until = account === undefined ? null : waitEndsAtMs(sent, account, nowMs);
  await tx
    .updateTable('attempts')
    .set({
      state: 'uncertain',
      code: why.code,
      vendor_text: why.vendorText ?? null,
      uncertain_at: nowMs,
      uncertain_until: until,
      awaiting: until === null ? 0 : 1,
    })
    .where('id', '=', attempt)
    .execute();
  await moveFollowers(tx, attempt, { state: 'uncertain', ...reasonColumns(why) }, nowMs);
  const item = await tx.selectFrom('items').select('id').where('key', '=', row.item).executeTakeFirst();
  await recordEvent(tx, { type: 'uncertain', batch: row.batch, item: item?.id ?? null, detail: why.message }, nowMs);
  return {
    row,
    account: {
      ...locked.account,
      uncertain: locked.account.uncertain + 1,
      uncertain_in_a_row: locked.account.uncertain_in_a_row + inARow,
    },
  };
}
