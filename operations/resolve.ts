import type { TaskDetail } from '../akool/read.ts';
import { bindAttempt } from '../ledger/bind-attempt.ts';
import { recordAct, stopIfUndriven } from '../ledger/operator-steps.ts';
import { openUncertainGate, settleByHand, uncertainRow, type UncertainRow } from '../ledger/uncertain-steps.ts';
import { mayBeSettledFromMs } from '../ledger/uncertain-wait.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Resolution as VideoResolution } from '../schemas/manifest-item.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { journalByHand } from './journal-by-hand.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { knownBatch } from './take-up.ts';
import { wakeDriver } from './wake-driver.ts';

export type Resolution =
  | { readonly kind: 'task-id'; readonly taskId: string }
  | { readonly kind: 'not-created' }
  | { readonly kind: 'pay-again' };

/** What is known about an uncertain create, for the person who decides. */
export interface UncertainItem {
  readonly batch: string;
  readonly item: string;
  /** Number of the attempt within its item. */
  readonly attempt: number;
  readonly sentAt: string;
  /** Credits it may have cost; null when no price is known. */
  readonly expected: number | null;
  /** From when --not-created and --pay-again are allowed. */
  readonly allowedFrom: string;
  readonly allowedNow: boolean;
  readonly balanceBefore: number | null;
  /** Until when its callback is, or was, waited for; null: none can come. */
  readonly callbackUntil: string | null;
  /** That wait still runs. */
  readonly awaiting: boolean;
}

export interface Resolved {
  readonly batch: string;
  readonly item: string;
  readonly state: string;
  readonly text: string;
  readonly next: string;
}

/** OperationError exit 2 when the item is not uncertain. */
export async function readUncertain(ctx: Context, given: string | undefined, item: string): Promise<UncertainItem> {
  const row = await rowOf(ctx, given, item);
  const allowedFromMs = allowedFrom(row, ctx.accountConfig(row.account).requestTimeoutMs);
  return {
    batch: row.batch,
    item: row.item,
    attempt: row.n,
    sentAt: new Date(row.sentAtMs).toISOString(),
    expected: row.expected === 0 ? null : row.expected,
    allowedFrom: new Date(allowedFromMs).toISOString(),
    allowedNow: (await (await ctx.ledger()).now()) >= allowedFromMs,
    balanceBefore: row.balanceBefore,
    callbackUntil: row.callbackUntilMs === null ? null : new Date(row.callbackUntilMs).toISOString(),
    awaiting: row.awaiting,
  };
}

/** Settles it. `pay-again` spends: confirm first. OperationError 2 (not confirmed), 5 (too early, or the task does not match). */
export async function resolveUncertain(
  ctx: Context,
  given: string | undefined,
  item: string,
  resolution: Resolution,
  go: { readonly yes: boolean },
): Promise<Resolved> {
  const row = await rowOf(ctx, given, item);
  if (resolution.kind === 'task-id') return bindByHand(ctx, row, resolution.taskId);
  if (resolution.kind === 'pay-again' && !go.yes) {
    throw new OperationError(EXIT.usage, {
      message: `${item} may be paid a second time, and that was not confirmed`,
      charged: NOTHING_CHARGED,
      next: 'add --yes',
    });
  }
  const ledger = await ctx.ledger();
  refuseEarly(row, ctx.accountConfig(row.account).requestTimeoutMs, await ledger.now());
  const settled = await ledger.write((tx, nowMs) => settleByHand(tx, row, resolution.kind, ctx.operator, nowMs));
  if (!settled) throw notUncertain(row.batch, item);
  await journalByHand(ctx, row.attempt, { type: 'settle', task_id: null, outcome: 'abandoned' });
  const woken = await wakeDriver(ctx, ledger, row.batch);
  if (resolution.kind === 'not-created') {
    return {
      batch: row.batch,
      item,
      state: 'failed',
      text: `${item} is settled as not created. A task that appears later is still recorded.`,
      next: `headswap resume ${row.batch} ${item}`,
    };
  }
  const next = woken ? `headswap status ${row.batch}` : `headswap resume ${row.batch}`;
  await ledger.write((tx, nowMs) => stopIfUndriven(tx, row.batch, nowMs));
  return {
    batch: row.batch,
    item,
    state: 'ready',
    text: `${item} will be paid again${woken ? '' : ' as soon as the batch is driven'}.`,
    next,
  };
}

/**
 * From when "not created" may be said: an answer, or a second send by a process that hung, is certainly over by twice the
 * activity's time (design D6).
 */
export function allowedFrom(row: Pick<UncertainRow, 'sentAtMs'>, requestTimeoutMs: number): number {
  return mayBeSettledFromMs(row.sentAtMs, requestTimeoutMs);
}

