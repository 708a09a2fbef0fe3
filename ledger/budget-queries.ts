import type { Resolution } from '../schemas/manifest-item.ts';
import type { Tx } from './open-ledger.ts';

/** The lowest price among a batch's ready items; null when none is ready. */
export async function cheapestReady(
  db: Tx,
  batch: string,
  priceOf: (resolution: Resolution) => number,
): Promise<number | null> {
  const rows = await db
    .selectFrom('items')
    .select('resolution')
    .distinct()
    .where('batch', '=', batch)
    .where('state', '=', 'ready')
    .where('held', '=', 0)
    .execute();
  if (rows.length === 0) return null;
  return Math.min(...rows.map((row) => priceOf(row.resolution as Resolution)));
}
