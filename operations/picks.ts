import { createHash } from 'node:crypto';
import { relative, resolve } from 'node:path';
import type { Ledger } from '../ledger/open-ledger.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import { openRound } from '../ledger/operator-steps.ts';
import { recordPick, type PickToRecord } from '../ledger/picks.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { readPicks } from '../manifests/read-picks.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { exitOf, takeSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { useEngine } from './engine-use.ts';
import { findBatch } from './find-batch.ts';
import { finishResult } from './finish-result.ts';
import { followDriven, type FollowOptions, type FollowResult } from './follow-batch.ts';
import { refuseBehind } from './journal-check.ts';
import { judgePicks, type JudgedPick } from './judge-picks.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { readOpenPicks } from './open-picks.ts';
import { priceOf, type Cost } from './plan-cost.ts';
import { interrupted, probeVendor } from './probe-vendor.ts';
import { picksFile } from './picks-place.ts';
import type { GoAhead } from './run-batch.ts';
import { enterAccount, holdOrphans, knownBatch, refuseIfHeld } from './take-up.ts';

export interface PicksOptions {
  /** Undefined: the only open batch. */
  readonly batch: string | undefined;
  /** The picks file; left out: where `picks export` writes it. */
  readonly file?: string;
  /** `--faces` as the batch was run with. */
  readonly faces?: string;
}

export interface PickVerdict {
  readonly id: string;
  /** `apply` · `same`: decided so already · `open`: nothing chosen yet · `refused`: cannot be applied, the rest goes on. */
  readonly action: JudgedPick['action'];
  readonly why: string;
  /** Upper expectation; null when unknown. */
  readonly credits: number | null;
}

export interface PicksPlan {
  readonly options: PicksOptions;
  readonly batch: string;
  readonly account: string;
  /** As shown to people. */
  readonly file: string;
  readonly items: readonly PickVerdict[];
  readonly counts: Readonly<Record<JudgedPick['action'], number>>;
  /** Items that wait on after this. */
  readonly waiting: number;
  readonly credits: Cost;
  readonly budget: number | null;
  readonly spends: boolean;
  /** Set when the batch is held: decisions are recorded, spending waits for `resume`. */
  readonly held: string | null;
  readonly ledger: string;
  readonly notes: readonly string[];
  readonly digest: string;
  /** For carrying out. */
  readonly picks: readonly PickToRecord[];
}

/** Reads a picks file against the present analyses, item by item. OperationError 2 (no such file or batch), 3 (not a picks file). */
export async function planPicks(ctx: Context, options: PicksOptions): Promise<PicksPlan> {
  const batch = await findBatch(ctx, options.batch);
  const ledger = await ctx.ledger();
  const known = await knownBatch(ledger, batch);
  const path = options.file === undefined ? picksFile(ctx, batch) : resolve(ctx.options.cwd, options.file);
  const file = options.file ?? relative(ctx.options.cwd, path);
  const reading = await readPicks(file, path);
  if (!reading.usable)
    throw new OperationError(EXIT.manifest, {
      code: reading.problems[0]?.code ?? 'M001',
      message: `${file} cannot be read as a picks file; nothing was applied`,
      charged: NOTHING_CHARGED,
      next: `headswap picks export ${batch} writes one; give it back with --file CSV`,
      problems: reading.problems,
    });
  const open = await readOpenPicks(ctx, ledger, known, options.faces);
  const verdicts = judgePicks(reading, open, {
    account: { name: known.account, baseUrl: open.baseUrl },
    ignoreQuery: ctx.config.ignoreQuery,
    allowPrivateHosts: ctx.config.allowPrivateHosts,
    require: ctx.config.require,
    today: new Date(ctx.nowMs()).toISOString().slice(0, 10),
    batch,
  });
  const account =
    (await ledger.db.selectFrom('accounts').selectAll().where('id', '=', known.account).executeTakeFirst()) ?? null;
  const price = priceOf(ctx, known.account, account);
  const picks = verdicts.flatMap(({ pick }) => (pick === null ? [] : [pick]));
  const paid = verdicts.filter(({ pick }) => pick?.resolved.kind === 'ready');
  const ranges = paid.map(({ resolution }) => price.range(resolution));
  const unknown = ranges.includes(null);
  const sum = (end: 'low' | 'high') => ranges.reduce((total, range) => total + (range?.[end] ?? 0), 0);
  const [first] = paid;
  const credits: Cost = unknown
    ? { low: null, high: null, basis: 'unknown' }
    : { low: sum('low'), high: sum('high'), basis: first === undefined ? 'rate-card' : price.basis(first.resolution) };
  const gates = await gatesOfBatch(ledger.db, batch, known.account);
  const hold = gates.find(({ scope, name }) => scope === 'batch' && ['pause', 'stopped', 'cancelled'].includes(name));
  return {
    options: { ...options, batch },
    batch,
    account: known.account,
    file,
    items: verdicts.map(({ id, action, why, pick, resolution }) => ({
      id,
      action,
      why,
      credits: pick?.resolved.kind === 'ready' ? (price.range(resolution)?.high ?? null) : 0,
    })),
    counts: {
      apply: picks.length,
      same: verdicts.filter(({ action }) => action === 'same').length,
      open: verdicts.filter(({ action }) => action === 'open').length,
      refused: verdicts.filter(({ action }) => action === 'refused').length,
    },
    waiting: open.items.filter(({ state }) => state === 'needs-pick').length - picks.length,
    credits,
    budget: known.budget,
    spends: paid.length > 0,
    held: hold === undefined ? null : hold.reason,
    ledger: ledger.location,
    notes: open.notes,
    digest: createHash('sha256')
      .update(JSON.stringify([batch, credits, picks.map(({ item, analysis, text }) => [item, analysis, text])]))
      .digest('hex')
      .slice(0, 16),
    picks,
  };
}

/**
 * Records the decisions and follows the batch, whether it runs already or has to be taken up. What was decided or analysed
 * otherwise since is left out, row by row. OperationError 2 (not confirmed), 4, 7, 8, 11 as `resumeBatch`.
 */
export async function applyPicks(
  ctx: Context,
  confirmed: PicksPlan,
  go: GoAhead & FollowOptions,
): Promise<FollowResult> {
  if (confirmed.spends && !go.yes)
    throw new OperationError(EXIT.usage, {
      message: 'this can cause paid tasks and was not confirmed',
      charged: NOTHING_CHARGED,
      next: 'add --yes',
    });
  const ledger = await ctx.ledger();
  if (confirmed.picks.length === 0 || confirmed.held !== null) return recordOnly(ctx, ledger, confirmed);
  await refuseBehind(ctx);
  const plan = await planPicks(ctx, confirmed.options);
  refuseDearer(confirmed, plan);
  const account = await ctx.account(plan.account);
  const [probed, engined] = await Promise.allSettled([
    probeVendor(account, { signal: go.signal }),
    useEngine(ctx, 'own-if-none'),
  ]);
  if (engined.status === 'rejected')
    throw engined.reason instanceof Error ? engined.reason : new Error(String(engined.reason));
  const engine = engined.value;
  try {
    if (probed.status === 'rejected')
      throw probed.reason instanceof Error ? probed.reason : new Error(String(probed.reason));
    const batch = await knownBatch(ledger, plan.batch);
    refuseIfHeld(batch, engine, await ledger.now());
    if (go.signal.aborted) throw interrupted();
    await holdOrphans(ledger, engine, plan.batch);
    if (ctx.temporalConfigured) await engine.startWorker(ledger, account);
    await enterAccount(ctx, ledger, account, probed.value);
    const applied = await record(ctx, ledger, plan);
    await openAfterPicks(ctx, ledger, batch);
    if (!ctx.temporalConfigured) await engine.startWorker(ledger, account);
    const driven = {
      id: batch.id,
      account: batch.account,
      lanes: batch.lanes,
      requestTimeoutMs: account.requestTimeoutMs,
    };
    await engine.drive(ledger, driven);
    const result = await followDriven(ctx, ledger, engine, driven, go);
    const told = await finishResult(ctx, ledger, account, result);
    return { ...told, notes: [...told.notes, ...changedSince(plan, applied)] };
  } finally {
    await engine.leave();
  }
}

/** The batch is held, or nothing is to be applied: no engine, no vendor. */
async function recordOnly(ctx: Context, ledger: Ledger, plan: PicksPlan): Promise<FollowResult> {
  const applied = await record(ctx, ledger, plan);
  const snapshot = await takeSnapshot(ledger, plan.batch);
  if (snapshot === null) throw new Error(`batch ${plan.batch} vanished from the ledger`);
  const held =
    plan.held === null || applied === 0
      ? []
      : [`Recorded; spending is held (${plan.held}): headswap resume ${plan.batch}`];
  const { batch, totals, credits } = snapshot;
  return {
    batch: batch.id,
    how: 'ended',
    state: batch.state,
    totals,
    credits,
    exit: exitOf(snapshot),
    report: null,
    notes: [...held, ...changedSince(plan, applied)],
  };
}

const PICKS_PER_WRITE = 200;

async function record(ctx: Context, ledger: Ledger, plan: PicksPlan): Promise<number> {
  const at = { batch: plan.batch, account: plan.account };
  let applied = 0;
  for (let start = 0; start < plan.picks.length; start += PICKS_PER_WRITE) {
    const some = plan.picks.slice(start, start + PICKS_PER_WRITE);
    await ledger.write(async (tx, nowMs) => {
      for (const pick of some) if (await recordPick(tx, at, pick, ctx.operator, nowMs)) applied += 1;
    });
  }
  return applied;
}

/** A round that had ended is followed by another; one that runs takes the items in. */
async function openAfterPicks(ctx: Context, ledger: Ledger, batch: BatchRow): Promise<void> {
  const at = { batch: batch.id, account: batch.account };
  await ledger.write(async (tx, nowMs) => {
    const now = await tx.selectFrom('batches').select('state').where('id', '=', batch.id).executeTakeFirstOrThrow();
    if (now.state === 'running') return;
    await openRound(tx, at, { after: batch.round, by: ctx.operator, detail: 'picks apply' }, nowMs);
  });
}

function changedSince(plan: PicksPlan, applied: number): string[] {
  const left = plan.picks.length - applied;
  return left === 0
    ? []
    : [
        `${left} of the choices were not applied: decided or analysed otherwise meanwhile. headswap picks export ${plan.batch} shows them`,
      ];
}

function refuseDearer(confirmed: PicksPlan, now: PicksPlan): void {
  const [before, after] = [confirmed.credits.high, now.credits.high];
  if (before === null || (after !== null && after <= before)) return;
  throw new OperationError(EXIT.held, {
    message: `the cost changed from ${before} to ${after ?? 'an unknown number of'} credits after the question; nothing was applied`,
    charged: NOTHING_CHARGED,
    next: 'run the same command again and look at the new plan',
  });
}
