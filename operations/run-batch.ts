import type { Ledger } from '../ledger/open-ledger.ts';
import { noteBalanceBefore, openBatchGates, openRound, recordAct } from '../ledger/operator-steps.ts';
import { forgetOutputs } from '../ledger/take-up-again.ts';
import { enterBatch, type BatchEntry } from '../ledger/enter-batch.ts';
import { freeItems } from '../ledger/resting-items.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { ruleKey } from '../manifests/identity.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { laneCount } from '../schemas/names.ts';
import { exitOf, takeSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { refuseBehind } from './journal-check.ts';
import { finishResult } from './finish-result.ts';
import { useEngine, type EngineNeed, type EngineUse } from './engine-use.ts';
import { followDriven, type FollowOptions, type FollowResult } from './follow-batch.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { planBatch, type Plan } from './plan-batch.ts';
import { interrupted, probeVendor } from './probe-vendor.ts';
import { rowEntries } from './row-entries.ts';
import type { AccountInUse } from './starters.ts';
import { enterAccount, holdOrphans, refuseIfHeld } from './take-up.ts';

export interface GoAhead {
  /** `--yes`, or the question was answered. Answers `plan.questions` too. */
  readonly yes: boolean;
}

/**
 * Enters the plan and follows it to the end of the round, then builds the report. Plans again first: a manifest or cost that
 * changed since is refused (exit 11). OperationError 2 (not confirmed), 4 (key refused), 7 (unpaid), 8 (vendor, engine), 11.
 */
export async function runBatch(ctx: Context, plan: Plan, go: GoAhead & FollowOptions): Promise<FollowResult> {
  const nothingToDo = await alreadyFinished(ctx, plan);
  if (nothingToDo !== null) return nothingToDo;
  const started = await start(ctx, plan, go, 'own-if-none');
  try {
    const { ledger, engine, batch, account } = started;
    const driven = {
      id: batch.id,
      account: batch.account,
      lanes: batch.lanes,
      requestTimeoutMs: account.requestTimeoutMs,
    };
    await engine.drive(ledger, driven);
    const result = await followDriven(ctx, ledger, engine, driven, go);
    return await finishResult(ctx, ledger, account, result);
  } finally {
    await started.engine.leave();
  }
}

/** `submit`: enters and starts it on an engine that is up, and returns. OperationError exit 8 when none is. */
export async function submitBatch(
  ctx: Context,
  plan: Plan,
  go: GoAhead,
): Promise<{ readonly batch: string; readonly state: string }> {
  const { ledger, engine, batch, account } = await start(ctx, plan, go, 'must-be-up');
  try {
    await engine.drive(ledger, {
      id: batch.id,
      account: batch.account,
      lanes: batch.lanes,
      requestTimeoutMs: account.requestTimeoutMs,
    });
    return { batch: batch.id, state: 'running' };
  } finally {
    await engine.leave();
  }
}

/** A batch that is finished and unchanged needs neither engine nor vendor: what it came to is told again. */
async function alreadyFinished(ctx: Context, confirmed: Plan): Promise<FollowResult | null> {
  if (confirmed.hasWork || confirmed.known?.state !== 'finished' || confirmed.questions.length > 0) return null;
  const plan = await planBatch(ctx, confirmed.options);
  refuseChanged(confirmed, plan);
  const ledger = await ctx.ledger();
  const snapshot = await takeSnapshot(ledger, plan.batch);
  if (snapshot === null || plan.hasWork) return null;
  const { totals, credits, batch } = snapshot;
  return finishResult(ctx, ledger, null, {
    batch: batch.id,
    how: 'ended',
    state: batch.state,
    totals,
    credits,
    exit: exitOf(snapshot),
    report: null,
    notes: ['Nothing to do: every row is as it was.'],
  });
}

interface Started {
  readonly ledger: Ledger;
  readonly engine: EngineUse;
  readonly account: AccountInUse;
  readonly batch: BatchRow;
}

/** From a confirmed plan to a batch in the ledger and a worker that can drive it. Nothing is written before the vendor answered. */
async function start(
  ctx: Context,
  confirmed: Plan,
  go: GoAhead & Partial<FollowOptions>,
  need: EngineNeed,
): Promise<Started> {
  refuseUnconfirmed(confirmed, go.yes);
  await refuseBehind(ctx);
  const plan = await planBatch(ctx, confirmed.options);
  refuseChanged(confirmed, plan);
  const account = await ctx.account(plan.manifest.account);
  const { vendorPatienceMs } = ctx.options;
  const [probed, engined] = await Promise.allSettled([
    probeVendor(account, {
      ...(go.signal === undefined ? {} : { signal: go.signal }),
      ...(vendorPatienceMs === undefined ? {} : { patienceMs: vendorPatienceMs }),
    }),
    useEngine(ctx, need),
  ]);
  try {
    if (probed.status === 'rejected') throw asError(probed.reason);
    if (engined.status === 'rejected') throw asError(engined.reason);
    const engine = engined.value;
    const ledger = await ctx.ledger();
    refuseIfHeld(await batchRow(ledger.db, plan.batch), engine, await ledger.now());
    if (go.signal?.aborted === true) throw interrupted();
    await holdOrphans(ledger, engine, plan.batch);
    // Before anything is entered where others bring the workers: without one, nothing may look accepted.
    if (need === 'must-be-up' || ctx.temporalConfigured) await engine.startWorker(ledger, account);
    await enterAccount(ctx, ledger, account, probed.value);
    const batch = await enterPlan(ctx, ledger, plan, account, probed.value);
    if (engine.worker() === null && need !== 'must-be-up' && !ctx.temporalConfigured)
      await engine.startWorker(ledger, account);
    return { ledger, engine, account, batch };
  } catch (error) {
    if (engined.status === 'fulfilled') await engined.value.leave();
    throw error;
  }
}

/** Who enters a plan, and whether it is a round of its own although nothing is new (a schedule's run). */
export interface Entering {
  readonly by: string;
  readonly what: string;
  readonly alwaysNewRound: boolean;
}

/** Enters a plan: its rows, then the gates a `run` opens, then the round. Done again after a crash it ends the same. */
export async function enterPlan(
  ctx: Context,
  ledger: Ledger,
  plan: Plan,
  account: AccountInUse,
  balance: number | null,
  entering: Entering = { by: ctx.operator, what: 'run', alwaysNewRound: false },
): Promise<BatchRow> {
  const { by, what } = entering;
  const { manifest } = plan;
  const before = await batchRow(ledger.db, plan.batch);
  const at = { batch: plan.batch, account: plan.account };
  const identity = { name: account.settings.name, baseUrl: account.settings.baseUrl };
  const entry = entryOf(plan, before, by);
  await ledger.write(async (tx, nowMs) => {
    await forgetOutputs(
      tx,
      plan.rows.flatMap((row) => row.forget),
    );
    // A further paid task of a row is somebody's wish, and the report names whose.
    for (const row of plan.rows)
      if (row.action === 'repay') await recordAct(tx, { ...at, item: row.id }, 'retried', by, row.why, nowMs);
    if (before !== null && before.manifest_sha !== manifest.sha256)
      await recordAct(tx, at, 'manifest-changed', by, manifest.file, nowMs);
  });
  await enterBatch(
    ledger,
    entry,
    rowEntries(plan.rows, { lanes: entry.lanes, ruleKeyOf: (item) => ruleKey(identity, item, ctx.config.ignoreQuery) }),
  );
  await ledger.write(async (tx, nowMs) => {
    const starts = plan.rows.some(
      (row) => row.entry !== null && row.entry.kind !== 'keep' && row.entry.kind !== 'remove',
    );
    // What an operator paused stays paused; what was cancelled is taken up only where rows are new or changed.
    await openBatchGates(tx, at, starts ? ['stopped', 'budget', 'cancelled'] : ['stopped', 'budget'], by, what, nowMs);
    const ended = before !== null && before.state !== 'running' && (starts || entering.alwaysNewRound);
    await openRound(tx, at, { after: ended ? before.round : null, by, detail: what }, nowMs);
    await freeItems(tx, plan.batch);
    if (balance !== null) await noteBalanceBefore(tx, plan.batch, balance);
  });
  const batch = await batchRow(ledger.db, plan.batch);
  if (batch === null) throw new Error(`batch ${plan.batch} vanished from the ledger`);
  return batch;
}

function entryOf(plan: Plan, before: BatchRow | null, by: string): BatchEntry {
  const { manifest, credits, budget } = plan;
  const rows = plan.rows.filter((row) => row.action !== 'later' && row.entry?.kind !== 'remove');
  return {
    id: plan.batch,
    account: plan.account,
    project: manifest.project,
    operator: by,
    manifestFile: manifest.file,
    manifestPath: manifest.path,
    manifestSha: manifest.sha256,
    manifestRows: Math.min(manifest.items.length + manifest.bad.length, rows.length),
    lanes: before?.lanes ?? laneCount(manifest.items.length),
    budget,
    perItem: manifest.budget.perItem,
    tolerate: manifest.budget.tolerate ?? null,
    estimated: credits.high === null ? null : credits.high + (before?.committed ?? 0),
    sheet: manifest.sheet === null ? null : JSON.stringify(manifest.sheet),
  };
}

function refuseUnconfirmed(plan: Plan, yes: boolean): void {
  if (yes) return;
  const path = plan.questions.find((question) => question.code === 'manifest-path');
  if (path !== undefined)
    throw new OperationError(EXIT.held, {
      message: path.text,
      charged: NOTHING_CHARGED,
      next: 'add --yes if it is, or give this manifest another batch name (--batch)',
    });
  if (plan.spends)
    throw new OperationError(EXIT.usage, {
      message: 'this can cause paid tasks and was not confirmed',
      charged: NOTHING_CHARGED,
      next: 'add --yes, best with --budget N',
    });
}

/** What was confirmed is what is done: less may be left to do by now, but nothing else and nothing more. */
function refuseChanged(confirmed: Plan, now: Plan): void {
  const refuse = (what: string) => {
    throw new OperationError(EXIT.held, {
      message: `${what} after the question; nothing was started`,
      charged: NOTHING_CHARGED,
      next: 'run the same command again and look at the new plan',
    });
  };
  if (confirmed.manifest.sha256 !== now.manifest.sha256 || confirmed.manifest.path !== now.manifest.path)
    refuse('the manifest changed');
  if (confirmed.account !== now.account) refuse('the account changed');
  if (confirmed.budget !== now.budget) refuse('the budget changed');
  const [before, after] = [confirmed.credits.high, now.credits.high];
  if (before !== null && (after === null || after > before))
    refuse(`the cost changed from ${before} to ${after ?? 'an unknown number of'} credits`);
  const yes = new Set(confirmed.items.filter((item) => item.action === 'repay').map((item) => item.id));
  const more = now.items.find((item) => item.action === 'repay' && !yes.has(item.id));
  if (more !== undefined) refuse(`item ${more.id} would now be paid again (${more.why})`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
