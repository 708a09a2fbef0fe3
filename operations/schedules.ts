import { randomBytes } from 'node:crypto';
import { peekEngine } from '../engine/embedded-engine.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { recordMissed } from '../ledger/schedule-steps.ts';
import {
  activateSchedule,
  activeSchedules,
  deleteSchedule as deleteRow,
  draftSchedule,
  hearRun,
  holdSchedule,
  readSchedule,
  runsOf,
  type ScheduleRun,
} from '../ledger/schedules.ts';
import type { ScheduleRow } from '../ledger/tables.ts';
import { parseCron } from '../schemas/cron.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { MANIFEST_CHECK_WORKFLOW, queues, SCHEDULED_RUN_WORKFLOW, scheduleId } from '../schemas/names.ts';
import type { ManifestCheck, ScheduledRunInput } from '../schemas/schedule-work.ts';
import type { Context } from './context.ts';
import { useEngine, type EngineUse } from './engine-use.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { ensureSchedule, ifThere } from './schedule-engine.ts';
import {
  NEXT_RUNS_SHOWN,
  nextRuns,
  scheduleEntry,
  usage,
  type NextRun,
  type ScheduleOptions,
} from './schedule-plan.ts';

export type { NextRun, ScheduleOptions };

/** What is shown and asked before a schedule is made or triggered. */
export interface SchedulePlan {
  readonly name: string;
  readonly next: readonly NextRun[];
  /** As a live worker read it just now. */
  readonly check: ManifestCheck;
  readonly budgetPerRun: number | null;
  readonly overlap: 'skip' | 'queue';
  readonly catchupMs: number;
  readonly windows: readonly string[];
  /** The engine is the embedded one: the schedule lives while `up` runs. */
  readonly onlyWhileUp: boolean;
}

const CHECK_TIMEOUT_MS = 60_000;

/**
 * Checks what was asked for, has a live worker read the manifest, and keeps it as a draft. Nothing runs yet. OperationError 2,
 * 3 (the manifest has errors), 8 (no engine that stays, no worker).
 */
export async function planSchedule(ctx: Context, options: ScheduleOptions): Promise<SchedulePlan> {
  const { entry, cron } = scheduleEntry(options, { cwd: ctx.options.cwd, accountFlag: ctx.options.flags.account });
  return withEngine(ctx, async (engine, ledger) => {
    const drafted = await ledger.write((tx, nowMs) => draftSchedule(tx, entry, ctx.operator, nowMs));
    if (!drafted)
      throw usage(
        `there is a schedule "${entry.name}" already`,
        `\`headswap schedule delete ${entry.name}\` first, or choose another name`,
      );
    const check = await checked(engine, ledger, entry.name);
    if (!check.ok) throw refusedManifest(entry.name, check);
    return planOf(ctx, entry, nextRuns(cron, entry.zone, await ledger.now(), NEXT_RUNS_SHOWN), check);
  });
}

/** Makes the drafted schedule. OperationError 2 (not confirmed). */
export async function createSchedule(ctx: Context, plan: SchedulePlan, go: { readonly yes: boolean }): Promise<void> {
  refuseUnasked(go);
  await withEngine(ctx, async (engine, ledger) => {
    const draft = await readSchedule(ledger.db, plan.name);
    if (draft === null || draft.state !== 'draft')
      throw usage(`the draft of schedule "${plan.name}" is gone`, 'run the same command again');
    await ifThere(() => engine.client.schedule.getHandle(scheduleId(ledger.ledger8, plan.name)).delete());
    await ensureSchedule(engine.client, ledger, draft);
    await ledger.write((tx, nowMs) => activateSchedule(tx, plan.name, ctx.operator, nowMs));
  });
}

/**
 * What a run by hand would do and cost now; a manifest with errors is told in `check`, since the run itself is on the record
 * as refused. OperationError 2, 8.
 */
export async function planTrigger(ctx: Context, name: string): Promise<SchedulePlan> {
  return withEngine(ctx, async (engine, ledger) => {
    const schedule = await knownSchedule(ledger, name);
    const check = await checked(engine, ledger, name);
    return planOf(ctx, schedule, await nextOf(ledger, schedule, NEXT_RUNS_SHOWN), check);
  });
}

/** Asks for a run now, whether or not the schedule is paused. The run's name, by which `schedule show` lists it. */
export async function triggerSchedule(ctx: Context, name: string, go: { readonly yes: boolean }): Promise<string> {
  refuseUnasked(go);
  return withEngine(ctx, async (engine, ledger) => {
    await knownSchedule(ledger, name);
    const { run, dueAtMs } = await ledger.write(async (tx, nowMs) => {
      const trigger = `by hand ${new Date(nowMs).toISOString().slice(0, 19)}Z ${randomBytes(2).toString('hex')}`;
      const heard = await hearRun(
        tx,
        { schedule: name, name: trigger, kind: 'trigger', due_at: nowMs, by_whom: ctx.operator },
        nowMs,
      );
      return { run: heard, dueAtMs: nowMs };
    });
    const input: ScheduledRunInput = { ledger8: ledger.ledger8, schedule: name, trigger: run.name, dueAtMs };
    await engine.client.workflow.start(SCHEDULED_RUN_WORKFLOW, {
      workflowId: `${scheduleId(ledger.ledger8, name)}/by-hand/${run.id}`,
      taskQueue: queues.flow(ledger.ledger8),
      args: [input],
      workflowTaskTimeout: '5s',
    });
    return run.name;
  });
}

