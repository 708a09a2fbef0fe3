import { Context, heartbeat } from '@temporalio/activity';
import { accountRow } from '../ledger/account-row.ts';
import { LEASE_MS, renewLease } from '../ledger/batch-lease.ts';
import { placesOfLane } from '../ledger/free-place.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import { inFlightBeside } from '../ledger/in-flight.ts';
import { glance, laneWaits, type DrivenState } from '../ledger/lane-glance.ts';
import { callbacksCome } from '../ledger/receiver-beat.ts';
import { anyStaleClaim, reissueClaims } from '../ledger/reissue.ts';
import { anyStalledDue, lookAtStalled } from '../ledger/stalled-tasks.ts';
import type { AccountRow, BatchRow, GateRow } from '../ledger/tables.ts';
import type { GateName } from '../schemas/states.ts';
import type { Due, LaneInput } from '../schemas/workflow-inputs.ts';
import { servedAccount, type ActivityDependencies } from './dependencies.ts';
import { HeldAnswers } from './held-answers.ts';
import { collectsStopped, drivingStates, pollsStopped } from './parked-states.ts';
import { passIsDue } from './pass-due.ts';
import { Poller } from './poller.ts';
import { claimWork, KEYS_A_PASS, type PassKeys } from './steps/claim-work.ts';
import { endWaits } from './steps/end-waits.ts';
import { pollAnalyses } from './steps/poll-analyses.ts';
import { pollTasks } from './steps/poll-tasks.ts';
import { joinAnalyses, resolveItems } from './steps/resolve-items.ts';
import { sweepStranded } from './steps/sweep-stranded.ts';
import { takeCallbacks } from './steps/take-callbacks.ts';
import { tendGates } from './steps/tend-gates.ts';
import { tendLimits } from './steps/tend-limits.ts';
import { WindowWatch } from './window-watch.ts';

const PASS_MS = 20_000;
/** While keys are held their turn is watched closely; otherwise the next due time decides, or somebody's wake-up. */
const HOLDING_TICK_MS = 50;
const LONGEST_TICK_MS = 250;
/** Wake-ups that come close together share a look. */
const SHORTEST_TICK_MS = 30;
/** A short pass costs no heartbeat. */
const FIRST_HEARTBEAT_MS = 2_000;
const HEARTBEAT_MS = 1_000;
const TEND_EVERY_MS = 1_000;
/** Claims never started for this long lost their activity. */
const STALE_CLAIM_MS = 7_000;
/** Nothing due for longer than this: the lane sleeps on a durable timer instead, at most `LONGEST_SLEEP_MS`. */
const SLEEP_ABOVE_MS = 8_000;
const LONGEST_SLEEP_MS = 60_000;
/** The same while items wait for places that others hold, or creates of which nobody knows: nobody tells when one is free. */
const SLEEP_BESIDE_OTHERS_MS = 10_000;

/**
 * One pass over a lane (design D3): reads its open rows, polls what is due, settles what ended, claims what may start, and
 * returns as soon as there is something to do, nothing for a while, or nothing at all. Obeys cancellation by returning.
 */
export function createAdvance(deps: ActivityDependencies, held = new HeldAnswers(deps.stopping)) {
  const poller = new Poller(deps);
  const watch = new WindowWatch();
  const lanes = new Map<string, RunningPass>();
  return async function advance(input: LaneInput & { readonly fresh: boolean }): Promise<Due> {
    const context = Context.current();
    const name = `${input.batch}/${input.lane}`;
    const superseded = await supersede(lanes.get(name));
    const mine = runningPass(deps);
    lanes.set(name, mine);
    if (context.cancellationSignal.aborted) mine.stop();
    context.cancellationSignal.addEventListener('abort', () => mine.stop());
    const heartbeats = beat();
    try {
      const takeUpAll = input.fresh || context.info.attempt > 1 || superseded;
      return await pass(deps, { poller, watch, held }, input, takeUpAll, () => mine.stopped() || deps.stopping());
    } finally {
      heartbeats.stop();
      mine.end();
      if (lanes.get(name) === mine) lanes.delete(name);
    }
  };
}

interface RunningPass {
  stop(): void;
  stopped(): boolean;
  end(): void;
  readonly ended: Promise<void>;
}

function runningPass(deps: ActivityDependencies): RunningPass {
  const { promise, resolve } = Promise.withResolvers<void>();
  let stopped = false;
  return {
    stop() {
      stopped = true;
      deps.wakeUps.poke();
    },
    stopped: () => stopped,
    end: resolve,
    ended: promise,
  };
}

