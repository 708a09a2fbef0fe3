import { sql } from 'kysely';
import { lockAttempt, reasonColumns, type AttemptRow } from './attempt-row.ts';
import { freePlace } from './free-place.ts';
import type { Tx } from './open-ledger.ts';
import { reasonOf } from '../schemas/failure-codes.ts';

export interface PollSaid {
  readonly nextPollAtMs: number;
  /** The vendor's status number; null when there was no usable answer. */
  readonly status: number | null;
  /** The task's age at this look, when it said "not yet". */
  readonly notYetMs: number | null;
  readonly processing: boolean;
  /** Past `stalled_after`: still watched, counted as waiting, no longer against the open-task ceiling (design D6). */
  readonly stalled: boolean;
}

/** Books a look that found the task unfinished. */
export async function recordPoll(
  tx: Tx,
  task: { readonly account: string; readonly id: string; readonly attempt: number },
  said: PollSaid,
  nowMs: number,
): Promise<void> {
  if (said.stalled) {
    const attempt = (await lockAttempt(tx, task.attempt))?.row;
    if (attempt?.state === 'bound') await markStalled(tx, attempt, nowMs);
  }
  await tx
    .updateTable('tasks')
    .set({
      polls: sql`polls + 1`,
      next_poll_at: Math.round(said.nextPollAtMs),
      ...(said.notYetMs === null ? {} : { not_yet_ms: Math.round(said.notYetMs) }),
      ...(said.status === null ? {} : { vendor_status: said.status }),
    })
    .where('account', '=', task.account)
    .where('id', '=', task.id)
    .where('state', '=', 'open')
    .execute();
  if (said.processing) {
    await tx
      .updateTable('items')
      .set({ state: 'processing', updated_at: nowMs })
      .where('attempt', '=', task.attempt)
      .where('state', '=', 'queued')
      .execute();
  }
}

/** Also of an attempt whose place was freed while it was uncertain: its items wait from now on. */
async function markStalled(tx: Tx, attempt: AttemptRow, nowMs: number): Promise<void> {
  const freed = await freePlace(tx, attempt);
  const items = await tx
    .selectFrom('items')
    .select(['key', 'id', 'batch'])
    .where('attempt', '=', attempt.id)
    .where('state', 'in', ['queued', 'processing'])
    .where('stalled', '=', 0)
    .execute();
  if (!freed && items.length === 0) return;
  for (const item of items) {
    await tx
      .updateTable('items')
      .set({
        state: 'processing',
        stalled: 1,
        ...reasonColumns(reasonOf('P109', { batch: item.batch, item: item.id })),
        updated_at: nowMs,
      })
      .where('key', '=', item.key)
      .execute();
  }
  await tx
    .insertInto('events')
    .values({
      at: nowMs,
      batch: attempt.batch,
      account: attempt.account,
      item: items[0]?.id ?? null,
      type: 'stalled',
      by_whom: 'fleet',
      detail: 'a paid task takes longer than stalled_after; it is still watched',
    })
    .execute();
}

/** The next look at a running analysis. */
export async function recordAnalysisPoll(
  tx: Tx,
  analysis: number,
  nextPollAtMs: number,
  notYetMs: number | null,
): Promise<void> {
  await tx
    .updateTable('analyses')
    .set({
      polls: sql`polls + 1`,
      next_poll_at: Math.round(nextPollAtMs),
      ...(notYetMs === null ? {} : { not_yet_ms: Math.round(notYetMs) }),
    })
    .where('id', '=', analysis)
    .where('state', '=', 'running')
    .execute();
}
