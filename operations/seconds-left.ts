/** A look at how far a batch is. `ended` counts all ends since the following began. */
export interface ProgressPoint {
  readonly atMs: number;
  readonly ended: number;
}

/** What is still before a batch, as the ledger has it. */
export interface RestFacts {
  /** Items without a task yet. */
  readonly uncreated: number;
  /** Of each open task, since it was created. */
  readonly openAgesMs: readonly number[];
  readonly createPerSecond: number;
  readonly openTasks: number;
  /** Usual duration of a task, until its end is seen; null while none is known. */
  readonly taskMs: number | null;
}

/** Fewer ends than this say nothing about the rest. */
const NEEDED = 5;
/** The rate is that of the last so many ends, so that a pace that changed shows soon. */
const WINDOW_ENDS = 60;

/** What the ends say is believed against what is to be expected only when it is this much worse, and not near the end, where a
 * wave of ends would pass for it. */
const MUCH_SLOWER = 1.5;
const ENOUGH_LEFT = 20;

/**
 * Seconds until `remaining` more items have ended; null while too little is known. By pace, places and ages of what is open;
 * by the rate of the last ends while no duration is known, or when something slows that the former does not know of.
 * `points` are in order of time, one per change. Pure.
 */
export function secondsLeft(
  points: readonly ProgressPoint[],
  remaining: number,
  rest: RestFacts | null,
  nowMs: number,
): number | null {
  if (remaining <= 0) return 0;
  const observed = byRate(points, remaining, nowMs);
  const expected = rest === null ? null : byPlaces(rest);
  if (observed === null || expected === null) return observed ?? expected;
  const slowed = remaining >= ENOUGH_LEFT && observed > expected * MUCH_SLOWER;
  return slowed ? observed : expected;
}

function byRate(points: readonly ProgressPoint[], remaining: number, nowMs: number): number | null {
  const last = points.at(-1);
  if (last === undefined) return null;
  const start = windowStart(points, last.ended);
  if (start === null) return null;
  const ended = last.ended - start.ended;
  const elapsedMs = last.atMs - start.atMs;
  if (ended < NEEDED || elapsedMs <= 0) return null;
  const perItemMs = elapsedMs / ended;
  const sinceLastMs = Math.max(0, nowMs - last.atMs);
  // The next end is due already: what is overdue makes the rest later, not sooner.
  return Math.max(perItemMs, remaining * perItemMs - Math.min(sinceLastMs, perItemMs)) / 1000;
}

/** The first point with an end, or a later one when there are many: the time before the first end says nothing about the rate. */
function windowStart(points: readonly ProgressPoint[], ended: number): ProgressPoint | null {
  let start: ProgressPoint | null = null;
  for (const point of points) {
    if (point.ended === 0) continue;
    if (start === null || ended - point.ended >= WINDOW_ENDS) start = point;
  }
  return start;
}

/** More creates than this are beyond what can be foretold one by one: they follow at the steady rate. */
const SIMULATED = 2_000;

/** Creates go as fast as pace and places allow, where a place is free when the task in it ends; the last task has to end too. */
function byPlaces({ uncreated, openAgesMs, createPerSecond, openTasks, taskMs }: RestFacts): number | null {
  if (taskMs === null || taskMs <= 0) return null;
  const ends = openAgesMs.map((age) => Math.max(0, taskMs - age)).toSorted((a, b) => a - b);
  const simulated = Math.min(uncreated, SIMULATED);
  const gapMs = 1000 / createPerSecond;
  let nextMs = 0;
  for (let index = 0; index < simulated; index += 1) {
    // All tasks take the same time, so those created here end in their order, after all that are open now.
    const sentMs = Math.max(nextMs, ends[ends.length - openTasks] ?? 0);
    nextMs = sentMs + gapMs;
    ends.push(sentMs + taskMs);
  }
  const steadyPerSecond = Math.min(createPerSecond, (openTasks * 1000) / taskMs);
  return (ends.at(-1) ?? 0) / 1000 + (uncreated - simulated) / steadyPerSecond;
}
