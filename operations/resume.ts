import { createHash } from 'node:crypto';
import { resumeRows, type ResumeRow } from '../ledger/resume-queries.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Resolution } from '../schemas/manifest-item.ts';
import type { ItemState } from '../schemas/states.ts';
import type { Context } from './context.ts';
import { useEngine } from './engine-use.ts';
import { findBatch } from './find-batch.ts';
import { finishResult } from './finish-result.ts';
import { followDriven, type FollowOptions, type FollowResult } from './follow-batch.ts';
import { refuseBehind } from './journal-check.ts';
import { judgeItem, type Judgement } from './judge-item.ts';
import { matchItems } from './match-items.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { priceOf, type Cost } from './plan-cost.ts';
import { interrupted, probeVendor } from './probe-vendor.ts';
import type { GoAhead } from './run-batch.ts';
import { isHeld, takeUpSteps, type ResumeStep } from './resume-steps.ts';
import { uncertainRefused } from './skip.ts';
import { enterAccount, holdOrphans, knownBatch, refuseIfHeld } from './take-up.ts';

export interface ResumeOptions {
  /** Undefined: the only open batch. */
  readonly batch: string | undefined;
  /** Ids or globs. */
  readonly items?: readonly string[];
  readonly only?: readonly ItemState[];
  readonly again?: boolean;
  readonly budget?: number;
}

export interface ResumeItem {
  readonly id: string;
  readonly state: ItemState;
  /** `again`: a new try. `goes-on`: not finished, taken further. `no`: will not run again. */
  readonly action: 'again' | 'goes-on' | 'no';
  readonly why: string;
  /** Upper expectation from here; null when unknown. */
  readonly credits: number | null;
}

export interface ResumePlan {
  readonly options: ResumeOptions;
  readonly batch: string;
  readonly account: string;
  readonly items: readonly ResumeItem[];
  readonly counts: { readonly again: number; readonly goes_on: number; readonly no: number; readonly done: number };
  readonly credits: Cost;
  readonly budget: number | null;
  readonly spends: boolean;
  readonly ledger: string;
  readonly digest: string;
  /** For carrying out. */
  readonly steps: readonly ResumeStep[];
}

/** Per item why it will or will not run again, and the cost (`--dry-run` prints it). A named uncertain item is refused (exit 5). */
export async function planResume(ctx: Context, options: ResumeOptions): Promise<ResumePlan> {
  const batch = await findBatch(ctx, options.batch);
  const ledger = await ctx.ledger();
  const known = await knownBatch(ledger, batch);
  const rows = await resumeRows(ledger.db, batch);
  const patterns = options.items ?? [];
  const named = patterns.length === 0 ? null : new Set(matchItems(rows, patterns, batch));
  const uncertain = rows.find((row) => row.state === 'uncertain' && patterns.includes(row.id));
  if (uncertain !== undefined) throw uncertainRefused(batch, uncertain.id, 'resumed');
  const rules = {
    batch,
    again: options.again === true,
    only: options.only === undefined || options.only.length === 0 ? null : options.only,
    someNamed: named !== null,
    batchHeld: await isHeld(ledger.db, known),
  };
  const steps = rows.map((row) => ({ row, judgement: judge(row, rules, named?.has(row) === true) }));
  const account =
    (await ledger.db.selectFrom('accounts').selectAll().where('id', '=', known.account).executeTakeFirst()) ?? null;
  const price = priceOf(ctx, known.account, account);
  const items = steps.map(({ row, judgement }) =>
    itemOf(row, judgement, spendsOn(judgement) ? (price.range(row.resolution as Resolution)?.high ?? null) : 0),
  );
  const spending = steps.filter(({ judgement }) => spendsOn(judgement));
  const credits = sumOf(
    spending.map(({ row }) => price.range(row.resolution as Resolution)),
    new Set(spending.map(({ row }) => price.basis(row.resolution as Resolution))),
  );
  const count = (action: ResumeItem['action']) =>
    items.filter((item) => item.action === action && item.state !== 'done').length;
  return {
    options: { ...options, batch },
    batch,
    account: known.account,
    items,
    counts: {
      again: items.filter((item) => item.action === 'again').length,
      goes_on: count('goes-on'),
      no: count('no'),
      done: items.filter((item) => item.state === 'done' && item.action === 'no').length,
    },
    credits,
    budget: options.budget ?? known.budget,
    spends: spending.length > 0,
    ledger: ledger.location,
    digest: createHash('sha256')
      .update(JSON.stringify([batch, credits, options]))
      .digest('hex')
      .slice(0, 16),
    steps,
  };
}