/** Holds the due times of a schedule. A run that goes on goes on. */
export async function pauseSchedule(ctx: Context, name: string, note: string | null): Promise<void> {
  await withEngine(ctx, async (engine, ledger) => {
    await knownSchedule(ledger, name);
    await ledger.write(async (tx, nowMs) => {
      await recordMissed(tx, name, nowMs);
      await holdSchedule(tx, name, { note }, ctx.operator, nowMs);
    });
    const handle = engine.client.schedule.getHandle(scheduleId(ledger.ledger8, name));
    await ifThere(() => handle.pause(note ?? `paused by ${ctx.operator}`));
  });
}

export async function resumeSchedule(ctx: Context, name: string): Promise<void> {
  await withEngine(ctx, async (engine, ledger) => {
    await knownSchedule(ledger, name);
    await ledger.write(async (tx, nowMs) => {
      await recordMissed(tx, name, nowMs);
      await holdSchedule(tx, name, null, ctx.operator, nowMs);
    });
    const handle = engine.client.schedule.getHandle(scheduleId(ledger.ledger8, name));
    if (!(await ifThere(() => handle.unpause(`resumed by ${ctx.operator}`))))
      await ensureSchedule(engine.client, ledger, await knownSchedule(ledger, name));
  });
}

/** Ends a schedule. Its batch, its runs and what they paid for stay on the record. */
export async function deleteSchedule(ctx: Context, name: string): Promise<void> {
  await withEngine(ctx, async (engine, ledger) => {
    await knownSchedule(ledger, name);
    await ifThere(() => engine.client.schedule.getHandle(scheduleId(ledger.ledger8, name)).delete());
    await ledger.write((tx, nowMs) => deleteRow(tx, name, ctx.operator, nowMs));
  });
}

export interface ScheduleDocument {
  readonly name: string;
  readonly state: 'active' | 'paused' | 'deleted';
  readonly manifest: string;
  readonly cron: string;
  readonly tz: string;
  readonly overlap: 'skip' | 'queue';
  readonly catchup_seconds: number;
  readonly budget_per_run: number | null;
  readonly windows: readonly string[];
  readonly created_at: string;
  readonly created_by: string;
  readonly paused: { readonly since: string; readonly by: string; readonly note: string } | null;
  /** False: nothing is up that would start it. Null: the engine is elsewhere, and was not asked. */
  readonly engine_up: boolean | null;
  readonly next: readonly NextRun[];
  /** Newest first. */
  readonly runs: readonly ScheduleRunDocument[];
}

export interface ScheduleRunDocument {
  readonly name: string;
  readonly kind: 'due' | 'trigger';
  readonly due_at: string;
  readonly state: ScheduleRun['state'];
  readonly reason: string | null;
  readonly begun_at: string | null;
  readonly ended_at: string | null;
  readonly round: number | null;
  readonly charged: number | null;
  readonly times: number;
  readonly by: string;
}

/** Schedules of this ledger with their next runs and the last `runs` of what became of each. Needs no engine. */
export async function readSchedules(
  ctx: Context,
  options: { readonly name?: string; readonly runs: number },
): Promise<ScheduleDocument[]> {
  if (!ctx.ledgerExists() && options.name === undefined) return [];
  const ledger = await ctx.ledger();
  const rows =
    options.name === undefined ? await activeSchedules(ledger.db) : [await shownSchedule(ledger, options.name)];
  const engineUp = ctx.temporalConfigured ? null : (await peekEngine(ctx.stateDir))?.up === true;
  const documents: ScheduleDocument[] = [];
  for (const row of rows) {
    await ledger.write((tx, nowMs) => recordMissed(tx, row.name, nowMs));
    const runs = await runsOf(ledger.db, row.name, options.runs);
    documents.push(
      documentOf(row, await nextOf(ledger, row, options.name === undefined ? 1 : NEXT_RUNS_SHOWN), runs, engineUp),
    );
  }
  return documents;
}

/** `up`: an engine that lost its schedules, or never had them, gets them from the ledger. */
export async function ensureSchedules(engine: EngineUse, ledger: Ledger): Promise<string[]> {
  const schedules = await activeSchedules(ledger.db);
  for (const schedule of schedules) {
    await ensureSchedule(engine.client, ledger, schedule);
    await ledger.write((tx, nowMs) => recordMissed(tx, schedule.name, nowMs));
  }
  return schedules.map((schedule) => schedule.name);
}

