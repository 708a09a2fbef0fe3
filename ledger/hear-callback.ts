import { sql } from 'kysely';
import { lockAttempt, type AttemptRow } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import type { WebhookState } from './tables.ts';

/** What a stored message turned out to be once it was opened. */
export type Heard =
  | { readonly kind: 'named'; readonly taskId: string; readonly status: number | null }
  /** It cannot be opened here: no client id is configured. It still says that something happened. */
  | { readonly kind: 'sealed' }
  /** Not by the vendor, or not for this account; `why` repeats nothing of it. */
  | { readonly kind: 'rejected'; readonly why: string };

export type Hearing =
  | 'done'
  /** Kept until later. */
  | 'kept'
  /** It names a task that the ledger does not know: the vendor's detail decides. */
  | 'look';

/** The create's own answer is waited for this long: it also tells the hold. */
const OWN_ANSWER_MS = 3_000;
const KEPT_MS = 500;
/** After the vendor did not confirm an id for an attempt, it is asked about it again no sooner. */
const ASK_AGAIN_MS = 10_000;
const SEALED_MS = 60_000;
const INTERIM = 2;

/**
 * Acts on one stored message as far as the ledger alone can (design D8: a hint). A message about a task of the attempt
 * makes it be polled now, once per task and status; one for an attempt still *sending* is kept for its answer.
 */
export async function hearCallback(tx: Tx, event: number, heard: Heard, nowMs: number): Promise<Hearing> {
  const row = await tx
    .selectFrom('webhook_events')
    .select(['attempt', 'received_at as receivedAt'])
    .where('id', '=', event)
    .where('state', '=', 'stored')
    .executeTakeFirst();
  if (row === undefined || row.attempt === null) return 'done';
  const attempt = (await lockAttempt(tx, row.attempt))?.row;
  if (attempt === undefined) return quarantineCallback(tx, event, 'its attempt is gone', nowMs);
  switch (heard.kind) {
    case 'rejected':
      return quarantineCallback(tx, event, heard.why, nowMs);
    case 'sealed':
      return hearSealed(tx, event, attempt, nowMs);
    case 'named':
      await tx
        .updateTable('webhook_events')
        .set({ task_id: heard.taskId, status: heard.status })
        .where('id', '=', event)
        .execute();
      return hearNamed(tx, { event, receivedAtMs: row.receivedAt }, attempt, heard, nowMs);
    default:
      return heard satisfies never;
  }
}

async function hearNamed(
  tx: Tx,
  at: { readonly event: number; readonly receivedAtMs: number },
  attempt: AttemptRow,
  heard: { readonly taskId: string; readonly status: number | null },
  nowMs: number,
): Promise<Hearing> {
  const { event } = at;
  const task = await tx
    .selectFrom('tasks')
    .select(['attempt', 'state'])
    .where('account', '=', attempt.account)
    .where('id', '=', heard.taskId)
    .executeTakeFirst();
  if (task !== undefined && task.attempt !== attempt.id)
    return quarantineCallback(tx, event, 'it names the task of another attempt', nowMs);
  if (task !== undefined) {
    if (task.state !== 'open') return settleEvent(tx, event, 'ignored', 'the task had ended', nowMs);
    if (await heardBefore(tx, attempt.id, heard)) return settleEvent(tx, event, 'ignored', 'heard before', nowMs);
    if (heard.status !== INTERIM) await pollNow(tx, attempt.id, nowMs);
    return settleEvent(tx, event, 'processed', null, nowMs);
  }
  if (attempt.state === 'reserved') return quarantineCallback(tx, event, 'nothing was sent for its attempt yet', nowMs);
  if (attempt.state === 'sending' && nowMs - at.receivedAtMs < OWN_ANSWER_MS)
    return keepCallback(tx, event, nowMs + KEPT_MS);
  const lately = await disbelievedAtMs(tx, attempt.id, heard.taskId);
  if (lately !== null && nowMs - lately < ASK_AGAIN_MS) return keepCallback(tx, event, lately + ASK_AGAIN_MS);
  return 'look';
}