/** Opens the next round and follows it. OperationError 2 (not confirmed), 4, 7, 8, 11 as `runBatch`. */
export async function resumeBatch(
  ctx: Context,
  confirmed: ResumePlan,
  go: GoAhead & FollowOptions,
): Promise<FollowResult> {
  if (confirmed.spends && !go.yes)
    throw new OperationError(EXIT.usage, {
      message: 'this can cause paid tasks and was not confirmed',
      charged: NOTHING_CHARGED,
      next: 'add --yes',
    });
  await refuseBehind(ctx);
  const plan = await planResume(ctx, confirmed.options);
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
    const ledger = await ctx.ledger();
    const batch = await knownBatch(ledger, plan.batch);
    refuseIfHeld(batch, engine, await ledger.now());
    if (go.signal.aborted) throw interrupted();
    await holdOrphans(ledger, engine, plan.batch);
    if (ctx.temporalConfigured) await engine.startWorker(ledger, account);
    await enterAccount(ctx, ledger, account, probed.value);
    const { steps, options } = plan;
    // Since this command has the engine, another that joined it may have taken the batch up already.
    const left = { batch, wasLeft: engine.takenOverAtMs !== null && batch.updated_at < engine.takenOverAtMs };
    const attached = await takeUpSteps(ledger, left, { steps, budget: options.budget }, ctx.operator);
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
    return attached === null ? told : { ...told, notes: [attached, ...told.notes] };
  } finally {
    await engine.leave();
  }
}

function refuseDearer(confirmed: ResumePlan, now: ResumePlan): void {
  const [before, after] = [confirmed.credits.high, now.credits.high];
  if (before === null || (after !== null && after <= before)) return;
  throw new OperationError(EXIT.held, {
    message: `the cost changed from ${before} to ${after ?? 'an unknown number of'} credits after the question; nothing was started`,
    charged: NOTHING_CHARGED,
    next: 'run the same command again and look at the new plan',
  });
}

function judge(row: ResumeRow, rules: Parameters<typeof judgeItem>[1], named: boolean): Judgement {
  const paidFor = row.attemptState === 'bound' || (row.attemptState === 'settled' && row.attemptHasOutput);
  const judgement = judgeItem({ ...row, named, paidFor }, rules);
  if (judgement.kind === 'retry' && row.video === '')
    return { kind: 'no', why: 'its addresses were erased or lost: run its manifest, which has them' };
  return judgement;
}

function itemOf(row: ResumeRow, judgement: Judgement, credits: number | null): ResumeItem {
  const left = judgement.kind === 'no' || judgement.kind === 'rests';
  const action = left ? 'no' : judgement.kind === 'goes-on' ? 'goes-on' : 'again';
  return { id: row.id, state: row.state, action, why: judgement.why, credits };
}

function spendsOn(judgement: Judgement): boolean {
  return judgement.kind === 'retry' || (judgement.kind === 'goes-on' && judgement.spends);
}

function sumOf(
  ranges: readonly ({ readonly low: number; readonly high: number } | null)[],
  bases: ReadonlySet<Cost['basis']>,
): Cost {
  const known = ranges.filter((range) => range !== null);
  if (known.length < ranges.length) return { low: null, high: null, basis: 'unknown' };
  const basis = (['unknown', 'hold', 'learnt', 'rate-card'] as const).find((name) => bases.has(name)) ?? 'rate-card';
  return {
    low: known.reduce((sum, range) => sum + range.low, 0),
    high: known.reduce((sum, range) => sum + range.high, 0),
    basis,
  };
}
