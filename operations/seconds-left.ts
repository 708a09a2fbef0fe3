/** A look at how far a batch is. `ended` counts all ends since the following began. */
export interface ProgressPoint {
  readonly atMs: number;
  readonly ended: number;
}

/** Fewer ends than this say nothing about the rest. */
const NEEDED = 5;
/** The rate is that of the last so many ends, so that a pace that changed shows soon. */
const WINDOW_ENDS = 60;

/**
 * Seconds until `remaining` more items have ended, by the rate at which the last ones did; null while too few have. `points`
 * are in order of time, one per change, so that a pause in between counts as time. Pure.
 */
export function secondsLeft(points: readonly ProgressPoint[], remaining: number, nowMs: number): number | null {
  if (remaining <= 0) return 0;
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