/**
 * Ends an older pass over the same lane in this process: a cancelled one hears of its cancellation only with its next
 * heartbeat, and what it claimed until then would be lost for seconds. Returns whether there was one.
 */
async function supersede(older: RunningPass | undefined): Promise<boolean> {
  if (older === undefined) return false;
  older.stop();
  await older.ended;
  return true;
}

async function pass(
  deps: ActivityDependencies,
  { poller, watch, held }: { readonly poller: Poller; readonly watch: WindowWatch; readonly held: HeldAnswers },
  input: LaneInput,
  takeUpAll: boolean,
  stop: () => boolean,
): Promise<Due> {
  const keys: PassKeys = { analyse: [], create: [], collect: [] };
  const startedAtMs = performance.now();
  let tendedAtMs = -Infinity;
  let firstKeyAtMs = 0;
  let lookAtPending = true;
  const me = await deps.ledger.write((tx, nowMs) =>
    renewLease(tx, input.batch, deps.driver, nowMs + PASS_MS + LEASE_MS, nowMs),
  );
  if (!me) return { ...keys, idleMs: null, closed: true };
  if (takeUpAll) {
    const again = await deps.ledger.write(async (tx, nowMs) => {
      await lookAtStalled(tx, input, nowMs);
      return reissueClaims(tx, input, 0, KEYS_A_PASS, nowMs);
    });
    take(keys, again);
  }
  for (;;) {
    const tickedAtMs = performance.now();
    const nowMs = await deps.ledger.now();
    let rows = await read(deps, input);
    const tending = tickedAtMs - tendedAtMs > TEND_EVERY_MS;
    if (tending) {
      tendedAtMs = tickedAtMs;
      await sweepStranded(deps, held, input, rows.account, nowMs);
      await endWaits(deps, input, input.account, nowMs);
      await tendGates(deps, rows, nowMs);
      if (await anyStaleClaim(deps.ledger.db, input, STALE_CLAIM_MS, nowMs)) {
        take(keys, await deps.ledger.write((tx, now) => reissueClaims(tx, input, STALE_CLAIM_MS, KEYS_A_PASS, now)));
      }
      if (rows.has('pending')) await joinAnalyses(deps, input, input.account);
      lookAtPending = true;
      rows = await read(deps, input);
    }
    if (await tendLimits(deps, watch, rows, nowMs)) rows = await read(deps, input);
    const gates = rows.gates.map((gate) => gate.name as GateName);
    const lookNow = lookAtPending && rows.has('pending');
    if (lookNow || rows.has('analyzing')) lookAtPending = await resolveItems(deps, input, input.account, lookNow);
    if (!pollsStopped(gates)) {
      if (tending || deps.callbackBase !== null) await takeCallbacks(deps, poller, input, nowMs);
      if (rows.has('analyzing')) await pollAnalyses(deps, poller, input, input.account, nowMs);
      await pollTasks(deps, poller, input, input.account, rows.attached, nowMs);
    }
    await claimWork(deps, input, { ...rows, collectsStopped: collectsStopped(rows.gates) }, keys, nowMs);
    const count = keys.analyse.length + keys.create.length + keys.collect.length;
    if (count > 0 && firstKeyAtMs === 0) firstKeyAtMs = performance.now();
    const due = { ...keys, idleMs: null, closed: false };
    let lookAgainMs = HOLDING_TICK_MS;
    if (stop()) return due;
    if (count > 0) {
      const account = await accountRow(deps.ledger.db, input.account);
      if (passIsDue(keys, account, performance.now() - firstKeyAtMs, await deps.ledger.now())) return due;
    } else {
      const end = await noWork(deps, poller, input, rows);
      if (end.kind === 'end') return { ...keys, idleMs: end.idleMs, closed: end.closed };
      lookAgainMs = end.inMs;
    }
    if (performance.now() - startedAtMs > PASS_MS) return due;
    await deps.wakeUps.wait(lookAgainMs);
    const early = SHORTEST_TICK_MS - (performance.now() - tickedAtMs);
    if (early > 0 && !stop()) await new Promise((resolve) => setTimeout(resolve, early));
  }
}

interface LaneRows {
  readonly account: AccountRow;
  readonly batch: BatchRow;
  readonly gates: GateRow[];
  readonly attached: boolean;
  readonly has: (state: DrivenState) => boolean;
}

