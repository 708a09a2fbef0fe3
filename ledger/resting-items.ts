import type { ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';

/** Nothing was sent for these, and nothing will be while they rest; an analysis under way is free and is read. */
const HOLDABLE = ['pending', 'analyzing', 'ready'] as const satisfies readonly ItemState[];

/**
 * Of a batch whose spending is held, only some items are resumed: the others stay where they are although its gates open.
 * To be called while they are closed.
 */
export async function restItems(tx: Tx, batch: string, items: readonly number[]): Promise<void> {
  await freeItems(tx, batch);
  for (let start = 0; start < items.length; start += ITEMS_PER_STATEMENT)
    await tx
      .updateTable('items')
      .set({ resting: 1 })
      .where('key', 'in', items.slice(start, start + ITEMS_PER_STATEMENT))
      .where('state', 'in', HOLDABLE)
      .execute();
}

const ITEMS_PER_STATEMENT = 500;

/** All of a batch, or the given ones, may go on. Returns whether any rested. */
export async function freeItems(tx: Tx, batch: string, items: readonly number[] | null = null): Promise<boolean> {
  const freed = await tx
    .updateTable('items')
    .set({ resting: 0 })
    .where('batch', '=', batch)
    .where('resting', '=', 1)
    .$if(items !== null, (query) => query.where('key', 'in', items ?? []))
    .executeTakeFirst();
  return Number(freed.numUpdatedRows) > 0;
}

/** Whether an item rests although its batch is driven: nothing is due for it. */
export function isResting(item: { readonly state: ItemState; readonly resting: number }): boolean {
  return item.resting === 1 && (item.state === 'pending' || item.state === 'ready');
}
