/**
 * When to look at a task again (design section 5). The first look waits for the learnt duration; a duration counts in full
 * only if an earlier look said "not yet", since one that was over when first looked at may have been over long before.
 */
export interface PollSettings {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Durations seen lately, newest last, milliseconds. */
export type SeenDurations = readonly number[];

const REMEMBERED = 30;
const NEEDED = 3;
/** A duration found over at the first look. */
const LATE_DETECTION = 0.8;
/** A little before the expected end, so that most tasks are found within one short step of it. */
const EARLY = 0.98;
const STEP_OF_ELAPSED = 0.05;
const SHORTEST_MS = 100;

/** A look this much later than it was due (a restart, a closed gate, a suspended machine) teaches nothing about the vendor. */
const LATE_LOOK_MS = 1_000;

/** `lateMs`: how long after its due time the look that found the end came. */
export function rememberDuration(
  seen: SeenDurations,
  found: { readonly elapsedMs: number; readonly sawNotYet: boolean; readonly lateMs: number },
): SeenDurations {
  const { elapsedMs, sawNotYet, lateMs } = found;
  if (lateMs > LATE_LOOK_MS) return seen;
  const duration = Math.max(1, sawNotYet ? elapsedMs : elapsedMs * LATE_DETECTION);
  return [...seen, duration].slice(-REMEMBERED);
}

/** What nine of ten tasks last at least (the tenth percentile); null until three were seen. */
export function expectedDurationMs(seen: SeenDurations): number | null {
  if (seen.length < NEEDED) return null;
  const sorted = [...seen].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.1)] ?? null;
}

/** Time from now to the first look at a task just created. */
export function firstPollMs(settings: PollSettings, seen: SeenDurations): number {
  const expected = expectedDurationMs(seen);
  return expected === null ? settings.firstMs : Math.max(SHORTEST_MS, expected * EARLY);
}

/** Time from now to the next look, after one that said "not yet". `polls` counts the looks so far. */
export function nextPollMs(settings: PollSettings, seen: SeenDurations, elapsedMs: number, polls: number): number {
  const expected = expectedDurationMs(seen);
  if (expected === null) return Math.min(settings.maxMs, settings.firstMs * settings.factor ** polls);
  if (elapsedMs < expected * EARLY) return Math.max(SHORTEST_MS, expected * EARLY - elapsedMs);
  return Math.min(settings.maxMs, Math.max(SHORTEST_MS, elapsedMs * STEP_OF_ELAPSED));
}

/** A look that failed for reasons of transport or load: again soon, without an influence on the rhythm. */
export const AFTER_FAILED_POLL_MS = 1_000;
/** Stalled tasks are still watched. */
export const STALLED_POLL_MS = 3_600_000;