async function read(deps: ActivityDependencies, input: LaneInput): Promise<LaneRows> {
  const { db } = deps.ledger;
  const account = await accountRow(db, input.account);
  const { batch, has, attached } = await glance(db, input);
  const gates = account.gates + batch.gates === 0 ? [] : await gatesOfBatch(db, input.batch, input.account);
  return { account, batch, gates, attached, has: (state) => has.has(state) };
}

type NoWork =
  /** Closed, or to sleep until something may be due. */
  | { readonly kind: 'end'; readonly idleMs: number | null; readonly closed: boolean }
  | { readonly kind: 'look-again'; readonly inMs: number };

/** What a pass without keys does next. */
async function noWork(
  deps: ActivityDependencies,
  poller: Poller,
  input: LaneInput,
  { gates: closed, has, account }: LaneRows,
): Promise<NoWork> {
  const gates = closed.map((gate) => gate.name as GateName);
  const open = drivingStates(gates).some(has);
  const waits = open
    ? await laneWaits(deps.ledger.db, input, await deps.ledger.now())
    : { moving: false, nextAtMs: null };
  // Most ticks: what comes next comes so soon that nothing else needs to be asked.
  if (waits.nextAtMs !== null) {
    const inMs = waits.nextAtMs - (await deps.ledger.now());
    if (inMs <= LONGEST_TICK_MS) return { kind: 'look-again', inMs: Math.max(SHORTEST_TICK_MS, inMs) };
  }
  const beside = await besideItems(deps, input, gates);
  if (!open && beside.count === 0) {
    const look = !pollsStopped(gates) && (await anyStalledDue(deps.ledger.db, input, await deps.ledger.now()));
    return look ? { kind: 'look-again', inMs: LONGEST_TICK_MS } : { kind: 'end', idleMs: null, closed: true };
  }
  // Until a production window opens there is nothing to probe: the lane may sleep through it.
  const probing = closed.some(({ name }) => name !== 'window');
  const opens = closed.map((gate) => (gate.name === 'window' ? (gate.probe_at ?? Infinity) : Infinity));
  const nextAtMs = Math.min(waits.nextAtMs ?? Infinity, beside.nextAtMs ?? Infinity, ...opens);
  const inMs = nextAtMs - (await deps.ledger.now());
  const soon = { kind: 'look-again', inMs: Math.min(LONGEST_TICK_MS, Math.max(SHORTEST_TICK_MS, inMs)) } as const;
  if (poller.busy() || waits.moving || probing || nextAtMs === Infinity) return soon;
  if (inMs <= SLEEP_ABOVE_MS) return soon;
  const waitsForOthers = has('ready') && (await placesOfLane(deps.ledger.db, input)) < account.open_tasks;
  const idleMs = Math.min(waitsForOthers ? SLEEP_BESIDE_OTHERS_MS : LONGEST_SLEEP_MS, inMs);
  // The lease must outlast the sleep, or the batch would look stopped meanwhile.
  await deps.ledger.write((tx, nowMs) => renewLease(tx, input.batch, deps.driver, nowMs + idleMs + LEASE_MS, nowMs));
  return { kind: 'end', idleMs, closed: false };
}

/** What is in flight beside the items' driven states; nothing while the vendor may not even be asked. */
async function besideItems(deps: ActivityDependencies, input: LaneInput, gates: readonly GateName[]) {
  if (pollsStopped(gates)) return { count: 0, nextAtMs: null };
  const { db } = deps.ledger;
  const nowMs = await deps.ledger.now();
  const { stalledAfterMs } = servedAccount(deps, input.account).polling;
  return inFlightBeside(db, input, { callbacksCome: await callbacksCome(db, nowMs), stalledAfterMs, nowMs });
}

function take(
  keys: PassKeys,
  more: {
    readonly analyse: readonly number[];
    readonly create: readonly number[];
    readonly collect: readonly number[];
  },
): void {
  for (const kind of ['analyse', 'create', 'collect'] as const) {
    for (const key of more[kind]) if (!keys[kind].includes(key)) keys[kind].push(key);
  }
}

function beat(): { stop(): void } {
  let every: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    heartbeat();
    every = setInterval(() => heartbeat(), HEARTBEAT_MS);
  }, FIRST_HEARTBEAT_MS);
  return {
    stop() {
      clearTimeout(first);
      clearInterval(every);
    },
  };
}