async function disbelievedAtMs(tx: Tx, attempt: number, taskId: string): Promise<number | null> {
  const row = await tx
    .selectFrom('webhook_events')
    .select((e) => e.fn.max('done_at').as('at'))
    .where('attempt', '=', attempt)
    .where('task_id', '=', taskId)
    .where('state', '=', 'quarantined')
    .executeTakeFirst();
  return row === undefined || row.at === null ? null : Number(row.at);
}

/** Without the secrets a message can only hasten a poll that is due anyway. */
async function hearSealed(tx: Tx, event: number, attempt: AttemptRow, nowMs: number): Promise<Hearing> {
  const polled = await pollNow(tx, attempt.id, nowMs);
  if (polled > 0) return settleEvent(tx, event, 'processed', 'not opened: no client_id is configured', nowMs);
  if (attempt.state === 'sending') return keepCallback(tx, event, nowMs + KEPT_MS);
  // Once the client id is configured, it is opened after all.
  if (attempt.state === 'uncertain' || attempt.state === 'abandoned') return keepCallback(tx, event, nowMs + SEALED_MS);
  return settleEvent(tx, event, 'ignored', 'not opened: no client_id is configured', nowMs);
}

async function heardBefore(
  tx: Tx,
  attempt: number,
  heard: { readonly taskId: string; readonly status: number | null },
): Promise<boolean> {
  const row = await tx
    .selectFrom('webhook_events')
    .select('id')
    .where('attempt', '=', attempt)
    .where('task_id', '=', heard.taskId)
    .where('state', '=', 'processed')
    .where('status', heard.status === null ? 'is' : '=', heard.status)
    .executeTakeFirst();
  return row !== undefined;
}

async function pollNow(tx: Tx, attempt: number, nowMs: number): Promise<number> {
  const polled = await tx
    .updateTable('tasks')
    .set({ next_poll_at: sql`case when next_poll_at > ${nowMs} then ${nowMs} else next_poll_at end` })
    .where('attempt', '=', attempt)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return Number(polled.numUpdatedRows);
}

/** Not to be believed: nothing changes but the record, which says so once per attempt. */
export async function quarantineCallback(tx: Tx, event: number, why: string, nowMs: number): Promise<'done'> {
  const attempt = await tx
    .selectFrom('webhook_events')
    .innerJoin('attempts', 'attempts.id', 'webhook_events.attempt')
    .leftJoin('items', 'items.key', 'attempts.item')
    .select(['attempts.id', 'attempts.batch', 'items.id as item'])
    .where('webhook_events.id', '=', event)
    .executeTakeFirst();
  if (attempt !== undefined) {
    const earlier = await tx
      .selectFrom('webhook_events')
      .select('id')
      .where('attempt', '=', attempt.id)
      .where('state', '=', 'quarantined')
      .executeTakeFirst();
    if (earlier === undefined)
      await recordEvent(
        tx,
        {
          type: 'callback-refused',
          batch: attempt.batch,
          item: attempt.item,
          detail: `a callback was put aside: ${why}`,
        },
        nowMs,
      );
  }
  return settleEvent(tx, event, 'quarantined', why, nowMs);
}

/** Looked at again from `nextAtMs` on. */
export async function keepCallback(tx: Tx, event: number, nextAtMs: number): Promise<'kept'> {
  await tx
    .updateTable('webhook_events')
    .set({ next_at: Math.round(nextAtMs) })
    .where('id', '=', event)
    .where('state', '=', 'stored')
    .execute();
  return 'kept';
}

export async function settleEvent(
  tx: Tx,
  event: number,
  state: Exclude<WebhookState, 'stored'>,
  reason: string | null,
  nowMs: number,
): Promise<'done'> {
  await tx
    .updateTable('webhook_events')
    .set({ state, reason, done_at: nowMs })
    .where('id', '=', event)
    .where('state', '=', 'stored')
    .execute();
  return 'done';
}
