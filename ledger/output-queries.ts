import type { Tx } from './open-ledger.ts';

/** An item whose task is paid and ended well, with what was collected of it. */
export interface CollectableRow {
  readonly key: number;
  readonly id: string;
  readonly state: string;
  /** Null when nothing was collected yet. */
  readonly file: string | null;
  readonly sha256: string | null;
}

/** Items that have, or could have, an output: their attempt is settled with one. In the order of the sheet. */
export function collectableRows(db: Tx, batch: string): Promise<CollectableRow[]> {
  return db
    .selectFrom('items')
    .innerJoin('attempts', 'attempts.id', 'items.attempt')
    .leftJoin('outputs', 'outputs.item', 'items.key')
    .select(['items.key', 'items.id', 'items.state', 'outputs.file', 'outputs.sha256'])
    .where('items.batch', '=', batch)
    .where('attempts.state', '=', 'settled')
    .where('attempts.has_output', '=', 1)
    .orderBy('items.row')
    .execute();
}

/** Bytes of the largest output collected so far; null when there is none. */
export async function largestOutput(db: Tx): Promise<number | null> {
  const row = await db
    .selectFrom('outputs')
    .select((e) => e.fn.max('bytes').as('bytes'))
    .executeTakeFirst();
  return row?.bytes ?? null;
}
