import type { Tx } from './open-ledger.ts';
import type { AccountRow } from './tables.ts';

/**
 * How many of the account's open tasks a batch may hold: all of them when it is alone, else an equal part among the driven
 * batches that have items ready (design D4), so that a small batch started beside a large one is not starved.
 */
export async function fairShare(
  db: Tx,
  account: Pick<AccountRow, 'id' | 'open_limit'>,
  batch: string,
  nowMs: number,
): Promise<number> {
  const others = await db
    .selectFrom('batches')
    .select('id')
    .where('account', '=', account.id)
    .where('id', '<>', batch)
    .where('state', '=', 'running')
    .where('gates', '=', 0)
    .where('driver_until', '>', nowMs)
    .where((e) =>
      e.exists(
        e
          .selectFrom('items')
          .select('items.key')
          .whereRef('items.batch', '=', 'batches.id')
          .where('items.state', '=', 'ready')
          .where('items.resting', '=', 0)
          .limit(1),
      ),
    )
    .execute();
  if (others.length === 0) return Number.MAX_SAFE_INTEGER;
  return Math.max(1, Math.ceil(account.open_limit / (others.length + 1)));
}
