import { dueTimes, parseCron } from '../schemas/cron.ts';
import { gatesOfBatch } from './gates.ts';
import type { Tx } from './open-ledger.ts';
import { hearRun, knownRuns, lockSchedule, moveRun, openRuns, tellSchedule, type ScheduleRun } from './schedules.ts';
import { batchRow } from './status-queries.ts';
import type { BatchRow, ScheduleRow } from './tables.ts';

/** A due time or trigger, as it is heard. */
export interface HeardRun {
  readonly schedule: string;
  readonly name: string;
  readonly kind: 'due' | 'trigger';
  readonly dueAtMs: number;
  readonly by: string;
}

export type RunDecision =
  | { readonly kind: 'start'; readonly run: ScheduleRun; readonly schedule: ScheduleRow }
  /** It was started before: by an earlier try of the same activity. */
  | { readonly kind: 'running'; readonly run: ScheduleRun; readonly batch: BatchRow }
  | { readonly kind: 'wait'; readonly run: ScheduleRun }
  | { readonly kind: 'over' };

/** Reading a manifest is tried again and again while its worker lives; after this long without a new try nobody does. */
const STARTING_FOR_MS = 30 * 60_000;
/** A round that was begun just now may have no driver yet. */
const BEGUN_JUST_NOW_MS = 60_000;
/** Behind these a person has the word, and a schedule is no person. */
const HELD_BY = ['pause', 'cancelled', 'tolerance'];

/**
 * Whether a run may start, exactly: under the schedule's lock, from what the ledger says. Whatever it decides is on the
 * record with its reason; running it again for the same due time changes nothing that was decided.
 */
export async function decideRun(tx: Tx, heard: HeardRun, nowMs: number): Promise<RunDecision> {
  const schedule = await lockSchedule(tx, heard.schedule);
  if (schedule === null) return { kind: 'over' };
  const run = await hearRun(
    tx,
    { schedule: heard.schedule, name: heard.name, kind: heard.kind, due_at: heard.dueAtMs, by_whom: heard.by },
    nowMs,
  );
  const batch = await batchRow(tx, heard.schedule);
  switch (run.state) {
    case 'running':
      return batch === null ? { kind: 'over' } : { kind: 'running', run, batch };
    case 'starting':
      await moveRun(tx, run.id, { state: 'starting', begun_at: nowMs });
      return { kind: 'start', run, schedule };
    case 'ended':
    case 'refused':
    case 'skipped':
      return { kind: 'over' };
    case 'queued':
    case 'missed':
      break;
    default:
      return run.state satisfies never;
  }
  const skip = async (reason: string): Promise<RunDecision> => {
    await moveRun(tx, run.id, { state: 'skipped', reason, ended_at: nowMs });
    await tellSchedule(tx, heard.schedule, 'schedule-skipped', 'fleet', `${heard.name}: ${reason}`, nowMs);
    return { kind: 'over' };
  };
  if (schedule.state !== 'active') return skip('the schedule was deleted');
  if (heard.kind === 'due' && schedule.paused_at !== null && schedule.paused_at <= heard.dueAtMs)
    return skip(pausedText(schedule));
  const others = (await openRuns(tx, heard.schedule)).filter((other) => other.id !== run.id);
  const before = await runBefore(tx, others, batch, nowMs);
  const waited = run.state === 'queued' && run.reason !== null;
  // One that waited in our queue was heard in time.
  if (heard.kind === 'due' && !waited && nowMs - heard.dueAtMs > schedule.catchup_ms + LATE_GRACE_MS) {
    const reason = `nothing could start it within the catch-up of ${minutes(schedule.catchup_ms)}`;
    await moveRun(tx, run.id, { state: 'missed', reason, ended_at: nowMs });
    await tellSchedule(tx, heard.schedule, 'schedule-missed', 'fleet', `${heard.name}: ${reason}`, nowMs);
    return { kind: 'over' };
  }
  const queuedBefore = others.some((other) => other.state === 'queued' && other.reason !== null && other.id < run.id);
  if (before !== null || queuedBefore) {
    if (schedule.overlap === 'skip') return skip(before ?? 'another run waits for its turn');
    if (queuedBefore && !waited) return skip('another run waits for its turn already');
    await moveRun(tx, run.id, { state: 'queued', reason: before ?? 'another run waits for its turn' });
    return { kind: 'wait', run };
  }
  const gates = batch === null ? [] : await gatesOfBatch(tx, batch.id, batch.account);
  const held = gates.find((gate) => gate.scope === 'batch' && HELD_BY.includes(gate.name));
  if (held !== undefined) return skip(`the batch is held (${held.name}: ${held.reason}); \`${held.reopens}\` goes on`);
  await moveRun(tx, run.id, { state: 'starting', reason: null, begun_at: nowMs, ended_at: null });
  return { kind: 'start', run, schedule };
}

