import { createHash, randomBytes } from 'node:crypto';
import { sqliteFile } from '../ledger/open-ledger.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { ruleKey } from '../manifests/identity.ts';
import { PLAN_ACTIONS, planRows, type PlanAction, type PlannedRow } from '../manifests/plan-rows.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Manifest, Problem } from '../schemas/manifest-item.ts';
import { windowClosedText, type ProductionWindow } from '../schemas/production-window.ts';
import { checkUrls, type UnreachableUrl } from './check-urls.ts';
import type { Context } from './context.ts';
import { EMULATOR_BASE_URL } from './emulator-account.ts';
import { behindJournal } from './journal-check.ts';
import { expectedSeconds } from './expected-seconds.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { NOTHING_KNOWN, planFacts, type PlanFacts } from './plan-facts.ts';
import { costOf, priceOf, type Cost } from './plan-cost.ts';
import { readForSpending } from './read-for-spending.ts';

export type { PlanAction };

export interface PlanOptions {
  /** Manifest or sheet, as named by the user (relative to cwd). */
  readonly file: string;
  readonly budget?: number;
  readonly faces?: string;
  readonly batchName?: string;
  /** The account to use when no flag names one, whatever the manifest says (a schedule's). */
  readonly account?: string;
  readonly again?: boolean;
  readonly first?: number;
  readonly skipBadRows?: boolean;
  /** `plan --check-urls`: asks for reach of each distinct URL. */
  readonly checkUrls?: boolean;
}

export type PlanCounts = Readonly<Record<PlanAction, number>>;
export interface PlanItem {
  readonly id: string;
  readonly action: PlanAction;
  /** Plain words. */
  readonly why: string;
  /** Upper expectation of what this item will cost from here; null when unknown. */
  readonly credits: number | null;
}

/** Something beyond the cost that needs a yes. `manifest-path` without one is exit 11, whether or not anybody can be asked. */
export interface PlanQuestion {
  readonly code: 'manifest-path' | 'new-ledger' | 'price-unknown';
  readonly text: string;
}

export interface Plan {
  readonly options: PlanOptions;
  readonly manifest: Manifest;
  /** Id of the batch. */
  readonly batch: string;
  readonly account: string;
  readonly warnings: readonly Problem[];
  /** How a sheet was read; null for YAML. */
  readonly detected: string | null;
  readonly counts: PlanCounts;
  /** Of what runs, not of what waits for a pick; null when no price is known. */
  readonly credits: Cost;
  readonly maxUncertainCredits: number | null;
  /** Expected duration; null when it cannot be told. */
  readonly seconds: number | null;
  readonly budget: number | null;
  readonly items: readonly PlanItem[];
  /** Path or URL of the ledger in use, and whether it was made just now (or will be). */
  readonly ledger: { readonly location: string; readonly isNew: boolean };
  /** Last balance read, from the ledger; null when never read. `plan` calls no vendor. */
  readonly balance: number | null;
  /** The batch is known already, in this state. */
  readonly known: { readonly state: string; readonly driver: string | null } | null;
  /** True when going on can cause paid tasks: the cost must be shown and confirmed (contract section 3). */
  readonly spends: boolean;
  readonly questions: readonly PlanQuestion[];
  /** True when `plan --detailed-exitcode` returns 10. */
  readonly hasWork: boolean;
  /** When creates begin, if no production window of the account is open now; null: at once. */
  readonly window: { readonly reason: string; readonly reopens: string; readonly opens_at: string | null } | null;
  /** Why `run` is refused until `ledger rebuild`; null: the ledger knows all that its journal does. */
  readonly behindJournal: string | null;
  readonly unreachable: readonly UnreachableUrl[];
  /** Of manifest, account, budget and cost: what a yes is bound to. */
  readonly digest: string;
  /** For entering: the decisions, row by row. */
  readonly rows: readonly PlannedRow[];
}

/** The shape `plan --json` prints (contract section 9). */
export interface PlanDocument {
  readonly schema_version: 1;
  readonly batch: string;
  readonly account: string;
  readonly ledger: { readonly location: string; readonly new: boolean };
  readonly counts: PlanCounts;
  readonly credits: Cost;
  readonly max_uncertain_credits: number | null;
  readonly seconds: number | null;
  readonly budget: number | null;
  readonly window: Plan['window'];
  readonly behind_journal: string | null;
  readonly items: readonly PlanItem[];
}

export function planDocument(plan: Plan): PlanDocument {
  const { batch, account, counts, credits, seconds, budget, window, items } = plan;
  return {
    schema_version: 1,
    batch,
    account,
    ledger: { location: plan.ledger.location, new: plan.ledger.isNew },
    counts,
    credits,
    max_uncertain_credits: plan.maxUncertainCredits,
    seconds,
    budget,
    window,
    behind_journal: plan.behindJournal,
    items,
  };
}

function closedWindow(windows: readonly ProductionWindow[], nowMs: number): Plan['window'] {
  const closed = windowClosedText(windows, nowMs);
  if (closed === null) return null;
  const { reason, reopens, opensAtMs } = closed;
  return { reason, reopens, opens_at: opensAtMs === null ? null : new Date(opensAtMs).toISOString() };
}

/**
 * What running the manifest would do and cost. Calls no vendor and writes nothing, not even a ledger that is not there yet.
 * OperationError exit 3 (`problems`), 2 (batch known under another account).
 */
