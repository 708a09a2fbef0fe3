import { sql } from 'kysely';
import type { LaneRef } from './lane-queries.ts';
import type { Tx } from './open-ledger.ts';

/** A message as it arrived. `digest` tells two bodies apart. */
export interface RawCallback {
  readonly token: string;
  readonly digest: string;
  readonly body: string;
  /** How often it came since the last write: equal messages are counted, not kept. */
  readonly copies: number;
}

export type Kept =
  /** `attempt` null: no attempt has this token; it is kept as evidence, and nobody acts on it. */
  | { readonly kind: 'new'; readonly attempt: number | null }
  | { readonly kind: 'again' }
  /** So many different messages of one attempt wait to be looked at that this one was not kept. */
  | { readonly kind: 'full' };

/** Different messages kept per token. One task sends two or three; the rest is somebody's flood. */
export const KEPT_PER_TOKEN = 64;
/** Messages kept in all whose token is nobody's; the oldest makes room. */
export const KEPT_STRANGE = 1_000;
/** Of a message whose token is nobody's, this much is evidence enough. */
const STRANGE_BODY = 4_096;

/** Stores messages raw, before anybody asks what they say (design D8). Bounded whatever is sent. */
export async function storeCallbacks(tx: Tx, messages: readonly RawCallback[], nowMs: number): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (const message of messages) kept.push(await storeCallback(tx, message, nowMs));
  return kept;
}

async function storeCallback(tx: Tx, message: RawCallback, nowMs: number): Promise<Kept> {
  const { token, digest, copies } = message;
  const again = await tx
    .updateTable('webhook_events')
    .set({ copies: sql`copies + ${copies}`, last_at: nowMs })
    .where('token', '=', token)
    .where('digest', '=', digest)
    .returning('id')
    .executeTakeFirst();
  if (again !== undefined) return { kind: 'again' };
  const owner = await tx.selectFrom('attempts').select('id').where('token', '=', token).executeTakeFirst();
  if (!(owner === undefined ? await roomForStrange(tx) : await roomForToken(tx, token))) return { kind: 'full' };
  await tx
    .insertInto('webhook_events')
    .values({
      token,
      digest,
      copies,
      received_at: nowMs,
      last_at: nowMs,
      attempt: owner?.id ?? null,
      ...(owner === undefined
        ? { body: message.body.slice(0, STRANGE_BODY), state: 'quarantined', reason: 'no attempt has this token' }
        : { body: message.body, state: 'stored' }),
    })
    .onConflict((c) => c.columns(['token', 'digest']).doNothing())
    .execute();
  return { kind: 'new', attempt: owner?.id ?? null };
}

async function roomForStrange(tx: Tx): Promise<true> {
  await tx
    .deleteFrom('webhook_events')
    .where('id', 'in', (e) =>
      e
        .selectFrom('webhook_events')
        .select('id')
        .where('attempt', 'is', null)
        .orderBy('id', 'desc')
        .offset(KEPT_STRANGE - 1)
        .limit(KEPT_STRANGE),
    )
    .execute();
  return true;
}

/** The oldest message that was disbelieved or said nothing new makes room; those still to be looked at never do. */
async function roomForToken(tx: Tx, token: string): Promise<boolean> {
  const { n } = await tx
    .selectFrom('webhook_events')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('token', '=', token)
    .executeTakeFirstOrThrow();
  if (Number(n) < KEPT_PER_TOKEN) return true;
  const oldest = await tx
    .selectFrom('webhook_events')
    .select('id')
    .where('token', '=', token)
    .where('state', 'in', ['quarantined', 'ignored'])
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  if (oldest === undefined) return false;
  await tx.deleteFrom('webhook_events').where('id', '=', oldest.id).execute();
  return true;
}

/** A message to be looked at, for an attempt of the lane or one that an item of the lane follows. */
export interface StoredCallback {
  readonly id: number;
  readonly attempt: number;
  readonly account: string;
  readonly body: string;
}

/** Oldest first. One look at a small index when there is none. */
export async function storedCallbacks(db: Tx, at: LaneRef, limit: number, nowMs: number): Promise<StoredCallback[]> {
  const rows = await db
    .selectFrom('webhook_events')
    .innerJoin('attempts', 'attempts.id', 'webhook_events.attempt')
    .select(['webhook_events.id', 'attempts.id as attempt', 'attempts.account', 'webhook_events.body'])
    .where('webhook_events.state', '=', 'stored')
    .where('webhook_events.next_at', '<=', nowMs)
    .where((e) =>
      e.or([
        e.and([e('attempts.batch', '=', at.batch), e('attempts.lane', '=', at.lane)]),
        e.exists(
          e
            .selectFrom('items')
            .select('items.key')
            .whereRef('items.attempt', '=', 'attempts.id')
            .where('items.batch', '=', at.batch)
            .where('items.lane', '=', at.lane),
        ),
      ]),
    )
    .orderBy('webhook_events.id')
    .limit(limit)
    .execute();
  return rows;
}

/** Batches with a message that nobody has looked at since `beforeMs`: their lanes sleep or are closed. */
export function batchesToWake(
  db: Tx,
  beforeMs: number,
  nowMs: number,
): Promise<{ id: string; account: string; lanes: number }[]> {
  return db
    .selectFrom('webhook_events')
    .innerJoin('attempts', 'attempts.id', 'webhook_events.attempt')
    .innerJoin('batches', 'batches.id', 'attempts.batch')
    .select(['batches.id', 'batches.account', 'batches.lanes'])
    .distinct()
    .where('webhook_events.state', '=', 'stored')
    .where('webhook_events.received_at', '<=', beforeMs)
    .where('webhook_events.next_at', '<=', nowMs)
    .limit(50)
    .execute();
}
