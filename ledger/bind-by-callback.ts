import type { Resolution } from '../schemas/manifest-item.ts';
import { bindAttempt, type Bound } from './bind-attempt.ts';
import { driveAgain } from './drive-again.ts';
import { recordEvent } from './events.ts';
import { quarantineCallback, settleEvent } from './hear-callback.ts';
import type { Tx } from './open-ledger.ts';
import { openUncertainGate } from './uncertain-steps.ts';

/** What a task must match to be bound to an attempt by a callback (design D8). */
export interface CallbackAttempt {
  readonly attempt: number;
  readonly account: string;
  readonly batch: string;
  readonly item: string;
  readonly videoUrl: string;
  readonly resolution: Resolution;
  readonly sentAtMs: number;
}

export async function callbackAttempt(db: Tx, attempt: number): Promise<CallbackAttempt | null> {
  const row = await db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .innerJoin('videos', 'videos.id', 'attempts.video')
    .select([
      'attempts.id as attempt',
      'attempts.account',
      'attempts.batch',
      'items.id as item',
      'videos.url as videoUrl',
      'items.resolution',
      'attempts.sent_at as sentAt',
      'attempts.reserved_at as reservedAt',
    ])
    .where('attempts.id', '=', attempt)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { sentAt, reservedAt, ...rest } = row;
  return { ...rest, resolution: row.resolution as Resolution, sentAtMs: sentAt ?? reservedAt };
}

/** The vendor's detail has confirmed that the task named by a message is the attempt's: binds it, to be polled at once. */
export async function bindByCallback(
  tx: Tx,
  event: number,
  at: CallbackAttempt,
  task: { readonly id: string; readonly createdAtMs: number },
  nowMs: number,
): Promise<Bound> {
  const accepted = {
    taskId: task.id,
    hold: null,
    createdAtMs: task.createdAtMs,
    firstPollAtMs: nowMs,
    resolution: at.resolution,
    by: 'callback',
  };
  const bound = await bindAttempt(tx, at.attempt, accepted, nowMs);
  if (bound === 'elsewhere') {
    await quarantineCallback(tx, event, 'it names the task of another attempt', nowMs);
    return bound;
  }
  if (bound === 'bound') {
    const detail = 'a callback named the task; the vendor confirmed it';
    await recordEvent(tx, { type: 'settled-late', batch: at.batch, item: at.item, by: 'callback', detail }, nowMs);
    await openUncertainGate(tx, at.account, 'callback', nowMs);
  }
  await driveAgain(tx, at.batch, nowMs);
  await settleEvent(tx, event, 'processed', bound === 'orphan' ? 'kept for an attempt given up' : null, nowMs);
  return bound;
}
