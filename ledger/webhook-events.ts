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

/** Messages per statement: databases bound the number of values. */
const AT_ONCE = 100;

/**
 * Stores messages raw, before anybody asks what they say (design D8). Bounded whatever is sent, and a few statements for
 * however many messages. No two of them may have the same token and digest.
 */
export async function storeCallbacks(tx: Tx, messages: readonly RawCallback[], nowMs: number): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (let first = 0; first < messages.length; first += AT_ONCE)
    kept.push(...(await storeSome(tx, messages.slice(first, first + AT_ONCE), nowMs)));
  return kept;
}

async function storeSome(tx: Tx, messages: readonly RawCallback[], nowMs: number): Promise<Kept[]> {
  const tokens = [...new Set(messages.map(({ token }) => token))];
  const known = await knownMessages(tx, messages);
  const owners = await ownersOf(tx, tokens);
  const room = await roomOf(tx, [...owners.keys()]);
  const kept: Kept[] = [];
  const fresh: RawCallback[] = [];
  for (const message of messages) {
    const again = known.get(`${message.token}\n${message.digest}`);
    const attempt = owners.get(message.token) ?? null;
    if (again !== undefined) {
      await countAgain(tx, again, message.copies, nowMs);
      kept.push({ kind: 'again' });
    } else if (attempt !== null && !(await room.take(message.token))) {
      kept.push({ kind: 'full' });
    } else {
      fresh.push(message);
      kept.push({ kind: 'new', attempt });
    }
  }
  await insert(tx, fresh, owners, nowMs);
  if (fresh.some(({ token }) => !owners.has(token))) await forgetStrangers(tx);
  return kept;
}

async function knownMessages(tx: Tx, messages: readonly RawCallback[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx
    .selectFrom('webhook_events')
    .select(['id', 'token', 'digest'])
    .where('token', 'in', [...new Set(messages.map(({ token }) => token))])
    .where('digest', 'in', [...new Set(messages.map(({ digest }) => digest))])
    .execute();
  return new Map(rows.map((row) => [`${row.token}\n${row.digest}`, row.id]));
}

async function ownersOf(tx: Tx, tokens: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.selectFrom('attempts').select(['id', 'token']).where('token', 'in', tokens).execute();
  return new Map(rows.map((row) => [row.token, row.id]));
}

async function countAgain(tx: Tx, id: number, copies: number, nowMs: number): Promise<void> {
  await tx
    .updateTable('webhook_events')
    .set({ copies: sql`copies + ${copies}`, last_at: nowMs })
    .where('id', '=', id)
    .execute();
}

async function insert(
  tx: Tx,
  messages: readonly RawCallback[],
  owners: ReadonlyMap<string, number>,
  nowMs: number,
): Promise<void> {
  if (messages.length === 0) return;
  const values = messages.map(({ token, digest, body, copies }) => {
    const attempt = owners.get(token) ?? null;
    const of =
      attempt === null
        ? { body: body.slice(0, STRANGE_BODY), state: 'quarantined' as const, reason: 'no attempt has this token' }
        : { body, state: 'stored' as const, reason: null };
    return { token, digest, copies, received_at: nowMs, last_at: nowMs, attempt, ...of };
  });
  await tx
    .insertInto('webhook_events')
    .values(values)
    .onConflict((c) => c.columns(['token', 'digest']).doNothing())
    .execute();
}

/** The oldest messages to nobody make room. */
async function forgetStrangers(tx: Tx): Promise<void> {
  const last = await tx
    .selectFrom('webhook_events')
    .select('id')
    .where('attempt', 'is', null)
    .orderBy('id', 'desc')
    .offset(KEPT_STRANGE)
    .limit(1)
    .executeTakeFirst();
  if (last === undefined) return;
  await tx.deleteFrom('webhook_events').where('attempt', 'is', null).where('id', '<=', last.id).execute();
}

/** Places left per token. The oldest message that was disbelieved or said nothing new makes room; others never do. */
async function roomOf(tx: Tx, tokens: readonly string[]): Promise<{ take(token: string): Promise<boolean> }> {
  const rows =
    tokens.length === 0
      ? []
      : await tx
          .selectFrom('webhook_events')
          .select((e) => ['token', e.fn.countAll<number>().as('n')])
          .where('token', 'in', tokens)
          .groupBy('token')
          .execute();
  const used = new Map(rows.map((row) => [row.token, Number(row.n)]));
  return {
    async take(token) {
      const n = used.get(token) ?? 0;
      if (n >= KEPT_PER_TOKEN && !(await forgetOldest(tx, token))) return false;
      used.set(token, Math.min(n + 1, KEPT_PER_TOKEN));
      return true;
    },
  };
}

async function forgetOldest(tx: Tx, token: string): Promise<boolean> {
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