function refuseEarly(row: UncertainRow, requestTimeoutMs: number, nowMs: number): void {
  const fromMs = allowedFrom(row, requestTimeoutMs);
  if (nowMs >= fromMs) return;
  throw new OperationError(EXIT.uncertain, {
    code: row.code ?? 'U101',
    message: `${row.item} was sent ${Math.round((nowMs - row.sentAtMs) / 1000)} s ago: too early to say that its task does not exist`,
    charged: 'Perhaps its price; the hold is counted until it is settled.',
    next: `allowed from ${new Date(fromMs).toISOString()}; with the id from the vendor console, --task-id ID is allowed now`,
  });
}

async function bindByHand(ctx: Context, row: UncertainRow, taskId: string): Promise<Resolved> {
  const account = await ctx.account(row.account);
  const detail = await account.client.taskDetail(taskId);
  if (detail.kind !== 'ok') {
    throw new OperationError(
      detail.consequence.kind === 'gate'
        ? EXIT.account
        : detail.kind === 'transport'
          ? EXIT.unreachable
          : EXIT.uncertain,
      {
        code: 'U101',
        message: `the vendor does not show task ${taskId}: ${detail.message}; nothing was changed`,
        charged: NOTHING_CHARGED,
        next: 'check the id in the vendor console, and that the key belongs to the same account',
      },
    );
  }
  const differences = taskDifferences(row, detail.value, ctx.accountConfig(row.account).requestTimeoutMs);
  if (differences.length > 0) throw notThisTask(row, taskId, differences);
  const ledger = await ctx.ledger();
  const bound = await ledger.write(async (tx, nowMs) => {
    const outcome = await bindAttempt(
      tx,
      row.attempt,
      {
        taskId,
        hold: null,
        createdAtMs: row.sentAtMs,
        firstPollAtMs: nowMs,
        resolution: row.resolution as VideoResolution,
        by: ctx.operator,
      },
      nowMs,
    );
    if (outcome !== 'bound') return outcome;
    await recordAct(
      tx,
      { batch: row.batch, account: row.account, item: row.item },
      'resolved',
      ctx.operator,
      `bound to task ${taskId}`,
      nowMs,
    );
    await openUncertainGate(tx, row.account, ctx.operator, nowMs);
    return outcome;
  });
  if (bound !== 'bound') throw notThisTask(row, taskId, ['it is recorded for another attempt already']);
  await journalByHand(ctx, row.attempt, { type: 'bind', task_id: taskId, outcome: null });
  const woken = await wakeDriver(ctx, ledger, row.batch);
  const next = woken ? `headswap status ${row.batch}` : `headswap resume ${row.batch}`;
  await ledger.write((tx, nowMs) => stopIfUndriven(tx, row.batch, nowMs));
  return {
    batch: row.batch,
    item: row.item,
    state: 'queued',
    text: `${row.item} is task ${taskId}; it is followed and collected at no further cost.`,
    next,
  };
}

/** Clocks of the vendor and of this machine may differ by so much. */
const CLOCKS_APART_MS = 120_000;

/** What speaks against a task being the one of this attempt; empty when nothing does. Pure. */
export function taskDifferences(
  row: Pick<UncertainRow, 'videoUrl' | 'resolution' | 'sentAtMs'>,
  task: TaskDetail,
  requestTimeoutMs: number,
): string[] {
  const differences: string[] = [];
  if (task.sourceVideoUrl === null) differences.push('the vendor does not say which video it is of');
  else if (task.sourceVideoUrl !== row.videoUrl) differences.push('it is of another video');
  if (task.resolution !== null && task.resolution !== row.resolution)
    differences.push(`it has resolution ${task.resolution}, not ${row.resolution}`);
  const createdMs = task.createdAtMs;
  if (
    createdMs !== null &&
    (createdMs < row.sentAtMs - CLOCKS_APART_MS || createdMs > row.sentAtMs + requestTimeoutMs + CLOCKS_APART_MS)
  ) {
    differences.push(
      `it was created ${new Date(createdMs).toISOString()}, the item was sent ${new Date(row.sentAtMs).toISOString()}`,
    );
  }
  return differences;
}

function notThisTask(row: UncertainRow, taskId: string, differences: readonly string[]): OperationError {
  return new OperationError(EXIT.uncertain, {
    code: 'U101',
    message: `task ${taskId} is not the one of ${row.item}: ${differences.join('; ')}; nothing was changed`,
    charged: NOTHING_CHARGED,
    next: 'look for the task by video and time in the vendor console',
  });
}

async function rowOf(ctx: Context, given: string | undefined, item: string): Promise<UncertainRow> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  await knownBatch(ledger, batch);
  const row = await uncertainRow(ledger.db, batch, item);
  if (row === null) throw notUncertain(batch, item);
  return row;
}

function notUncertain(batch: string, item: string): OperationError {
  return new OperationError(EXIT.usage, {
    message: `${item} of ${batch} is not uncertain`,
    charged: NOTHING_CHARGED,
    next: `\`headswap status ${batch} --state uncertain\` lists those that are`,
  });
}
