import type { Tx } from './open-ledger.ts';

/**
 * A driver's right to drive a batch (design D10). Taken when free, expired or already its own; returns false when another
 * driver holds it. The identity is the engine's, not a process's: whoever holds an embedded engine's state directory takes
 * its leases over at once.
 */
export async function renewLease(
  tx: Tx,
  batch: string,
  driver: string,
  untilMs: number,
  nowMs: number,
): Promise<boolean> {
  const row = await tx
    .updateTable('batches')
    .set({ driver, driver_until: untilMs, updated_at: nowMs })
    .where('id', '=', batch)
    .where((e) => e.or([e('driver', 'is', null), e('driver', '=', driver), e('driver_until', '<', nowMs)]))
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function releaseLease(tx: Tx, batch: string, driver: string): Promise<void> {
  await tx
    .updateTable('batches')
    .set({ driver_until: 0 })
    .where('id', '=', batch)
    .where('driver', '=', driver)
    .execute();
}

/** How long a lease holds beyond the pass that renews it. */
export const LEASE_MS = 30_000;
