/**
 * When to look at a task again (design section 5). The first look waits for the learnt duration. What a task really took lies
 * between the last look that said "not yet" and the one that found it over; one that was over when first looked at may have
 * been over long before.
 */
export interface PollSettings {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Durations seen lately, newest last: each lasted at least `lowMs` and at most `highMs`. */
export type SeenDurations = readonly { readonly lowMs: number; readonly highMs: number }[];

const REMEMBERED = 20;
const NEEDED = 3;
/** Of a duration found over at the first look: looks that come late must not confirm themselves, and halving finds the end soonest. */
const LATE_DETECTION = 0.5;
/** A little before the expected end, so that most tasks are found within one short step of it. */
const EARLY = 0.98;
const STEP_OF_ELAPSED = 0.05;
const SHORTEST_MS = 100;

/** A look this much later than it was due (a restart, a closed gate, a suspended machine) teaches nothing about the vendor. */
const LATE_LOOK_MS = 1_000;

/** `notYetMs`: its age at the last look that said "not yet", 0 when none did; `lateMs`: how long after its due time the last look came. */
export function rememberDuration(
  seen: SeenDurations,
  found: { readonly elapsedMs: number; readonly notYetMs: number; readonly lateMs: number },
): SeenDurations {
  const { elapsedMs, notYetMs, lateMs } = found;
  if (lateMs > LATE_LOOK_MS) return seen;
  const lowMs = notYetMs > 0 ? notYetMs : Math.max(1, elapsedMs * LATE_DETECTION);
  return [...seen, { lowMs, highMs: Math.max(1, elapsedMs) }].slice(-REMEMBERED);
}

/**
 * When a task is first worth a look; null until three were seen. While all take about as long, that is what half of them are
 * known to have lasted; where they differ, what nine of ten lasted.
 */
function expectedDurationMs(seen: SeenDurations): number | null {
  if (seen.length < NEEDED) return null;
  const lows = seen.map(({ lowMs }) => lowMs).toSorted((a, b) => a - b);
  const highs = seen.map(({ highMs }) => highMs).toSorted((a, b) => a - b);
  return Math.min(at(lows, 0.5), at(highs, 0.1));
}

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
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
