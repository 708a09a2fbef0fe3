import { basename } from 'node:path';
import type { Ledger } from '../ledger/open-ledger.ts';
import { decideRun, recordMissed, type HeardRun } from '../ledger/schedule-steps.ts';
import { moveRun, readSchedule, tellSchedule, type ScheduleRun } from '../ledger/schedules.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { BatchRow, ScheduleRow } from '../ledger/tables.ts';
import { dueTimeAt, parseCron } from '../schemas/cron.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { BegunRun, RunAsk } from '../schemas/schedule-work.ts';
import type { Context } from './context.ts';
import { OperationError } from './operation-error.ts';
import { probeVendor } from './probe-vendor.ts';
import { enterPlan } from './run-batch.ts';
import { planScheduledRun, refusalTexts } from './scheduled-manifest.ts';
import type { AccountInUse } from './starters.ts';
import { enterAccount, refuseIfHeld } from './take-up.ts';

/** A vendor that is away is a gate, not a reason to lose a run. */
const PROBE_PATIENCE_MS = 4_000;

/**
 * Begins the run of a due time or trigger: decides in the ledger whether it may, reads and plans its manifest, and opens a
 * round of the schedule's batch. Asked again for the same one, it goes on where it was. A manifest with errors, or an account
 * that says no, refuses the run: nothing was created.
 */
export async function beginScheduledRun(ctx: Context, driver: string, ask: RunAsk): Promise<BegunRun> {
  const ledger = await ctx.ledger();
  const schedule = await readSchedule(ledger.db, ask.schedule);
  if (schedule === null) return { kind: 'over' };
  const heard = heardRun(schedule, ask);
  const decision = await ledger.write(async (tx, nowMs) => {
    await recordMissed(tx, ask.schedule, nowMs);
    return decideRun(tx, heard, nowMs);
  });
  switch (decision.kind) {
    case 'over':
      return { kind: 'over' };
    case 'wait':
      return { kind: 'queued' };
    case 'running':
      return running(ctx, ledger, decision.batch);
    case 'start':
      break;
    default:
      return decision satisfies never;
  }
  try {
    return await start(ctx, ledger, driver, decision);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    await refuse(ledger, decision.run, schedule, error);
    return { kind: 'over' };
  }
}

/** The wall-clock time names a run that is due; anything else was asked for by hand. */
function heardRun(schedule: ScheduleRow, { trigger, dueAtMs }: RunAsk): HeardRun {
  const reading = parseCron(schedule.cron);
  const due = trigger !== null || reading.kind === 'bad' ? null : dueTimeAt(reading.cron, schedule.zone, dueAtMs);
  const at = { schedule: schedule.name, dueAtMs };
  if (due !== null) return { ...at, name: due.wall, kind: 'due', by: 'fleet' };
  const name = trigger ?? `by hand ${new Date(dueAtMs).toISOString().slice(0, 19)}Z`;
  return { ...at, name, kind: 'trigger', by: 'the engine' };
}

async function start(
  ctx: Context,
  ledger: Ledger,
  driver: string,
  { run, schedule }: { readonly run: ScheduleRun; readonly schedule: ScheduleRow },
): Promise<BegunRun> {
  const before = await batchRow(ledger.db, schedule.name);
  refuseIfHeld(before, { driver }, await ledger.now());
  const plan = await planScheduledRun(ctx, schedule, before?.committed ?? 0);
  const account = await ctx.account(plan.options.account ?? plan.manifest.account);
  const probed = await probe(account);
  if (probed !== 'away') await enterAccount(ctx, ledger, account, probed);
  const by = `schedule ${schedule.name}`;
  const batch = await enterPlan(ctx, ledger, plan, account, probed === 'away' ? null : probed, {
    by,
    what: run.name,
    alwaysNewRound: true,
  });
  await ledger.write(async (tx, nowMs) => {
    await moveRun(tx, run.id, {
      state: 'running',
      batch_round: batch.round,
      manifest_sha: plan.manifest.sha256,
      charged_before: before?.charged ?? 0,
    });
    const { counts, manifest } = plan;
    const detail = `${run.name}: ${manifest.items.length} rows, ${counts.run + counts.repay} to create, ${counts.done + counts.reuse} done before`;
    await tellSchedule(tx, schedule.name, 'schedule-run', by, detail, nowMs);
  });
  return running(ctx, ledger, batch);
}

/** The balance, null when the vendor asks for patience, `away` when it does not answer. */
async function probe(account: AccountInUse): Promise<number | null | 'away'> {
  try {
    return await probeVendor(account, { patienceMs: PROBE_PATIENCE_MS });
  } catch (error) {
    if (error instanceof OperationError && error.exit === EXIT.unreachable) return 'away';
    throw error;
  }
}

function running(ctx: Context, ledger: Ledger, batch: BatchRow): BegunRun {
  const { requestTimeoutMs } = ctx.accountConfig(ctx.rehearsal ? null : batch.account);
  const { ledger8 } = ledger;
  return {
    kind: 'running',
    batch: { batch: batch.id, ledger8, account: batch.account, lanes: batch.lanes, requestTimeoutMs },
    digest: null,
  };
}

async function refuse(ledger: Ledger, run: ScheduleRun, schedule: ScheduleRow, error: OperationError): Promise<void> {
  const file = basename(schedule.shown);
  const reason = `${file}: ${refusalTexts(error).join('; ')}`;
  await ledger.write(async (tx, nowMs) => {
    await moveRun(tx, run.id, { state: 'refused', reason, ended_at: nowMs });
    await tellSchedule(tx, schedule.name, 'schedule-refused', 'fleet', `${run.name}: ${reason}`, nowMs);
  });
}
