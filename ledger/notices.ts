import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Notice, NoticeEvent } from '../schemas/notice.ts';
import type { Tx } from './open-ledger.ts';
import type { EventTable, NoticeTable } from './tables.ts';

export type NoticeRow = Selectable<NoticeTable>;

/** Enters a message for a receiver; there is at most one for each batch, subject, event and receiver. */
export async function enterNotice(
  tx: Tx,
  about: { readonly batch: string; readonly subject: string; readonly event: NoticeEvent; readonly target: string },
  notice: Notice,
  nowMs: number,
): Promise<boolean> {
  const row = await tx
    .insertInto('notices')
    .values({ ...about, body: JSON.stringify(notice), made_at: nowMs, state: 'open', next_at: nowMs })
    .onConflict((c) => c.columns(['batch', 'subject', 'event', 'target']).doNothing())
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether every receiver of this event has its message already, so that none needs to be made. */
export async function noticeKnown(
  db: Tx,
  about: { readonly batch: string; readonly subject: string; readonly event: NoticeEvent },
): Promise<boolean> {
  const row = await db
    .selectFrom('notices')
    .select('id')
    .where('batch', '=', about.batch)
    .where('subject', '=', about.subject)
    .where('event', '=', about.event)
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes messages that are due, for `leaseMs`: nobody else sends them meanwhile, and somebody does if this process dies. */
export async function claimNotices(tx: Tx, limit: number, leaseMs: number, nowMs: number): Promise<NoticeRow[]> {
  const due = await tx
    .selectFrom('notices')
    .select('id')
    .where('state', '=', 'open')
    .where('next_at', '<=', nowMs)
    .where('claimed_until', '<=', nowMs)
    .orderBy('id')
    .limit(limit)
    .execute();
  if (due.length === 0) return [];
  return tx
    .updateTable('notices')
    .set({ claimed_until: nowMs + leaseMs, tries: sql`tries + 1` })
    .where(
      'id',
      'in',
      due.map((row) => row.id),
    )
    .where('state', '=', 'open')
    .where('claimed_until', '<=', nowMs)
    .returningAll()
    .execute();
}

export type NoticeEnd =
  | { readonly kind: 'sent' }
  | { readonly kind: 'again'; readonly error: string; readonly atMs: number }
  | { readonly kind: 'given-up'; readonly error: string };

export async function endNotice(tx: Tx, id: number, end: NoticeEnd, nowMs: number): Promise<void> {
  const change =
    end.kind === 'sent'
      ? { state: 'sent' as const, sent_at: nowMs, error: null }
      : end.kind === 'given-up'
        ? { state: 'given-up' as const, error: end.error }
        : { next_at: Math.round(end.atMs), error: end.error };
  await tx
    .updateTable('notices')
    .set({ ...change, claimed_until: 0 })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .execute();
}

/** Messages that did not arrive: tried in vain, or given up lately. Newest first. */
export function troubledNotices(db: Tx, sinceMs: number): Promise<NoticeRow[]> {
  return db
    .selectFrom('notices')
    .selectAll()
    .where('error', 'is not', null)
    .where('state', '<>', 'sent')
    .where('made_at', '>=', sinceMs)
    .orderBy('id', 'desc')
    .limit(50)
    .execute();
}

const CURSOR = 'notice_cursor';

/** Up to which event messages were made, and after which news began. */
export interface NoticeCursor {
  readonly seq: number;
  readonly began: number;
}

/** Null before the first look. Locks it. */
export async function noticeCursor(tx: Tx): Promise<NoticeCursor | null> {
  const row = await tx
    .updateTable('ledger_meta')
    .set((e) => ({ value: e.ref('value') }))
    .where('name', '=', CURSOR)
    .returning('value')
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as NoticeCursor);
}

export async function moveNoticeCursor(tx: Tx, cursor: NoticeCursor): Promise<void> {
  const value = JSON.stringify(cursor);
  await tx
    .insertInto('ledger_meta')
    .values({ name: CURSOR, value })
    .onConflict((c) => c.column('name').doUpdateSet({ value }))
    .execute();
}

/** Whether a message waits to be sent now. A read, so that looking costs nothing. */
export async function anyNoticeDue(db: Tx, nowMs: number): Promise<boolean> {
  const row = await db
    .selectFrom('notices')
    .select('id')
    .where('state', '=', 'open')
    .where('next_at', '<=', nowMs)
    .where('claimed_until', '<=', nowMs)
    .executeTakeFirst();
  return row !== undefined;
}

export function eventsOfTypes(
  db: Tx,
  types: readonly string[],
  after: { readonly seq: number; readonly atMs: number },
  limit: number,
): Promise<Selectable<EventTable>[]> {
  return db
    .selectFrom('events')
    .selectAll()
    .where('seq', '>', after.seq)
    .where('at', '>=', after.atMs)
    .where('type', 'in', types)
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** The round of a batch at the time of an event: how many were opened until then. */
export async function roundAt(db: Tx, batch: string, seq: number): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select((e) => e.fn.countAll<number>().as('opened'))
    .where('batch', '=', batch)
    .where('type', '=', 'round-opened')
    .where('seq', '<=', seq)
    .executeTakeFirstOrThrow();
  return Number(row.opened) + 1;
}

/** Running batches whose account is out of credits. */
export function batchesWithoutCredits(db: Tx): Promise<{ id: string; round: number; reason: string }[]> {
  return db
    .selectFrom('gates')
    .innerJoin('batches', 'batches.account', 'gates.owner')
    .select(['batches.id', 'batches.round', 'gates.reason'])
    .where('gates.scope', '=', 'account')
    .where('gates.name', '=', 'credits')
    .where('gates.code', '=', 'C101')
    .where('batches.state', '=', 'running')
    .execute();
}

/** Batches with paid outputs that are not here yet although their links were read before `beforeMs`. */
export function batchesWithOldLinks(db: Tx, beforeMs: number): Promise<{ id: string; round: number; count: number }[]> {
  return db
    .selectFrom('items')
    .innerJoin('tasks', 'tasks.attempt', 'items.attempt')
    .innerJoin('batches', 'batches.id', 'items.batch')
    .select((e) => ['batches.id', 'batches.round', e.fn.countAll<number>().as('count')])
    .where('items.state', '=', 'collecting')
    .where('tasks.state', '=', 'done')
    .where('tasks.ended_at', '<=', beforeMs)
    .groupBy(['batches.id', 'batches.round'])
    .execute();
}
