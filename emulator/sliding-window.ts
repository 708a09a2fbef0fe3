/** Most times within any half-open window of `windowMs`. */
export function maxInWindow(times: readonly number[], windowMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  sorted.forEach((at, index) => {
    while (at - (sorted[first] ?? at) >= windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

/** Most intervals open at one moment; one that ends when another begins does not overlap it. */
export function maxOverlap(intervals: readonly (readonly [number, number])[]): number {
  const steps = intervals.flatMap(([from, to]) => [[from, 1] as const, [to, -1] as const]);
  steps.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let open = 0;
  return steps.reduce((most, [, step]) => Math.max(most, (open += step)), 0);
}

/**
 * Admits so many per second. Fractions are kept exactly by a longer window: 3.3 a second is 4 in 1.21 s. Only admitted
 * requests count.
 */
export class RateLimit {
  #admitted: number[] = [];

  admit(perSecond: number | null | undefined, now: number): boolean {
    if (perSecond == null) return true;
    const most = Math.ceil(perSecond);
    const windowMs = (1_000 * most) / perSecond;
    this.#admitted = this.#admitted.filter((at) => now - at < windowMs);
    if (this.#admitted.length >= most) return false;
    this.#admitted.push(now);
    return true;
  }
}
