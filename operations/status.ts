import { peekEngine, type EnginePeek } from '../engine/embedded-engine.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { allBatches, itemLines, lastActivityMs } from '../ledger/status-queries.ts';
import { troubledNotices } from '../ledger/notices.ts';
import { sqliteFile } from '../ledger/open-ledger.ts';
import { uncertainRow } from '../ledger/uncertain-steps.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { needsYou } from '../report/needs-you.ts';
import type { ExitCode } from '../schemas/exit-codes.ts';
import type { ReportCredits, Totals } from '../schemas/report.ts';
import type { BatchState, GateName, ItemState } from '../schemas/states.ts';
import { exitOf, takeSnapshot, type BatchSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { behindJournal } from './journal-check.ts';
import { reasonOfLine } from './follow-lines.ts';
import { heldBy } from './report-facts.ts';
import { allowedFrom } from './resolve.ts';

export interface StatusOptions {
  /** Undefined: all batches. */
  readonly batch?: string;
  readonly items?: boolean;
  readonly state?: ItemState;
  readonly reason?: string;
}

export interface StatusItem {
  readonly id: string;
  readonly state: ItemState;
  readonly reason: {
    readonly code: string;
    readonly message: string;
    readonly vendor: string;
    readonly charged: number;
    readonly next: string;
  } | null;
  readonly charged: number;
  readonly task_id: string | null;
  readonly file: string | null;
  readonly reused_from: string | null;
  readonly updated_at: string;
  /** Of an uncertain one: what is known, and the commands that settle it. */
  readonly uncertain?: StatusUncertain;
}
export interface StatusUncertain {
  readonly sent_at: string;
  readonly awaiting: boolean;
  readonly awaited_until: string | null;
  readonly may_cost: number | null;
  readonly balance_before: number | null;
  readonly allowed_from: string;
  readonly commands: readonly string[];
}

export interface StatusBatch {
  readonly id: string;
  readonly name: string;
  readonly state: BatchState;
  /** Something drives it now. */
  readonly active: boolean;
  readonly driven_by: string | null;
  readonly last_activity_at: string;
  readonly account: string;
  readonly totals: Totals;
  readonly credits: ReportCredits;
  readonly gates: readonly {
    readonly name: string;
    readonly since: string;
    readonly reason: string;
    readonly reopens: string;
  }[];
  readonly needs_you: readonly { readonly kind: string; readonly count: number; readonly command: string }[];
  readonly exit_code: ExitCode;
  readonly items?: readonly StatusItem[];
}

/** Exactly what `status --json` prints. */
/** A message to a receiver of notifications that did not arrive. */
export interface StatusNotice {
  readonly batch: string;
  readonly event: string;
  readonly receiver: string;
  readonly since: string;
  readonly tries: number;
  readonly error: string;
  readonly given_up: boolean;
}

export interface StatusDocument {
  readonly schema_version: 1;
  readonly ledger: { readonly location: string; readonly new: boolean };
  readonly batches: readonly StatusBatch[];
  /** Why nothing is created until `ledger rebuild`; left out when the ledger knows all that its journal does. */
  readonly behind_journal?: string;
  /** Left out when every message arrived. */
  readonly undelivered?: readonly StatusNotice[];
}

/** All batches newest first, or one. Needs no engine and no vendor; makes no ledger. */
export async function readStatus(ctx: Context, options: StatusOptions): Promise<StatusDocument> {
  if (!ctx.ledgerExists() && options.batch === undefined) {
    const location = sqliteFile(ctx.ledgerUrl, ctx.baseDir);
    return { schema_version: 1, ledger: { location, new: true }, batches: [], ...(await behindOf(ctx)) };
  }
  const one = options.batch === undefined ? null : await findBatch(ctx, options.batch);
  const ledger = await ctx.ledger();
  const rows = (await allBatches(ledger.db)).filter((row) => one === null || row.id === one);
  const engine = await peekEngine(ctx.stateDir);
  const batches: StatusBatch[] = [];
  for (const row of rows) batches.push(await statusOf(ctx, ledger, row, engine, options));
  const undelivered = await undeliveredOf(ledger, one);
  return {
    schema_version: 1,
    ledger: { location: ledger.location, new: ledger.isNew },
    batches,
    ...(await behindOf(ctx)),
    ...(undelivered.length === 0 ? {} : { undelivered }),
  };
}

async function behindOf(ctx: Context): Promise<{ behind_journal?: string }> {
  const why = await behindJournal(ctx);
  return why === null ? {} : { behind_journal: why };
}

const NEWS_MS = 7 * 86_400_000;

async function undeliveredOf(ledger: Ledger, batch: string | null): Promise<StatusNotice[]> {
  const rows = await troubledNotices(ledger.db, (await ledger.now()) - NEWS_MS);
  return rows
    .filter((row) => batch === null || row.batch === batch)
    .map((row) => ({
      batch: row.batch,
      event: row.event,
      receiver: row.target,
      since: iso(row.made_at),
      tries: row.tries,
      error: row.error ?? '',
      given_up: row.state === 'given-up',
    }));
}

async function statusOf(
  ctx: Context,
  ledger: Ledger,
  row: BatchRow,
  engine: EnginePeek | undefined,
  options: StatusOptions,
): Promise<StatusBatch> {
  const snapshot = await takeSnapshot(ledger, row.id);
  if (snapshot === null) throw new Error(`batch ${row.id} vanished from the ledger`);
  const lines = await itemLines(ledger.db, row.id);
  const budgetClosed = snapshot.gates.some((gate) => gate.name === 'budget');
  const drivenBy = driverOf(snapshot.batch, engine, await ledger.now());
  const wanted = lines.filter(
    (line) =>
      (options.state === undefined || line.state === options.state) &&
      (options.reason === undefined || line.reasonCode === options.reason),
  );
  const uncertain = new Map<string, StatusUncertain>();
  const showItems = options.items === true || options.state !== undefined || options.reason !== undefined;
  if (showItems) {
    for (const line of wanted.filter(({ state }) => state === 'uncertain').slice(0, UNCERTAIN_TOLD)) {
      const known = await uncertainOf(ctx, ledger, row, line.id);
      if (known !== null) uncertain.set(line.id, known);
    }
  }
  return {
    id: row.id,
    name: row.id,
    state: shownState(snapshot, drivenBy !== null),
    active: drivenBy !== null,
    driven_by: drivenBy,
    last_activity_at: iso(Math.max(row.updated_at, (await lastActivityMs(ledger.db, row.id)) ?? 0)),
    account: row.account,
    totals: snapshot.totals,
    credits: snapshot.credits,
    gates: snapshot.gates.map((gate) => ({
      name: gate.name,
      since: iso(gate.since),
      reason: gate.reason,
      reopens: gate.reopens,
    })),
    needs_you: needsYou({
      batch: row.id,
      items: lines.map((line) => ({
        id: line.id,
        state: line.state,
        heldBy: heldBy(line, budgetClosed),
        reason: line.reasonCode === null ? null : { code: line.reasonCode },
      })),
      gates: snapshot.gates.map((gate) => ({ name: gate.name as GateName })),
    }),
    exit_code: exitOf(snapshot),
    ...(showItems
      ? {
          items: wanted.map((line) => ({
            id: line.id,
            state: line.state,
            reason: reasonOfLine(line),
            charged: line.charged,
            task_id: line.taskId,
            file: line.file,
            reused_from: line.reusedFrom,
            updated_at: iso(line.updatedAtMs),
            ...uncertainField(uncertain.get(line.id)),
          })),
        }
      : {}),
  };
}

/** More than `max_uncertain` ever lets stand; items that follow the same attempt may be many. */
const UNCERTAIN_TOLD = 200;
const BUILT_IN_TIMEOUT_MS = 60_000;

async function uncertainOf(
  ctx: Context,
  ledger: Ledger,
  batch: BatchRow,
  item: string,
): Promise<StatusUncertain | null> {
  const row = await uncertainRow(ledger.db, batch.id, item);
  if (row === null) return null;
  const { accounts, defaultAccount } = ctx.config;
  const requestTimeoutMs =
    accounts[ctx.rehearsal ? defaultAccount : row.account]?.requestTimeoutMs ?? BUILT_IN_TIMEOUT_MS;
  const resolve = `headswap resolve ${batch.id} ${item}`;
  return {
    sent_at: iso(row.sentAtMs),
    awaiting: row.awaiting,
    awaited_until: row.callbackUntilMs === null ? null : iso(row.callbackUntilMs),
    may_cost: row.expected === 0 ? null : row.expected,
    balance_before: row.balanceBefore,
    allowed_from: iso(allowedFrom(row, requestTimeoutMs)),
    commands: [`${resolve} --task-id ID`, `${resolve} --not-created`, `${resolve} --pay-again`],
  };
}

function uncertainField(known: StatusUncertain | undefined): { uncertain?: StatusUncertain } {
  return known === undefined ? {} : { uncertain: known };
}

/** Whoever drives it, in words; null when nobody does. An embedded engine is as alive as the commands that keep it. */
export function driverOf(batch: BatchRow, engine: EnginePeek | undefined, nowMs: number): string | null {
  if (batch.state !== 'running' || batch.driver === null || batch.driver_until <= nowMs) return null;
  if (!batch.driver.startsWith('embedded:')) return batch.driver;
  const [first] = engine?.users ?? [];
  if (first === undefined) return null;
  const keeper = engine?.users.find((user) => user.role === 'up') ?? first;
  return `${keeper.role === 'up' ? 'headswap up' : 'headswap'} (pid ${keeper.pid}) for ${batch.operator}`;
}

/**
 * What people are told: a batch that says running and that nobody drives is stopped; one that an operator paused or cancelled
 * is that at once, although what is paid is still being collected.
 */
export function shownState({ batch, gates }: Pick<BatchSnapshot, 'batch' | 'gates'>, driven: boolean): BatchState {
  if (batch.state === 'finished' || batch.state === 'cancelled') return batch.state;
  const closed = (name: GateName) => gates.some((gate) => gate.name === name);
  if (closed('cancelled')) return 'cancelled';
  if (closed('pause')) return 'paused';
  // Nobody follows it any more, and money or the vendor is what it waits for: `--max-wait` ended.
  if (closed('stopped')) return batch.state === 'waiting' ? 'waiting' : 'stopped';
  return batch.state === 'running' && !driven ? 'stopped' : batch.state;
}

const iso = (ms: number): string => new Date(ms).toISOString();
