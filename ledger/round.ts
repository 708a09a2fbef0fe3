import type { BatchState, ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';

export interface ItemCountRow {
  readonly state: ItemState;
  readonly stalled: number;
  readonly resting: number;
  readonly count: number;
}

/** Items of a batch by state, stalled and resting ones apart. */
export function itemCounts(db: Tx, batch: string): Promise<ItemCountRow[]> {
  return db
    .selectFrom('items')
    .select((e) => ['state', 'stalled', 'resting', e.fn.countAll<number>().as('count')])
    .where('batch', '=', batch)
    .groupBy(['state', 'stalled', 'resting'])
    .execute();
}

/** The state a round ended in; `finished_at` is set once nothing of the batch is open. */
export async function setBatchState(
  tx: Tx,
  batch: string,
  state: BatchState,
  balance: number | null,
  nowMs: number,
): Promise<void> {
  const ended = state === 'finished' || state === 'cancelled';
  await tx
    .updateTable('batches')
    .set({
      state,
      updated_at: nowMs,
      finished_at: ended ? nowMs : null,
      ...(balance === null ? {} : { balance_after: balance }),
    })
    .where('id', '=', batch)
    .execute();
}
