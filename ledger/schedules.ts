import type { Insertable, Selectable } from 'kysely';
import { parseWindow, type ProductionWindow } from '../schemas/production-window.ts';
import type { EventType } from '../schemas/events.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
import type { ScheduleRow, ScheduleRunState, ScheduleRunTable } from './tables.ts';

export type ScheduleRun = Selectable<ScheduleRunTable>;

/** What a person decides about a schedule. */
export type ScheduleEntry = Pick<
  ScheduleRow,
  'name' | 'account' | 'manifest' | 'shown' | 'cron' | 'zone' | 'overlap' | 'catchup_ms' | 'budget_per_run' | 'windows'
>;

/** Enters a draft, or replaces one; a deleted schedule of the name begins anew. An active one is left alone: false. */
export async function draftSchedule(tx: Tx, entry: ScheduleEntry, by: string, nowMs: number): Promise<boolean> {
  const fresh: Insertable<ScheduleRow> = {
    ...entry,
    state: 'draft',
    created_at: nowMs,
    created_by: by,
    paused_at: null,
    paused_by: null,
    pause_note: null,
    seen_until: nowMs,
    updated_at: nowMs,
  };
  const row = await tx
    .insertInto('schedules')
    .values(fresh)
    .onConflict((c) => c.column('name').doUpdateSet(fresh).where('schedules.state', '<>', 'active'))
    .returning('name')
    .executeTakeFirst();
  return row !== undefined;
}

export async function activateSchedule(tx: Tx, name: string, by: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('schedules')
    .set({ state: 'active', created_at: nowMs, created_by: by, seen_until: nowMs, updated_at: nowMs })
    .where('name', '=', name)
    .execute();
  await tellSchedule(tx, name, 'schedule-created', by, 'schedule made', nowMs);
}

export async function readSchedule(db: Tx, name: string): Promise<ScheduleRow | null> {
  return (await db.selectFrom('schedules').selectAll().where('name', '=', name).executeTakeFirst()) ?? null;
}

export function activeSchedules(db: Tx): Promise<ScheduleRow[]> {
  return db.selectFrom('schedules').selectAll().where('state', '=', 'active').orderBy('name').execute();
}

const WINDOWS = prepared<{ batch: string }>()((db, v) =>
  db.selectFrom('schedules').select('windows').where('name', '=', v.batch).where('state', '=', 'active'),
);

/** Production windows of the schedule a batch belongs to; empty for other batches. */
export async function windowsOfBatch(db: Tx, batch: string): Promise<readonly ProductionWindow[]> {
  const row = await WINDOWS.first(db, { batch });
  return row === undefined || row.windows === '[]' ? [] : readWindows(row.windows);
}

/** Windows as the ledger keeps them: JSON of texts that were read before. */
function readWindows(json: string): ProductionWindow[] {
  return (JSON.parse(json) as string[]).flatMap((text) => {
    const reading = parseWindow(text);
    return reading.kind === 'ok' ? [reading.window] : [];
  });
}

/** Holds a schedule, or lets it go on (`hold` null). */
export async function holdSchedule(
  tx: Tx,
  name: string,
  hold: { readonly note: string | null } | null,
  by: string,
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('schedules')
    .set(
      hold === null
        ? { paused_at: null, paused_by: null, pause_note: null, updated_at: nowMs }
        : { paused_at: nowMs, paused_by: by, pause_note: hold.note, updated_at: nowMs },
    )
    .where('name', '=', name)
    .execute();
  const detail = hold === null ? 'goes on' : `paused${hold.note === null ? '' : `: ${hold.note}`}`;
  await tellSchedule(tx, name, 'schedule-changed', by, detail, nowMs);
}

export async function deleteSchedule(tx: Tx, name: string, by: string, nowMs: number): Promise<void> {
  await tx.updateTable('schedules').set({ state: 'deleted', updated_at: nowMs }).where('name', '=', name).execute();
  await tellSchedule(tx, name, 'schedule-changed', by, 'deleted', nowMs);
}

/** Takes the schedule's row lock, so that two triggers never decide at the same time. */
export async function lockSchedule(tx: Tx, name: string): Promise<ScheduleRow | null> {
  const row = await tx
    .updateTable('schedules')
    .set((e) => ({ updated_at: e.ref('updated_at') }))
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirst();
  return row ?? null;
}

/** The record of one due time or trigger; made when it is heard of first. */
export async function hearRun(
  tx: Tx,
  run: Pick<ScheduleRun, 'schedule' | 'name' | 'kind' | 'due_at' | 'by_whom'>,
  nowMs: number,
): Promise<ScheduleRun> {
  await tx
    .insertInto('schedule_runs')
    .values({ ...run, heard_at: nowMs, state: 'queued' })
    .onConflict((c) => c.columns(['schedule', 'name']).doNothing())
    .execute();
  return tx
    .selectFrom('schedule_runs')
    .selectAll()
    .where('schedule', '=', run.schedule)
    .where('name', '=', run.name)
    .executeTakeFirstOrThrow();
}

export async function moveRun(
  tx: Tx,
  id: number,
  change: { readonly state: ScheduleRunState } & Partial<
    Pick<
      ScheduleRun,
      'reason' | 'begun_at' | 'ended_at' | 'batch_round' | 'manifest_sha' | 'charged_before' | 'charged'
    >
  >,
): Promise<void> {
  await tx.updateTable('schedule_runs').set(change).where('id', '=', id).execute();
}

/** Runs of a schedule, newest first. */
export function runsOf(db: Tx, schedule: string, limit: number): Promise<ScheduleRun[]> {
  return db
    .selectFrom('schedule_runs')
    .selectAll()
    .where('schedule', '=', schedule)
    .orderBy('due_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

/** Runs that have not come to an end, oldest first. */
export function openRuns(db: Tx, schedule: string): Promise<ScheduleRun[]> {
  return db
    .selectFrom('schedule_runs')
    .selectAll()
    .where('schedule', '=', schedule)
    .where('state', 'in', ['queued', 'starting', 'running'])
    .orderBy('id')
    .execute();
}

/** Which of these names are on the record already. */
export async function knownRuns(db: Tx, schedule: string, sinceMs: number): Promise<Set<string>> {
  const rows = await db
    .selectFrom('schedule_runs')
    .select('name')
    .where('schedule', '=', schedule)
    .where('due_at', '>=', sinceMs)
    .execute();
  return new Set(rows.map((row) => row.name));
}

/** An event of the batch that the schedule's runs belong to. */
export function tellSchedule(
  tx: Tx,
  schedule: string,
  type: EventType,
  by: string,
  detail: string,
  nowMs: number,
): Promise<void> {
  return recordEvent(tx, { type, batch: schedule, by, detail }, nowMs);
}
