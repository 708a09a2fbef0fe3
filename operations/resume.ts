import { createHash, randomBytes } from 'node:crypto';
import type { Ledger } from '../ledger/open-ledger.ts';
import { openBatchGates, openRound } from '../ledger/operator-steps.ts';
import { resumeRows, type ResumeRow } from '../ledger/resume-queries.ts';
import { passTolerance } from '../ledger/tolerance-steps.ts';
import { collectAgain, endWaits, rejoinItem, retryItem } from '../ledger/take-up-again.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Resolution } from '../schemas/manifest-item.ts';
import { isEnded, type ItemState } from '../schemas/states.ts';
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
  readonly steps: readonly { readonly row: ResumeRow; readonly judgement: Judgement }[];
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
  };
  const steps = rows.map((row) => ({
    row,
    judgement: named !== null && !named.has(row) && isEnded(row.state) ? leftAlone : judge(row, rules, named !== null),
  }));
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
    await takeUp(ctx, ledger, batch, plan);
    if (!ctx.temporalConfigured) await engine.startWorker(ledger, account);
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
    await engine.leave();
  }
}

const STEPS_PER_WRITE = 200;

async function takeUp(ctx: Context, ledger: Ledger, batch: BatchRow, plan: ResumePlan): Promise<void> {
  const at = { batch: batch.id, account: batch.account };
  const round = batch.round + 1;
  const salt = randomBytes(8).toString('hex');
  const by = ctx.operator;
  // First: what is tried again below has failed until now, and was seen by whoever goes on.
  await ledger.write((tx, nowMs) => passTolerance(tx, batch.id, by, nowMs));
  for (let start = 0; start < plan.steps.length; start += STEPS_PER_WRITE) {
    const some = plan.steps.slice(start, start + STEPS_PER_WRITE);
    await ledger.write(async (tx, nowMs) => {
      for (const { row, judgement } of some) {
        if (judgement.kind === 'collect') await collectAgain(tx, row.key, nowMs);
        else if (judgement.kind === 'rejoin') await rejoinItem(tx, at, { key: row.key, item: row.id }, by, nowMs);
        else if (judgement.kind === 'retry') {
          const retry = {
            key: row.key,
            item: row.id,
            from: row.state,
            round,
            salt: judgement.salted ? salt : null,
            nextVersion: row.collected,
            reanalyse: judgement.reanalyse,
            approves: judgement.why,
          };
          await retryItem(tx, at, retry, by, nowMs);
        }
      }
    });
  }
  await ledger.write(async (tx, nowMs) => {
    await endWaits(tx, batch.id, nowMs);
    await openBatchGates(tx, at, ['stopped', 'pause', 'budget', 'cancelled'], by, 'resume', nowMs);
    await openRound(
      tx,
      at,
      {
        newRound: true,
        by,
        detail: 'resume',
        ...(plan.options.budget === undefined ? {} : { budget: plan.options.budget }),
      },
      nowMs,
    );
  });
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

const leftAlone: Judgement = { kind: 'no', why: 'not named' };

function judge(row: ResumeRow, rules: Parameters<typeof judgeItem>[1], named: boolean): Judgement {
  const paidFor = row.attemptState === 'bound' || (row.attemptState === 'settled' && row.attemptHasOutput);
  const judgement = judgeItem({ ...row, named, paidFor }, rules);
  if (judgement.kind === 'retry' && row.video === '')
    return { kind: 'no', why: 'its addresses were erased or lost: run its manifest, which has them' };
  return judgement;
}

function itemOf(row: ResumeRow, judgement: Judgement, credits: number | null): ResumeItem {
  const action = judgement.kind === 'no' ? 'no' : judgement.kind === 'goes-on' ? 'goes-on' : 'again';
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
