import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';

/** A living receiver says so this often. */
export const RECEIVER_BEAT_MS = 5_000;
/** Without a beat for this long no callback can come. */
const GONE_AFTER_MS = 20_000;
const NAME = 'receiver_beat';

/**
 * A receiver takes callbacks now. Waits for callbacks run only while one can come: the time since the last beat of any
 * receiver, when it was long, is added to them.
 */
export async function beatReceiver(tx: Tx, nowMs: number): Promise<void> {
  const lastMs = (await lastBeatMs(tx)) ?? 0;
  await tx
    .insertInto('ledger_meta')
    .values({ name: NAME, value: String(nowMs) })
    .onConflict((c) => c.column('name').doUpdateSet({ value: String(nowMs) }))
    .execute();
  if (nowMs - lastMs <= GONE_AFTER_MS) return;
  await tx
    .updateTable('attempts')
    .set({
      uncertain_until: sql`uncertain_until + ${nowMs} - (case when uncertain_at > ${lastMs} then uncertain_at else ${lastMs} end)`,
    })
    .where('awaiting', '=', 1)
    .where('called_back', '=', 1)
    .where('uncertain_until', '>', lastMs)
    .execute();
}

/** Whether a receiver lives, so that a callback can come. */
export async function callbacksCome(db: Tx, nowMs: number): Promise<boolean> {
  const lastMs = await lastBeatMs(db);
  return lastMs !== null && nowMs - lastMs <= GONE_AFTER_MS;
}

async function lastBeatMs(db: Tx): Promise<number | null> {
  const row = await db.selectFrom('ledger_meta').select('value').where('name', '=', NAME).executeTakeFirst();
  return row === undefined ? null : Number(row.value);
}
