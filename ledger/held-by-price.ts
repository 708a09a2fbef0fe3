import { reasonOf } from '../schemas/failure-codes.ts';
import { reasonColumns } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';

/** An item that is expected to cost more than the batch allows for one: not created, and said. */
export async function holdByPrice(
  tx: Tx,
  item: number,
  why: { readonly batch: string; readonly price: number; readonly perItem: number },
  nowMs: number,
): Promise<void> {
  const row = await tx.selectFrom('items').select('id').where('key', '=', item).executeTakeFirst();
  const reason = reasonOf(
    'C103',
    { batch: why.batch, item: row?.id ?? '' },
    { message: `expected to cost ${why.price} credits, budget.per_item allows ${why.perItem}` },
  );
  await tx
    .updateTable('items')
    .set({ state: 'failed', ...reasonColumns(reason), updated_at: nowMs })
    .where('key', '=', item)
    .where('state', '=', 'ready')
    .execute();
}
