import { sql } from 'kysely';
import { lockAttempt, type AttemptRow } from './attempt-row.ts';
import type { LaneRef } from './lane-queries.ts';
import type { Tx } from './open-ledger.ts';

/**
 * An attempt that is stalled or uncertain for longer than `stalled_after` no longer counts against the open-task ceiling;
 * against money it counts until it is settled (design D6). `row` is from `lockAttempt`, in the same transaction. Returns
 * whether this call freed its place.
 */
export async function freePlace(tx: Tx, row: AttemptRow): Promise<boolean> {
  if (row.counted_open !== 1) return false;
  await tx
    .updateTable('accounts')
    .set({ open_tasks: sql`open_tasks - 1` })
    .where('id', '=', row.account)
    .execute();
  await tx
    .updateTable('batches')
    .set({ open_tasks: sql`open_tasks - 1` })
    .where('id', '=', row.batch)
    .execute();
  await tx.updateTable('attempts').set({ counted_open: 0 }).where('id', '=', row.id).execute();
  return true;
}

/** Attempts of the account that were sent before this time, are uncertain, and still keep a place. */
export async function uncertainPlaces(db: Tx, account: string, sentBeforeMs: number): Promise<number[]> {
  const rows = await db
    .selectFrom('attempts')
    .select('id')
    .where('account', '=', account)
    .where('state', '=', 'uncertain')
    .where('counted_open', '=', 1)
    .where('sent_at', '<', sentBeforeMs)
    .execute();
  return rows.map((row) => row.id);
}

/** Frees the places of uncertain attempts; one that was settled meanwhile keeps what it has. */
export async function freeUncertainPlaces(tx: Tx, attempts: readonly number[]): Promise<void> {
  for (const id of attempts) {
    const attempt = (await lockAttempt(tx, id))?.row;
    if (attempt?.state === 'uncertain') await freePlace(tx, attempt);
  }
}

/** Open places held by tasks that this lane polls: it knows when one of them is free again. */
export async function placesOfLane(db: Tx, at: LaneRef): Promise<number> {
  const row = await db
    .selectFrom('attempts')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .where('state', '=', 'bound')
    .where('counted_open', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}