/** What the run would overlap with, in words; ends the records of earlier runs that are over. */
async function runBefore(
  tx: Tx,
  others: readonly ScheduleRun[],
  batch: BatchRow | null,
  nowMs: number,
): Promise<string | null> {
  for (const other of others) {
    const begunAt = other.begun_at ?? other.heard_at;
    if (other.state === 'starting') {
      if (nowMs - begunAt < STARTING_FOR_MS) return `the run of ${other.name} still reads its manifest`;
      await moveRun(tx, other.id, {
        state: 'ended',
        reason: 'it was given up while it read its manifest',
        ended_at: nowMs,
      });
    }
    if (other.state === 'running') {
      if (batch !== null && isDriven(batch, begunAt, nowMs)) return `the run of ${other.name} was still going`;
      await endRun(tx, other, batch, nowMs);
    }
  }
  if (batch !== null && isDriven(batch, 0, nowMs)) return `the batch was being run by ${batch.operator}`;
  return null;
}

function isDriven(batch: BatchRow, begunAtMs: number, nowMs: number): boolean {
  return batch.state === 'running' && (batch.driver_until > nowMs || nowMs - begunAtMs < BEGUN_JUST_NOW_MS);
}

/** Closes the record of a run whose round has ended. */
export async function endRun(tx: Tx, run: ScheduleRun, batch: BatchRow | null, nowMs: number): Promise<void> {
  const charged = batch === null || run.charged_before === null ? null : batch.charged - run.charged_before;
  await moveRun(tx, run.id, { state: 'ended', reason: batch?.state ?? null, ended_at: nowMs, charged });
}

/** A due time may still be heard of for this long after its catch-up has ended. */
const LATE_GRACE_MS = 30_000;
/** More misses in a row than this are told as one. */
const TOLD_ONE_BY_ONE = 20;
const COUNTED_AT_MOST = 10_000;

/**
 * Puts due times on the record that nobody was told of: the engine was down, or the schedule paused. Only those that can no
 * longer come. Returns how many.
 */
export async function recordMissed(tx: Tx, name: string, nowMs: number): Promise<number> {
  const schedule = await lockSchedule(tx, name);
  if (schedule === null || schedule.state !== 'active') return 0;
  const reading = parseCron(schedule.cron);
  const untilMs = nowMs - schedule.catchup_ms - 2 * LATE_GRACE_MS;
  if (reading.kind === 'bad' || untilMs <= schedule.seen_until) return 0;
  const span = { afterMs: schedule.seen_until, beforeMs: untilMs, count: COUNTED_AT_MOST };
  const known = await knownRuns(tx, name, schedule.seen_until);
  const missed = dueTimes(reading.cron, schedule.zone, span).filter((due) => !known.has(due.wall));
  const paused = schedule.paused_at;
  const skipped = paused === null ? [] : missed.filter((due) => due.atMs >= paused);
  const lost = missed.slice(0, missed.length - skipped.length);
  const one = { schedule: name, kind: 'due' as const, by_whom: 'fleet', heard_at: nowMs, ended_at: nowMs };
  for (const [times, state, reason, type] of [
    [lost, 'missed', 'nothing was up to start it', 'schedule-missed'],
    [skipped, 'skipped', pausedText(schedule), 'schedule-skipped'],
  ] as const) {
    const told = times.length > TOLD_ONE_BY_ONE ? times.slice(-1) : times;
    for (const due of told) {
      await tx
        .insertInto('schedule_runs')
        .values({ ...one, name: due.wall, due_at: due.atMs, state, reason, times: times.length / told.length })
        .onConflict((c) => c.columns(['schedule', 'name']).doNothing())
        .execute();
    }
    const last = told.at(-1);
    if (last !== undefined)
      await tellSchedule(tx, name, type, 'fleet', `${times.length} up to ${last.wall}: ${reason}`, nowMs);
  }
  await tx.updateTable('schedules').set({ seen_until: untilMs }).where('name', '=', name).execute();
  return missed.length;
}

function pausedText({ paused_by, pause_note }: ScheduleRow): string {
  return `paused by ${paused_by ?? 'somebody'}${pause_note === null ? '' : ` (${pause_note})`}`;
}

function minutes(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
