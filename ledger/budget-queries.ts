import type { Resolution } from '../schemas/manifest-item.ts';
import type { Tx } from './open-ledger.ts';
import type { Expectation } from './pricing.ts';
import type { BatchRow } from './tables.ts';

/** The resolutions of a batch's ready items: what its next creates may cost. */
export async function readyResolutions(db: Tx, batch: string): Promise<Resolution[]> {
  const rows = await db
    .selectFrom('items')
    .select('resolution')
    .distinct()
    .where('batch', '=', batch)
    .where('state', '=', 'ready')
    .where('resting', '=', 0)
    .execute();
  return rows.map((row) => row.resolution as Resolution);
}

/** An uncertain create of unknown price: until it is settled nobody knows what is left of the budget. */
export async function anyUnpricedUncertain(db: Tx, batch: string): Promise<boolean> {
  const row = await db
    .selectFrom('attempts')
    .select('id')
    .where('batch', '=', batch)
    .where('state', '=', 'uncertain')
    .where('unpriced', '=', 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Whether a create of this price lies within the batch's budget, as the claim has it. One of unknown price does while
 * something is left at all; claims let one such go at a time.
 */
export function fitsBudget(batch: Pick<BatchRow, 'budget' | 'committed'>, price: Expectation): boolean {
  if (batch.budget === null) return true;
  return price.basis === 'unknown'
    ? batch.committed < batch.budget
    : batch.committed + price.high <= batch.budget && (price.high > 0 || batch.committed < batch.budget);
}
