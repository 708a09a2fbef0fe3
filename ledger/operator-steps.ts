import { FAILURE_CODES, reasonOf } from '../schemas/failure-codes.ts';
import type { EventType } from '../schemas/events.ts';
import type { AccountGate, BatchState, ItemState } from '../schemas/states.ts';
import { lockAccount } from './account-row.ts';
import { reasonColumns } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import { closeGate, openGate } from './gates.ts';
import type { Tx } from './open-ledger.ts';
import { releaseAttempt } from './release-attempt.ts';

/** Nothing was sent for these; they can be ended at once. */
export const UNSENT_STATES = ['pending', 'analyzing', 'needs-pick', 'ready'] as const satisfies readonly ItemState[];

export interface BatchRef {
  readonly batch: string;
  readonly account: string;
}

/** Writes an operator's act into the record. */
export function recordAct(
  tx: Tx,
  at: BatchRef & { readonly item?: string },
  type: EventType,
  by: string,
  detail: string,
  nowMs: number,
): Promise<void> {
  return recordEvent(tx, { type, batch: at.batch, item: at.item ?? null, by, detail }, nowMs);
}

export async function setBatchState(tx: Tx, batch: string, state: BatchState, nowMs: number): Promise<void> {
  const ended = state === 'finished' || state === 'cancelled';
  await tx
    .updateTable('batches')
    .set({ state, updated_at: nowMs, ...(ended ? { finished_at: nowMs } : {}) })
    .where('id', '=', batch)
    .execute();
}

/** After a change by hand a batch has something to do again: without a driver it is *stopped* until somebody takes it up. */
export async function stopIfUndriven(tx: Tx, batch: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('batches')
    .set({ state: 'stopped', finished_at: null, updated_at: nowMs })
    .where('id', '=', batch)
    .where('driver_until', '<=', nowMs)
    .execute();
}

/**
 * Holds a batch's spending because its command was interrupted: the gate first, then claims that were not sent are taken
 * back. Those being sent go on. The account's lock keeps new claims out in between.
 */
export async function stopSpending(
  tx: Tx,
  at: BatchRef,
  why: { readonly by: string; readonly reason: string; readonly orphaned: boolean },
  nowMs: number,
): Promise<boolean> {
  await lockAccount(tx, at.account);
  const closed = await closeGate(
    tx,
    { scope: 'batch', owner: at.batch },
    {
      name: 'stopped',
      code: 'S201',
      reason: why.reason,
      reopens: `headswap resume ${at.batch}`,
      by: why.by,
      memo: { orphaned: why.orphaned },
    },
    nowMs,
  );
  await releaseReserved(tx, at.batch, nowMs);
  return closed;
}

/** Takes back what was claimed and not sent. A claim that is sent in this moment wins: its state is no longer *reserved*. */
async function releaseReserved(tx: Tx, batch: string, nowMs: number): Promise<number> {
  const rows = await tx
    .selectFrom('attempts')
    .select('id')
    .where('batch', '=', batch)
    .where('state', '=', 'reserved')
    .execute();
  let released = 0;
  for (const row of rows) {
    if (await releaseAttempt(tx, row.id, 'reserved', { code: 'held', after: { kind: 'again', nextAtMs: 0 } }, nowMs))
      released += 1;
  }
  return released;
}

export async function pauseSpending(tx: Tx, at: BatchRef, by: string, reason: string, nowMs: number): Promise<boolean> {
  await lockAccount(tx, at.account);
  const closed = await closeGate(
    tx,
    { scope: 'batch', owner: at.batch },
    { name: 'pause', code: 'S201', reason, reopens: `headswap resume ${at.batch}`, by },
    nowMs,
  );
  if (!closed) return false;
  await releaseReserved(tx, at.batch, nowMs);
  await recordAct(tx, at, 'paused', by, reason, nowMs);
  return true;
}

/**
 * Ends a batch: what nothing was sent for is cancelled. Paid tasks run on at the vendor and are still collected; uncertain
 * items stay uncertain. With `notStarted` only rows that were not even analysed end, and the rest goes on.
 */
export async function cancelItems(
  tx: Tx,
  at: BatchRef,
  how: { readonly by: string; readonly reason: string; readonly notStarted: boolean },
  nowMs: number,
): Promise<number> {
  await lockAccount(tx, at.account);
  let closed = false;
  if (!how.notStarted) {
    closed = await closeGate(
      tx,
      { scope: 'batch', owner: at.batch },
      {
        name: 'cancelled',
        code: 'S201',
        reason: how.reason,
        reopens: `headswap resume ${at.batch} --only cancelled`,
        by: how.by,
      },
      nowMs,
    );
    await releaseReserved(tx, at.batch, nowMs);
  }
  const ended = await tx
    .updateTable('items')
    .set({
      state: 'cancelled',
      reason_code: 'S201',
      reason_message: how.reason,
      reason_vendor: null,
      reason_next: FAILURE_CODES.S201.next.replaceAll('BATCH', at.batch),
      updated_at: nowMs,
    })
    .where('batch', '=', at.batch)
    .where('state', 'in', how.notStarted ? ['pending'] : UNSENT_STATES)
    .executeTakeFirst();
  const count = Number(ended.numUpdatedRows);
  // Done twice it is recorded once.
  if (closed || count > 0) await recordAct(tx, at, 'cancelled', how.by, `${count} items: ${how.reason}`, nowMs);
  return count;
}

