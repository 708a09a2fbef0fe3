import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  aheadOf,
  gapMs,
  grow,
  holdOffMs,
  shrinkOpenLimit,
  slowDown,
  startPace,
  underCeiling,
  type Pace,
} from '../../ledger/pace.ts';
import { seeded } from './random-worker.ts';
import { acceptedRate, refusals, simulate } from './throttling-vendor.ts';

const MINUTE = 60_000;
const SIMULATIONS = { numRuns: 15 };

/** A vendor's limit per second, whether refused calls count against it, and the chance of it all. */
const vendors = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  refusalsCount: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
});

describe('a pace against a vendor that refuses above N in a sliding second', () => {
  it('is refused never while its ceiling lies 4 % below a constant limit', () => {
    fc.assert(
      fc.property(vendors, ({ limit, refusalsCount, seed }) => {
        const vendor = { allowed: () => limit, refusalsCount, chance: seeded(seed) };
        const { answers } = simulate(startPace(limit * 0.96), vendor, 20 * MINUTE);
        expect(refusals(answers, 0, 20 * MINUTE)).toBe(0);
        expect(acceptedRate(answers, 0, 20 * MINUTE)).toBeGreaterThan(0.94 * limit);
      }),
      SIMULATIONS,
    );
  });

  it('is refused at most once in 5 minutes once settled, and uses at least 85 % of a constant limit', () => {
    fc.assert(
      fc.property(vendors, ({ limit, refusalsCount, seed }) => {
        const vendor = { allowed: () => limit, refusalsCount, chance: seeded(seed) };
        const { answers, highest } = simulate(startPace(limit * 5), vendor, 70 * MINUTE);
        expect(refusals(answers, 10 * MINUTE, 70 * MINUTE)).toBeLessThanOrEqual(12);
        expect(acceptedRate(answers, MINUTE, 70 * MINUTE)).toBeGreaterThan(0.85 * limit);
        expect(highest).toBeLessThanOrEqual(limit * 5);
      }),
      SIMULATIONS,
    );
  });

  it('uses 85 % of a limit that halves, from 60 s later on', () => {
    fc.assert(
      fc.property(vendors, ({ limit, refusalsCount, seed }) => {
        const change = 15 * MINUTE;
        const allowed = (nowMs: number) => (nowMs < change ? 2 * limit : limit);
        const { answers } = simulate(
          startPace(limit * 5),
          { allowed, refusalsCount, chance: seeded(seed) },
          change + 7 * MINUTE,
        );
        expect(acceptedRate(answers, change + MINUTE, change + 6 * MINUTE)).toBeGreaterThan(0.85 * limit);
        expect(refusals(answers, change + MINUTE, change + 6 * MINUTE)).toBeLessThanOrEqual(2);
      }),
      SIMULATIONS,
    );
  });

  it('uses 85 % of a limit that doubles within 15 minutes, whenever that happens', () => {
    fc.assert(
      fc.property(vendors, fc.integer({ min: 10, max: 20 }), ({ limit, refusalsCount, seed }, minute) => {
        const change = minute * MINUTE;
        const allowed = (nowMs: number) => (nowMs < change ? limit : 2 * limit);
        const { answers } = simulate(
          startPace(limit * 5),
          { allowed, refusalsCount, chance: seeded(seed) },
          change + 18 * MINUTE,
        );
        expect(acceptedRate(answers, change + 15 * MINUTE, change + 17 * MINUTE)).toBeGreaterThan(0.85 * 2 * limit);
      }),
      SIMULATIONS,
    );
  });
});

describe('the arithmetic of a pace', () => {
  /** Anything that may happen to a pace, in any order. */
  const happenings = fc.array(
    fc.oneof(
      fc.record({ refused: fc.option(fc.double({ min: 0.01, max: 500, noNaN: true })), ageMs: fc.nat(5_000) }),
      fc.record({ ceiling: fc.double({ min: 0.1, max: 200, noNaN: true }) }),
      fc.record({ quietMs: fc.nat(1_000_000) }),
    ),
    { maxLength: 60 },
  );

  it('stays above nothing and at most at its ceiling, and survives the ledger', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 200, noNaN: true }), happenings, (ceiling, all) => {
        let pace = startPace(ceiling);
        let nowMs = 1_700_000_000_000;
        for (const one of all) {
          nowMs += 10;
          if ('refused' in one) {
            const after = slowDown(pace, { sentAtMs: nowMs - one.ageMs, acceptedPerSecond: one.refused }, nowMs);
            expect(after.perSecond).toBeLessThanOrEqual(pace.perSecond);
            pace = after;
          } else if ('ceiling' in one) pace = underCeiling(pace, one.ceiling);
          else {
            nowMs += one.quietMs;
            const after = grow(pace, nowMs);
            expect(after.perSecond).toBeGreaterThanOrEqual(pace.perSecond);
            pace = after;
          }
          expect(pace.perSecond).toBeGreaterThanOrEqual(Math.min(0.05, pace.ceilingPerSecond));
          expect(pace.perSecond).toBeLessThanOrEqual(pace.ceilingPerSecond);
          expect(Number.isFinite(gapMs(pace))).toBe(true);
          expect(JSON.parse(JSON.stringify(pace)) as Pace).toEqual(pace);
        }
      }),
    );
  });

  it('ignores refusals of calls sent before the last cut', () => {
    const cut = slowDown(startPace(10), { sentAtMs: 1_000, acceptedPerSecond: 8 }, 1_100);
    expect(cut.perSecond).toBeCloseTo(7.2);
    expect(slowDown(cut, { sentAtMs: 1_050, acceptedPerSecond: 8 }, 1_200)).toBe(cut);
    expect(slowDown(cut, { sentAtMs: 2_200, acceptedPerSecond: null }, 2_300).perSecond).toBeCloseTo(3.24);
  });

  it('takes a lowered ceiling at once and follows a raised one when it was at the old', () => {
    expect(underCeiling(startPace(4), 2).perSecond).toBe(2);
    expect(underCeiling(startPace(4), 9).perSecond).toBe(9);
    const cut = slowDown(startPace(4), { sentAtMs: 1, acceptedPerSecond: 2 }, 2);
    expect(underCeiling(cut, 9).perSecond).toBeCloseTo(1.8);
  });

  it('holds off as the vendor says, within reason', () => {
    const pace = startPace(2);
    expect(holdOffMs(pace, 7_000)).toBe(7_000);
    expect(holdOffMs(pace, 86_400_000)).toBe(60_000);
    expect(holdOffMs(pace, null)).toBe(500);
    expect(holdOffMs(startPace(50), null)).toBe(250);
  });

  it('lets about a second of the pace be claimed ahead, at least one, at most 50', () => {
    expect([20_000, 500, 100, 1].map((gap) => aheadOf(gap))).toEqual([1, 2, 10, 50]);
  });

  it('counts open tasks as the cause only of refusals at a low rate', () => {
    expect(shrinkOpenLimit({ openTasks: 8, acceptedPerSecond: 0.2, pacePerSecond: 2 })).toBe(7);
    expect(shrinkOpenLimit({ openTasks: 8, acceptedPerSecond: null, pacePerSecond: 2 })).toBe(7);
    expect(shrinkOpenLimit({ openTasks: 8, acceptedPerSecond: 1.8, pacePerSecond: 2 })).toBeNull();
    expect(shrinkOpenLimit({ openTasks: 1, acceptedPerSecond: null, pacePerSecond: 2 })).toBeNull();
  });
});