async function withEngine<T>(ctx: Context, body: (engine: EngineUse, ledger: Ledger) => Promise<T>): Promise<T> {
  const engine = await useEngine(ctx, 'must-be-up');
  try {
    return await body(engine, await ctx.ledger());
  } finally {
    await engine.leave();
  }
}

async function checked(engine: EngineUse, ledger: Ledger, name: string): Promise<ManifestCheck> {
  await engine.startWorker(ledger, null);
  const input: ScheduledRunInput = { ledger8: ledger.ledger8, schedule: name, trigger: null };
  try {
    return await engine.client.workflow.execute<(input: ScheduledRunInput) => Promise<ManifestCheck>>(
      MANIFEST_CHECK_WORKFLOW,
      {
        workflowId: `${scheduleId(ledger.ledger8, name)}/check/${randomBytes(4).toString('hex')}`,
        taskQueue: queues.flow(ledger.ledger8),
        args: [input],
        workflowExecutionTimeout: CHECK_TIMEOUT_MS,
        workflowTaskTimeout: '5s',
      },
    );
  } catch (error) {
    throw new OperationError(
      EXIT.unreachable,
      {
        code: 'S104',
        message: `no live worker read the manifest within ${CHECK_TIMEOUT_MS / 1000} s, so the schedule was not accepted`,
        charged: NOTHING_CHARGED,
        next: 'see that `headswap up` (or a worker) of this version runs, then run the same command again',
      },
      { cause: error },
    );
  }
}

function refusedManifest(name: string, check: ManifestCheck): OperationError {
  return new OperationError(EXIT.manifest, {
    message: `the worker refused the manifest of "${name}": ${check.problems.join('; ')}`,
    charged: NOTHING_CHARGED,
    next: '`headswap validate` shows all errors; then run the same command again',
  });
}

function planOf(
  ctx: Context,
  schedule: Pick<ScheduleRow, 'name' | 'overlap' | 'catchup_ms' | 'budget_per_run' | 'windows'>,
  next: readonly NextRun[],
  check: ManifestCheck,
): SchedulePlan {
  return {
    name: schedule.name,
    next,
    check,
    budgetPerRun: schedule.budget_per_run,
    overlap: schedule.overlap,
    catchupMs: schedule.catchup_ms,
    windows: JSON.parse(schedule.windows) as string[],
    onlyWhileUp: !ctx.temporalConfigured,
  };
}

function refuseUnasked({ yes }: { readonly yes: boolean }): void {
  if (yes) return;
  throw usage('this can cause paid tasks and was not confirmed', 'add --yes, best with --budget-per-run N');
}

async function shownSchedule(ledger: Ledger, name: string): Promise<ScheduleRow> {
  const schedule = await readSchedule(ledger.db, name);
  if (schedule !== null && schedule.state !== 'draft') return schedule;
  throw usage(`no schedule "${name}" in this ledger (${ledger.location})`, '`headswap schedule list` shows them');
}

async function knownSchedule(ledger: Ledger, name: string): Promise<ScheduleRow> {
  const schedule = await shownSchedule(ledger, name);
  if (schedule.state === 'active') return schedule;
  throw usage(`schedule "${name}" was deleted`, '`headswap schedule create` makes it anew');
}

async function nextOf(ledger: Ledger, schedule: ScheduleRow, count: number): Promise<NextRun[]> {
  const reading = parseCron(schedule.cron);
  if (reading.kind === 'bad' || schedule.state !== 'active' || schedule.paused_at !== null) return [];
  return nextRuns(reading.cron, schedule.zone, await ledger.now(), count);
}

function documentOf(
  row: ScheduleRow,
  next: readonly NextRun[],
  runs: readonly ScheduleRun[],
  engineUp: boolean | null,
): ScheduleDocument {
  return {
    name: row.name,
    state: row.state === 'deleted' ? 'deleted' : row.paused_at === null ? 'active' : 'paused',
    manifest: row.shown,
    cron: row.cron,
    tz: row.zone,
    overlap: row.overlap,
    catchup_seconds: row.catchup_ms / 1_000,
    budget_per_run: row.budget_per_run,
    windows: JSON.parse(row.windows) as string[],
    created_at: iso(row.created_at),
    created_by: row.created_by,
    paused:
      row.paused_at === null
        ? null
        : { since: iso(row.paused_at), by: row.paused_by ?? '', note: row.pause_note ?? '' },
    engine_up: engineUp,
    next,
    runs: runs.map((run) => ({
      name: run.name,
      kind: run.kind,
      due_at: iso(run.due_at),
      state: run.state,
      reason: run.reason,
      begun_at: run.begun_at === null ? null : iso(run.begun_at),
      ended_at: run.ended_at === null ? null : iso(run.ended_at),
      round: run.batch_round,
      charged: run.charged,
      times: run.times,
      by: run.by_whom,
    })),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
