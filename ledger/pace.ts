/**
 * How fast calls of one kind may go: the arithmetic of design section 5. Values in, values out; time is a parameter.
 *
 * A pace starts at its ceiling. A refusal sets it to 0.9 of the rate the vendor accepted lately and remembers the refused
 * rate; it grows freely up to 0.95 of that. Above it lies unknown ground: the first step is taken six minutes after the last
 * refusal, so that a constant limit refuses at most once in that time; steps that go well follow every two minutes and grow
 * from 5 to 40 %, since 5 % alone would need half an hour to use a doubled limit.
 */
export interface Pace {
  /** Calls per second. */
  readonly perSecond: number;
  readonly ceilingPerSecond: number;
  readonly refusedPerSecond: number | null;
  /** When it last shrank; calls sent before say nothing about the new pace. */
  readonly cutAtMs: number | null;
  readonly grownAtMs: number | null;
  /** Steps above known ground since the last refusal, and the pace that the last of them left. */
  readonly steps: number;
  readonly groundPerSecond: number | null;
}

const SLOWEST_PER_SECOND = 0.05;
const AFTER_REFUSAL = 0.9;
const FREE_UNTIL = 0.95;
/** Free growth: this much per step, this often. */
const FREE_STEP = 1.25;
const FREE_EVERY_MS = 5_000;
/** Above known ground: growth of the first steps (the last of them repeats), and when they are taken. */
const STEPS = [1.05, 1.05, 1.1, 1.2, 1.4] as const;
const FIRST_STEP_AFTER_MS = 360_000;
const STEP_EVERY_MS = 120_000;
/** Ground that carried is entered again a little below, where chance does not refuse it. */
const GROUND = 0.98;
/** The vendor counts over about a second: a call refused so soon after a cut met what was sent before it. */
const VENDOR_WINDOW_MS = 1_000;
/** Shortest pause after a refusal: lets the vendor's window drain, or fast paces are refused twice for one excess. */
const SHORTEST_HOLD_OFF_MS = 250;
/** A Retry-After beyond this is absurd for a rate limit and counts as this. */
const LONGEST_RETRY_AFTER_MS = 60_000;

export function startPace(ceilingPerSecond: number): Pace {
  return {
    perSecond: ceilingPerSecond,
    ceilingPerSecond,
    refusedPerSecond: null,
    cutAtMs: null,
    grownAtMs: null,
    steps: 0,
    groundPerSecond: null,
  };
}

/**
 * The pace after a refusal for throttling. `acceptedPerSecond` is the accepted rate of the last three seconds (of the time
 * elapsed when younger), null when nothing was accepted. Calls that were sent before the last cut, or so soon after it that
 * they met what was sent before, change nothing.
 */
export function slowDown(
  pace: Pace,
  refusal: { readonly sentAtMs: number; readonly acceptedPerSecond: number | null },
  nowMs: number,
): Pace {
  if (pace.cutAtMs !== null && refusal.sentAtMs <= pace.cutAtMs + VENDOR_WINDOW_MS) return pace;
  const base = refusal.acceptedPerSecond ?? pace.perSecond / 2;
  const perSecond = clamp(Math.min(base, pace.perSecond) * AFTER_REFUSAL, SLOWEST_PER_SECOND, pace.ceilingPerSecond);
  return {
    ...pace,
    perSecond,
    refusedPerSecond: refusedRate(pace, nowMs),
    cutAtMs: nowMs,
    grownAtMs: nowMs,
    steps: 0,
    groundPerSecond: null,
  };
}

/** What is remembered as refused: the pace itself, or, when a fresh step provoked it, what puts free growth back below it. */
function refusedRate(pace: Pace, nowMs: number): number {
  const fresh = pace.grownAtMs !== null && nowMs - pace.grownAtMs <= STEP_EVERY_MS + VENDOR_WINDOW_MS;
  if (pace.groundPerSecond === null || !fresh) return pace.perSecond;
  return Math.min(pace.perSecond, (pace.groundPerSecond * GROUND) / FREE_UNTIL);
}

/** The pace after some quiet time; the same object when nothing is due yet. */
export function grow(pace: Pace, nowMs: number): Pace {
  if (pace.perSecond >= pace.ceilingPerSecond || pace.grownAtMs === null) return pace;
  const free = Math.min((pace.refusedPerSecond ?? Infinity) * FREE_UNTIL, pace.ceilingPerSecond);
  const quietMs = nowMs - pace.grownAtMs;
  if (pace.perSecond < free * 0.999) {
    if (quietMs < FREE_EVERY_MS) return pace;
    return { ...pace, perSecond: Math.min(pace.perSecond * FREE_STEP, free), grownAtMs: nowMs };
  }
  const due = pace.steps === 0 ? (pace.cutAtMs ?? 0) + FIRST_STEP_AFTER_MS : pace.grownAtMs + STEP_EVERY_MS;
  if (nowMs < due) return pace;
  const factor = STEPS[Math.min(pace.steps, STEPS.length - 1)] ?? 1;
  const perSecond = Math.min(pace.perSecond * factor, pace.ceilingPerSecond);
  return {
    ...pace,
    perSecond,
    refusedPerSecond: perSecond / FREE_UNTIL,
    grownAtMs: nowMs,
    steps: pace.steps + 1,
    groundPerSecond: pace.perSecond,
  };
}

/** The same pace under another ceiling (the configuration changed). */
export function underCeiling(pace: Pace, ceilingPerSecond: number): Pace {
  if (pace.ceilingPerSecond === ceilingPerSecond) return pace;
  const wasAtCeiling = pace.perSecond >= pace.ceilingPerSecond;
  const perSecond = wasAtCeiling ? ceilingPerSecond : Math.min(pace.perSecond, ceilingPerSecond);
  return { ...pace, perSecond, ceilingPerSecond };
}

/** How long to hold all calls of the kind after a refusal: the vendor's word within reason, else one gap, at least 250 ms. */
export function holdOffMs(pace: Pace, retryAfterMs: number | null): number {
  if (retryAfterMs !== null && retryAfterMs > 0) return Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS);
  return Math.max(gapMs(pace), SHORTEST_HOLD_OFF_MS);
}

export function gapMs(pace: Pace): number {
  return 1000 / pace.perSecond;
}

/** Claims that may be ahead of their permits: about a second of the pace, at most 50. */
export function aheadOf(gap: number): number {
  return Math.min(50, Math.max(1, Math.ceil(1000 / gap)));
}

/**
 * The open-task limit after a refusal: shrinks when refusals come at a low rate with many tasks open, which means that
 * the vendor counts open tasks, not calls. Null: the refusal says nothing about it.
 */
export function shrinkOpenLimit(facts: {
  readonly openTasks: number;
  readonly acceptedPerSecond: number | null;
  readonly pacePerSecond: number;
}): number | null {
  const slow = (facts.acceptedPerSecond ?? 0) < facts.pacePerSecond / 2;
  return slow && facts.openTasks >= 2 ? facts.openTasks - 1 : null;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
