import type { BatchInput, Due, LaneInput, UnboundTask } from '../../schemas/workflow-inputs.ts';
import { Cancelled, type Driving, type Scope, type SimEngine } from './sim-engine.ts';

/** As workflows/lane.ts has it. */
const COLLECT_AT_ONCE = 8;

/**
 * What workflows/batch.ts does, as a loop of the simulation: lanes until each is closed, then the round's end, and again
 * while something woke it meanwhile. Kept line by line beside it on purpose: whoever changes one looks at the other.
 */
export function driveBatch(engine: SimEngine, input: BatchInput): Driving {
  let woken = false;
  let lanes: Driving[] = [];
  const drive = async (): Promise<void> => {
    for (;;) {
      woken = false;
      lanes = Array.from({ length: input.lanes }, (_, lane) => driveLane(engine, { ...input, lane }));
      await Promise.all(lanes.map((lane) => lane.ended));
      await engine.execute('keepPictures', [input.batch], MEDIA).catch(() => undefined);
      if (woken || (await engine.execute('closeRound', [input], PATIENT)) !== 'closed') continue;
      await engine.execute('writeReport', [input.batch], MEDIA).catch(() => undefined);
      if (!woken) return;
    }
  };
  return {
    wake() {
      woken = true;
      for (const lane of lanes) lane.wake();
    },
    ended: drive(),
  };
}

/** What workflows/lane.ts does. */
function driveLane(engine: SimEngine, input: LaneInput): Driving {
  const policies = policiesOf(input);
  let woken = false;
  let wakeUp: () => void = () => undefined;
  let pass: Scope | undefined;
  const drive = async (): Promise<void> => {
    for (let fresh = true; ;) {
      woken = false;
      pass = { cancelled: false, onCancel: () => undefined };
      const due = await nextDue(engine, { ...input, fresh }, pass);
      fresh = due === null;
      if (due === null) continue;
      if (engine.dice.happens('engine: continued as new')) {
        fresh = true;
        continue;
      }
      for (const key of due.analyse) inBackground(engine.execute('submitAnalysis', [key], policies.analyze));
      for (const key of due.create) inBackground(createAndBind(engine, key, policies));
      for (let from = 0; from < due.collect.length; from += COLLECT_AT_ONCE)
        inBackground(engine.execute('collectOutputs', [due.collect.slice(from, from + COLLECT_AT_ONCE)], MEDIA));
      if (due.closed) return;
      if (due.idleMs !== null && !woken)
        await Promise.race([engine.sleep(due.idleMs), new Promise<void>((resolve) => (wakeUp = resolve))]);
    }
  };
  return {
    wake() {
      woken = true;
      wakeUp();
      if (pass === undefined) return;
      pass.cancelled = true;
      pass.onCancel();
    },
    ended: drive(),
  };
}

/** A pass, or null when a wake-up cancelled it. */
async function nextDue(engine: SimEngine, input: LaneInput & { fresh: boolean }, scope: Scope): Promise<Due | null> {
  if (engine.dice.happens('engine: cancelled pass')) {
    void engine.sleep(engine.dice.between(5, 3_000)).then(() => {
      scope.cancelled = true;
      scope.onCancel();
    });
  }
  try {
    return (await engine.execute('advance', [input], PASS, scope)) as Due;
  } catch (error) {
    if (error instanceof Cancelled) return null;
    throw error;
  }
}

async function createAndBind(
  engine: SimEngine,
  attempt: number,
  { create }: ReturnType<typeof policiesOf>,
): Promise<void> {
  const unbound = (await engine.execute('createTask', [attempt], create)) as UnboundTask | null;
  if (unbound !== null) await engine.execute('bind', [unbound], PATIENT);
}

function inBackground(activity: Promise<unknown>): void {
  void activity.catch(() => undefined);
}

/** The policies of workflows/activity-policies.ts, as numbers. */
const PASS = { startToCloseMs: 60_000, heartbeatMs: 5_000, retried: true } as const;
const PATIENT = { startToCloseMs: 60_000, heartbeatMs: null, retried: true } as const;
const MEDIA = { startToCloseMs: 30 * 60_000, heartbeatMs: 30_000, retried: false } as const;

function policiesOf(input: LaneInput) {
  const once = { startToCloseMs: input.requestTimeoutMs + 30_000, heartbeatMs: null, retried: false } as const;
  return { analyze: once, create: once };
}