export async function planBatch(ctx: Context, options: PlanOptions): Promise<Plan> {
  const reading = await readForSpending(ctx, options);
  const { manifest } = reading;
  const named = options.account ?? manifest.account;
  const account = ctx.accountName(named);
  const config = ctx.accountConfig(named);
  const identity = { name: account, baseUrl: ctx.rehearsal ? EMULATOR_BASE_URL : config.baseUrl };
  const keyOf = (item: Parameters<typeof ruleKey>[1]) => ruleKey(identity, item, ctx.config.ignoreQuery);
  const ledger = ctx.ledgerExists() ? await ctx.ledger() : null;
  const known = ledger === null ? null : await batchRow(ledger.db, manifest.batch);
  refuseOtherAccount(known, manifest.batch, account);
  const keys = manifest.items.map(keyOf);
  const facts: PlanFacts =
    ledger === null
      ? NOTHING_KNOWN
      : await planFacts(ledger, ctx.store(), { batch: manifest.batch, account, manifest, ruleKeys: keys });
  const price = priceOf(ctx, account, facts.account);
  const rows = planRows(manifest, facts.existing, facts.work, {
    ruleKeyOf: keyOf,
    priceOf: price.range,
    againSalt: options.again === true ? randomBytes(8).toString('hex') : null,
    first: options.first ?? null,
    perItem: manifest.budget.perItem,
  });
  const counts = countActions(rows);
  const cost = costOf(rows, price);
  const budget = budgetOf(options, manifest, known);
  const spends = counts.run + counts.repay > 0;
  const isNew = ledger?.isNew ?? true;
  // A batch that was rebuilt from the journal does not know where it came from.
  const pathChanged = known !== null && known.manifest_path !== '' && known.manifest_path !== manifest.path;
  return {
    options,
    manifest,
    batch: manifest.batch,
    account,
    warnings: reading.warnings,
    detected: reading.detected,
    counts,
    credits: cost.total,
    maxUncertainCredits: maxUncertain(cost.highest, spends ? counts.run + counts.repay : 0, config.limits),
    seconds: expectedSeconds(ctx, rows, facts, config),
    budget,
    items: rows.map(({ id, action, why, credits }) => ({ id, action, why, credits: credits?.high ?? null })),
    ledger: { location: ledger?.location ?? sqliteFile(ctx.ledgerUrl, ctx.baseDir), isNew },
    balance: facts.account?.balance ?? null,
    known:
      known === null ? null : { state: known.state, driver: known.driver_until > ctx.nowMs() ? known.driver : null },
    spends,
    questions: [
      ...(pathChanged ? [pathQuestion(known, manifest)] : []),
      ...(spends && isNew && !ctx.rehearsal
        ? [{ code: 'new-ledger', text: `new ledger: work paid elsewhere is not known here` } as const]
        : []),
      ...(spends && cost.total.high === null
        ? [
            {
              code: 'price-unknown',
              text: 'price unknown: neither the configuration nor this ledger knows what a task costs',
            } as const,
          ]
        : []),
    ],
    hasWork: rows.some(isWork),
    window: closedWindow(config.windows, ctx.nowMs()),
    behindJournal: await behindJournal(ctx),
    unreachable: options.checkUrls === true ? await checkUrls(manifest, ctx.config.allowPrivateHosts) : [],
    digest: createHash('sha256')
      .update(JSON.stringify([manifest.sha256, manifest.path, account, budget, cost.total, counts]))
      .digest('hex')
      .slice(0, 16),
    rows,
  };
}

function refuseOtherAccount(known: BatchRow | null, batch: string, account: string): void {
  if (known === null || known.account === account) return;
  throw new OperationError(EXIT.usage, {
    message: `batch "${batch}" is known with account "${known.account}", not "${account}"`,
    charged: NOTHING_CHARGED,
    next: `use --account ${known.account}, or give the batch another name (--batch)`,
  });
}

function pathQuestion(known: BatchRow | null, manifest: Manifest): PlanQuestion {
  return {
    code: 'manifest-path',
    text: `batch "${manifest.batch}" came from ${known?.manifest_path ?? ''} last time, now from ${manifest.path}: is it the same batch?`,
  };
}

function countActions(rows: readonly PlannedRow[]): PlanCounts {
  const counts = Object.fromEntries(PLAN_ACTIONS.map((action) => [action, 0])) as Record<PlanAction, number>;
  for (const row of rows) counts[row.action] += 1;
  return counts;
}

/** `--budget` caps the batch over its life; without it a known batch keeps what it has, unless the manifest says something new. */
function budgetOf(options: PlanOptions, manifest: Manifest, known: BatchRow | null): number | null {
  const limits = [options.budget, manifest.budget.credits ?? undefined].filter((limit) => limit !== undefined);
  if (options.budget !== undefined) return Math.min(...limits);
  if (known !== null && (known.manifest_sha === manifest.sha256 || manifest.budget.credits === null))
    return known.budget;
  return limits[0] ?? null;
}

/**
 * What creates without an answer could cost at most: never more than `max_uncertain` and those in flight, at the highest
 * price. As many may be in flight as tasks may be open.
 */
function maxUncertain(
  highest: number | null,
  creates: number,
  limits: { readonly openTasks: number; readonly maxUncertain: number },
): number | null {
  if (creates === 0) return 0;
  return highest === null ? null : Math.min(creates, limits.openTasks + limits.maxUncertain) * highest;
}

function isWork(row: PlannedRow): boolean {
  if (row.entry !== null && row.entry.kind !== 'keep') return true;
  return row.action === 'run' || row.action === 'reuse' || row.action === 'in_flight';
}
