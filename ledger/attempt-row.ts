import type { Selectable, Updateable } from 'kysely';
import { lockAccount } from './account-row.ts';
import type { Tx } from './open-ledger.ts';
import type { AccountRow, AttemptTable, ItemTable } from './tables.ts';

export type AttemptRow = Selectable<AttemptTable>;

/** Why an item ended or waits, as the report tells it. */
export interface ItemReason {
  readonly code: string;
  readonly message: string;
  readonly vendor?: string | null;
  readonly next?: string | null;
}

/** Columns of an item's reason; null clears it. */
export function reasonColumns(reason: ItemReason | null): Updateable<ItemTable> {
  return {
    reason_code: reason?.code ?? null,
    reason_message: reason?.message ?? null,
    reason_vendor: reason?.vendor ?? null,
    reason_next: reason?.next ?? null,
  };
}

/** Locks the account, then reads the attempt; null when there is none. */
export async function lockAttempt(tx: Tx, attempt: number): Promise<{ row: AttemptRow; account: AccountRow } | null> {
  const found = await tx.selectFrom('attempts').select('account').where('id', '=', attempt).executeTakeFirst();
  if (found === undefined) return null;
  const account = await lockAccount(tx, found.account);
  const row = await tx.selectFrom('attempts').selectAll().where('id', '=', attempt).executeTakeFirstOrThrow();
  return { row, account };
}

/** The item of the attempt and those of other batches that follow it. */
export async function moveFollowers(tx: Tx, attempt: number, set: Updateable<ItemTable>, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({ ...set, updated_at: nowMs })
    .where('attempt', '=', attempt)
    .where('state', 'in', ['submitting', 'uncertain', 'queued', 'processing'])
    .execute();
}