/** Gives an item up. What is paid keeps its attempt, so that its task is still polled and its output can be collected. */
export async function skipItem(
  tx: Tx,
  at: BatchRef & { readonly key: number; readonly item: string },
  by: string,
  reason: string,
  nowMs: number,
): Promise<boolean> {
  const row = await tx
    .updateTable('items')
    .set({
      state: 'skipped',
      stalled: 0,
      owner: null,
      issued_at: null,
      ...reasonColumns(reasonOf('S202', at, { message: reason })),
      updated_at: nowMs,
    })
    .where('key', '=', at.key)
    .where('state', 'in', [...UNSENT_STATES, 'queued', 'processing', 'collecting', 'failed'])
    .returning('key')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordAct(tx, at, 'skipped', by, reason, nowMs);
  return true;
}

/** Opens gates of a batch that an operator may open; returns those that were closed. */
export async function openBatchGates(
  tx: Tx,
  at: BatchRef,
  names: readonly ('stopped' | 'pause' | 'budget' | 'cancelled' | 'tolerance')[],
  by: string,
  detail: string,
  nowMs: number,
): Promise<string[]> {
  const opened: string[] = [];
  for (const name of names)
    if (await openGate(tx, { scope: 'batch', owner: at.batch }, name, { by, detail }, nowMs)) opened.push(name);
  return opened;
}

/** Gates that a free answer of the vendor, or a person's word that the cause is mended, opens; one create then goes ahead as probe. */
export async function openAccountGates(
  tx: Tx,
  account: string,
  names: readonly AccountGate[],
  by: string,
  detail: string,
  nowMs: number,
): Promise<string[]> {
  await lockAccount(tx, account);
  const opened: string[] = [];
  for (const name of names) {
    if (await openGate(tx, { scope: 'account', owner: account }, name, { by, detail, probe: true }, nowMs))
      opened.push(name);
  }
  if (opened.includes('refused-alike'))
    await tx.updateTable('accounts').set({ refused_in_a_row: 0 }).where('id', '=', account).execute();
  return opened;
}

export interface RoundOpening {
  /** The round that was seen to have ended, which the next one follows; null: the one that is open goes on. */
  readonly after: number | null;
  readonly budget?: number | null;
  readonly by: string;
  readonly detail: string;
}

/**
 * Takes a batch up for one more pass over what is open: running, and a new round where the last one had ended. Of several who
 * saw the same round end one opens the next, and the others attach to it.
 */
export async function openRound(
  tx: Tx,
  at: BatchRef,
  how: RoundOpening,
  nowMs: number,
): Promise<{ readonly round: number; readonly opened: boolean }> {
  const opened =
    how.after !== null &&
    (await tx
      .updateTable('batches')
      .set({ round: how.after + 1 })
      .where('id', '=', at.batch)
      .where('round', '=', how.after)
      .returning('round')
      .executeTakeFirst()) !== undefined;
  const { round } = await tx
    .updateTable('batches')
    .set({
      state: 'running',
      finished_at: null,
      updated_at: nowMs,
      ...(how.budget === undefined ? {} : { budget: how.budget }),
    })
    .where('id', '=', at.batch)
    .returning('round')
    .executeTakeFirstOrThrow();
  if (how.budget !== undefined)
    await recordAct(tx, at, 'budget-set', how.by, how.budget === null ? 'no budget' : `${how.budget} credits`, nowMs);
  if (opened) await recordAct(tx, at, 'round-opened', how.by, `round ${round}: ${how.detail}`, nowMs);
  return { round, opened };
}

/** Who opened the present round; null for the first, which `run` did. */
export async function openerOfRound(db: Tx, batch: string): Promise<string | null> {
  const row = await db
    .selectFrom('events')
    .select('by_whom')
    .where('batch', '=', batch)
    .where('type', '=', 'round-opened')
    .orderBy('seq', 'desc')
    .executeTakeFirst();
  return row?.by_whom ?? null;
}

/** A balance read outside of a pass. */
export async function noteBalance(tx: Tx, account: string, balance: number, nowMs: number): Promise<void> {
  await tx.updateTable('accounts').set({ balance, balance_at: nowMs }).where('id', '=', account).execute();
}

/** The balance before a batch spent anything; kept as first read. */
export async function noteBalanceBefore(tx: Tx, batch: string, balance: number): Promise<void> {
  await tx
    .updateTable('batches')
    .set({ balance_before: balance })
    .where('id', '=', batch)
    .where('balance_before', 'is', null)
    .where('committed', '=', 0)
    .execute();
}

export async function noteBalanceAfter(tx: Tx, batch: string, balance: number): Promise<void> {
  await tx.updateTable('batches').set({ balance_after: balance }).where('id', '=', batch).execute();
}
