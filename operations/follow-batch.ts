import { setTimeout as sleep } from 'node:timers/promises';
import { peekEngine } from '../engine/embedded-engine.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { setBatchState, stopSpending, recordAct } from '../ledger/operator-steps.ts';
import { unsentAndSending } from '../ledger/status-queries.ts';
import type { EventLine } from '../schemas/events.ts';
import { EXIT, type ExitCode } from '../schemas/exit-codes.ts';
import type { ReportCredits, Totals } from '../schemas/report.ts';
import { ACCOUNT_GATES, type BatchState } from '../schemas/states.ts';
import { canMove, exitOf, takeSnapshot, type BatchSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { DriverWatch } from './driver-watch.ts';
import type { DrivenBatch, EngineUse } from './engine-use.ts';
import { LineSource } from './follow-lines.ts';
import { OperationError } from './operation-error.ts';
import { knownBatch } from './take-up.ts';

type Unnumbered<L> = L extends unknown ? Omit<L, 'seq'> : never;
/** A JSON line but for `seq`, which the command counts. */
export type FollowLine = Unnumbered<EventLine>;

export interface FollowOptions {
  /** First Ctrl-C: stop or detach in good order. */
  readonly signal: AbortSignal;
  /** `--max-wait`: end following after this long behind closed account gates; null: however long. */
  readonly maxWaitMs?: number | null;
  /** Called for each change: item, gate, pace, progress (at most two a second). Never `plan` or `summary`. */
  readonly onLine: (line: FollowLine) => void;
}

export interface FollowResult {
  readonly batch: string;
  /** `ended`: the round ended. `stopped`: by Ctrl-C, spending is held. `detached`: it goes on elsewhere. `max-wait`: parked. */
  readonly how: 'ended' | 'stopped' | 'detached' | 'max-wait';
  readonly state: BatchState;
  readonly totals: Totals;
  readonly credits: ReportCredits;
  readonly exit: ExitCode;
  /** Absolute path of report.html, when one was built. */
  readonly report: string | null;
  /** Sentences for people: what was held back, what to do next. */
  readonly notes: readonly string[];
}

const LOOK_EVERY_MS = 300;
/** Looks take at most this share of the time, so that a large batch is not slowed by being watched. */
const LOOK_SHARE = 10;
/** Whoever drives renews its lease every pass; without one for this long nobody does. */
const NOBODY_DRIVES_MS = 15_000;
/** The same while this command's own engine should drive: restarts of it are waited out, workflow code that fails is not. */
const OWN_ENGINE_STUCK_MS = 120_000;

/** Whether nobody has held the lease for longer than `limitMs`. */
function leaseWatch(limitMs: number): (driven: boolean, nowMs: number) => boolean {
  let undrivenSinceMs: number | null = null;
  return (driven, nowMs) => {
    undrivenSinceMs = driven ? null : (undrivenSinceMs ?? nowMs);
    return undrivenSinceMs !== null && nowMs - undrivenSinceMs > limitMs;
  };
}

/** Follows a batch that this command drives, until its round ends or the signal comes. Writes no report. */
export async function followDriven(
  ctx: Context,
  ledger: Ledger,
  engine: EngineUse,
  batch: DrivenBatch,
  options: FollowOptions,
): Promise<FollowResult> {
  const driver = new DriverWatch(engine.client, ledger.ledger8, batch.id);
  let terminated = false;
  const abandoned = leaseWatch(OWN_ENGINE_STUCK_MS);
  const end = await look(ledger, batch.id, options, async (snapshot) => {
    if (snapshot.batch.state === 'running') {
      const nowMs = await ledger.now();
      if (abandoned(snapshot.batch.driver_until > nowMs, nowMs)) {
        throw new OperationError(EXIT.unreachable, {
          code: 'S101',
          message: `the engine makes no progress with batch "${batch.id}"; the reason stands in ${ctx.stateDir}/logs/worker.log`,
          charged: 'Nothing new is charged; what was paid for waits at the vendor.',
          next: `headswap run or resume it again; report the log if it stays`,
        });
      }
      terminated = await driver.gone();
      return terminated ? 'ended' : 'go on';
    }
    // A round that was ending while rows were entered ends before it saw them: it is driven once more.
    if (!canMove(snapshot)) return 'ended';
    await ledger.write((tx, nowMs) => setBatchState(tx, batch.id, 'running', nowMs));
    await engine.drive(ledger, batch);
    return 'go on';
  });
  if (terminated) return endedOutside(ledger, batch, end.snapshot);
  if (end.why === 'ended') return resultOf(end.snapshot, 'ended', exitOf(end.snapshot), []);
  if (end.why === 'max-wait') return parked(ctx, ledger, engine, end.snapshot);
  if (!(await engine.ownsSpending())) return detached(end.snapshot);
  return stopInGoodOrder(ctx, ledger, engine, batch, end.snapshot);
}

/** `watch`: follows a batch that something else drives. OperationError exit 8 when nothing drives it. */
export async function watchBatch(ctx: Context, batch: string, options: FollowOptions): Promise<FollowResult> {
  const ledger = await ctx.ledger();
  await knownBatch(ledger, batch);
  const abandoned = leaseWatch(NOBODY_DRIVES_MS);
  const end = await look(ledger, batch, options, async (snapshot) => {
    if (snapshot.batch.state !== 'running') return 'ended';
    const nowMs = await ledger.now();
    const driven = snapshot.batch.driver_until > nowMs && (await driverLives(ctx, snapshot));
    if (abandoned(driven, nowMs)) {
      throw new OperationError(EXIT.unreachable, {
        code: 'S101',
        message: `nothing drives batch "${batch}"`,
        charged: 'Nothing new is charged; what was paid for waits at the vendor.',
        next: `headswap resume ${batch}`,
      });
    }
    return 'go on';
  });
  if (end.why === 'aborted') return detached(end.snapshot);
  return resultOf(end.snapshot, end.why === 'max-wait' ? 'max-wait' : 'ended', exitOf(end.snapshot), []);
}

interface LookEnd {
  readonly why: 'ended' | 'aborted' | 'max-wait';
  readonly snapshot: BatchSnapshot;
}

async function look(
  ledger: Ledger,
  batch: string,
  options: FollowOptions,
  judge: (snapshot: BatchSnapshot) => Promise<'go on' | 'ended'>,
): Promise<LookEnd> {
  const lines = new LineSource(ledger, batch, options.onLine);
  let behindGatesSinceMs: number | null = null;
  for (let first = true; ; first = false) {
    const startedAtMs = performance.now();
    const snapshot = await takeSnapshot(ledger, batch);
    if (snapshot === null) throw new Error(`batch ${batch} vanished from the ledger`);
    await (first ? lines.begin(snapshot) : lines.look(snapshot));
    if (options.signal.aborted) return { why: 'aborted', snapshot };
    if ((await judge(snapshot)) === 'ended') return { why: 'ended', snapshot };
    const held = snapshot.gates.some((gate) => (ACCOUNT_GATES as readonly string[]).includes(gate.name));
    behindGatesSinceMs = held ? (behindGatesSinceMs ?? startedAtMs) : null;
    const waitedMs = behindGatesSinceMs === null ? 0 : startedAtMs - behindGatesSinceMs;
    if (options.maxWaitMs != null && held && waitedMs >= options.maxWaitMs) return { why: 'max-wait', snapshot };
    const tookMs = performance.now() - startedAtMs;
    await sleep(Math.max(LOOK_EVERY_MS, tookMs * LOOK_SHARE), undefined, { signal: options.signal }).catch(
      () => undefined,
    );
  }
}

/** An embedded engine's driver is as alive as the commands on its state directory, which is known at once. */
async function driverLives(ctx: Context, { batch }: BatchSnapshot): Promise<boolean> {
  if (batch.driver?.startsWith('embedded:') !== true) return true;
  return ((await peekEngine(ctx.stateDir))?.users.length ?? 0) > 0;
}

/**
 * Ctrl-C on an engine of our own: no new creates; what is being sent is settled and bound; then the worker ends. The batch is
 * `stopped`, its spending held until `run` or `resume` of it.
 */
async function stopInGoodOrder(
  ctx: Context,
  ledger: Ledger,
  engine: EngineUse,
  batch: DrivenBatch,
  last: BatchSnapshot,
): Promise<FollowResult> {
  const at = { batch: batch.id, account: batch.account };
  const reason = `interrupted by ${ctx.operator}`;
  await ledger.write((tx, nowMs) => stopSpending(tx, at, { by: ctx.operator, reason, orphaned: false }, nowMs));
  engine.worker()?.poke();
  const deadline = performance.now() + batch.requestTimeoutMs + 20_000;
  while (performance.now() < deadline && (await unsentAndSending(ledger.db, batch.id)).sending.length > 0)
    await sleep(100);
  await engine.stopWorker();
  await ledger.write(async (tx, nowMs) => {
    await setBatchState(tx, batch.id, 'stopped', nowMs);
    await recordAct(tx, at, 'stopped', ctx.operator, reason, nowMs);
  });
  const snapshot = (await takeSnapshot(ledger, batch.id)) ?? last;
  const { totals } = snapshot;
  const paid = totals.by_state.queued + totals.by_state.processing + totals.by_state.collecting;
  return resultOf(snapshot, 'stopped', EXIT.interrupted, [
    `Stopped. ${paid === 0 ? 'Nothing paid is unfinished.' : `${paid} paid ${paid === 1 ? 'item is' : 'items are'} still being made at the vendor and will be collected.`} Nothing new is created until \`headswap resume ${batch.id}\`.`,
  ]);
}

/** Its driver was terminated in Temporal: somebody wanted it to stop, so it is held until somebody wants it to go on. */
async function endedOutside(ledger: Ledger, batch: DrivenBatch, last: BatchSnapshot): Promise<FollowResult> {
  const why = { by: 'temporal', reason: 'its driver was ended in Temporal', orphaned: true };
  await ledger.write((tx, nowMs) => stopSpending(tx, { batch: batch.id, account: batch.account }, why, nowMs));
  await ledger.write((tx, nowMs) => setBatchState(tx, batch.id, 'stopped', nowMs));
  const snapshot = (await takeSnapshot(ledger, batch.id)) ?? last;
  return resultOf(snapshot, 'stopped', exitOf(snapshot), [
    `Stopped: ${why.reason}. What is paid waits at the vendor. To go on: headswap resume ${batch.id}`,
  ]);
}

function detached(snapshot: BatchSnapshot): FollowResult {
  const { id } = snapshot.batch;
  return resultOf(snapshot, 'detached', EXIT.interrupted, [
    `Detached. The batch goes on where it is driven: headswap status ${id}, headswap pause ${id}`,
  ]);
}

/** `--max-wait` ended: the batch waits for money or the vendor, and is taken up by the next `run` or `resume`. */
async function parked(ctx: Context, ledger: Ledger, engine: EngineUse, last: BatchSnapshot): Promise<FollowResult> {
  const { id, account } = last.batch;
  if (await engine.ownsSpending()) {
    const why = { by: ctx.operator, reason: 'nobody follows it any more (--max-wait)', orphaned: false };
    await ledger.write((tx, nowMs) => stopSpending(tx, { batch: id, account }, why, nowMs));
    await engine.stopWorker();
    await ledger.write((tx, nowMs) => setBatchState(tx, id, 'waiting', nowMs));
  }
  const snapshot = (await takeSnapshot(ledger, id)) ?? last;
  const gates = snapshot.gates.map((gate) => `${gate.name} (${gate.reason})`).join(', ');
  const exit = exitOf(snapshot);
  return resultOf(snapshot, 'max-wait', exit, [
    `Waited as long as --max-wait allows behind: ${gates}. Next: headswap resume ${id}`,
  ]);
}

function resultOf(
  snapshot: BatchSnapshot,
  how: FollowResult['how'],
  exit: ExitCode,
  notes: readonly string[],
): FollowResult {
  const { batch, totals, credits } = snapshot;
  return { batch: batch.id, how, state: batch.state, totals, credits, exit, report: null, notes };
}
