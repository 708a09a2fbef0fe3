import type { Resolution } from '../schemas/manifest-item.ts';

/** Credits of one task, fixed or per started stretch of the source. */
export type Price = number | { readonly perStartedMs: number; readonly credits: number };
export type PriceCard = Partial<Record<Resolution, Price>>;

/** What the ledger has seen of one account, per resolution. */
export interface LearntPrice {
  readonly hold?: number;
  readonly low?: number;
  readonly high?: number;
  readonly settled?: number;
}
export type LearntPrices = Partial<Record<Resolution, LearntPrice>>;

export interface Expectation {
  /** Credits set aside for one task: an upper estimate, 0 when nothing is known. */
  readonly high: number;
  readonly low: number;
  readonly basis: 'rate-card' | 'learnt' | 'hold' | 'unknown';
}

/** Sources are about 3 to 20 seconds long (vendor page, head swap overview). */
const SHORTEST_SOURCE_MS = 3_000;
const LONGEST_SOURCE_MS = 20_000;

/**
 * What a task is expected to cost. A charge seen above the rate card raises the expectation, so that a budget holds for
 * later claims too (contract section 7).
 */
export function expectPrice(card: PriceCard, learnt: LearntPrices, resolution: Resolution): Expectation {
  const price = card[resolution];
  const seen = learnt[resolution] ?? {};
  if (price !== undefined) {
    const high = typeof price === 'number' ? price : started(price, LONGEST_SOURCE_MS);
    const low = typeof price === 'number' ? price : started(price, SHORTEST_SOURCE_MS);
    return { high: Math.max(high, seen.high ?? 0), low, basis: 'rate-card' };
  }
  if (seen.high !== undefined && (seen.settled ?? 0) > 0)
    return { high: seen.high, low: seen.low ?? seen.high, basis: 'learnt' };
  if (seen.hold !== undefined) return { high: seen.hold, low: 0, basis: 'hold' };
  return { high: 0, low: 0, basis: 'unknown' };
}

function started(price: { perStartedMs: number; credits: number }, lengthMs: number): number {
  return Math.ceil(lengthMs / price.perStartedMs) * price.credits;
}

export function learnHold(learnt: LearntPrices, resolution: Resolution, hold: number): LearntPrices {
  return { ...learnt, [resolution]: { ...learnt[resolution], hold } };
}

export function learnCharge(learnt: LearntPrices, resolution: Resolution, charge: number): LearntPrices {
  const seen = learnt[resolution] ?? {};
  return {
    ...learnt,
    [resolution]: {
      ...seen,
      low: Math.min(seen.low ?? charge, charge),
      high: Math.max(seen.high ?? charge, charge),
      settled: (seen.settled ?? 0) + 1,
    },
  };
}
