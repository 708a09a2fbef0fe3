import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planSeconds, type SecondsFacts } from '../../operations/plan-seconds.ts';
import { secondsLeft, type ProgressPoint } from '../../operations/seconds-left.ts';

const facts: SecondsFacts = {
  videos: Array.from({ length: 120 }, (_, index) => `v${index % 24}`),
  analysed: new Set(),
  createPerSecond: 2,
  analyzePerSecond: 2,
  openTasks: 10,
  openAnalyses: 10,
  taskMs: 1_500,
  analysisMs: 300,
  startMs: 0,
};

describe('plan seconds', () => {
  test('the pace bounds short tasks', () => {
    expect(planSeconds(facts)).toBeGreaterThan(60);
    expect(planSeconds(facts)).toBeLessThan(64);
  });
  test('the open ceiling bounds long ones', () => {
    expect(planSeconds({ ...facts, taskMs: 60_000 })).toBeGreaterThan(120 * 6);
    expect(planSeconds({ ...facts, taskMs: 60_000 })).toBeLessThan(120 * 6 * 1.05);
  });
  test('analyses bound where every item has a video of its own and creates are quick', () => {
    const videos = Array.from({ length: 60 }, (_, index) => `v${index}`);
    expect(planSeconds({ ...facts, videos, createPerSecond: 50, analyzePerSecond: 1 })).toBeGreaterThan(59);
    expect(
      planSeconds({ ...facts, videos, createPerSecond: 50, analyzePerSecond: 1, analysed: new Set(videos) }),
    ).toBeLessThan(20);
  });
  test('nothing to do takes no time; a large batch costs no more to plan', () => {
    expect(planSeconds({ ...facts, videos: [] })).toBe(0);
    const videos = Array.from({ length: 200_000 }, () => 'v');
    expect(planSeconds({ ...facts, videos })).toBeCloseTo(100_000, -3);
  });
  test('more items, a slower pace or longer tasks never take less', () => {
    const some = fc.record({
      count: fc.integer({ min: 1, max: 300 }),
      perSecond: fc.double({ min: 0.2, max: 20, noNaN: true }),
      open: fc.integer({ min: 1, max: 30 }),
      taskMs: fc.integer({ min: 100, max: 60_000 }),
    });
    fc.assert(
      fc.property(some, ({ count, perSecond, open, taskMs }) => {
        const of = (more: Partial<SecondsFacts>, n = count) =>
          planSeconds({
            ...facts,
            videos: facts.videos.concat(facts.videos, facts.videos).slice(0, n),
            createPerSecond: perSecond,
            openTasks: open,
            taskMs,
            ...more,
          });
        expect(of({}, count + 1)).toBeGreaterThanOrEqual(of({}));
        expect(of({ createPerSecond: perSecond / 2 })).toBeGreaterThanOrEqual(of({}));
        expect(of({ taskMs: taskMs * 2 })).toBeGreaterThanOrEqual(of({}));
      }),
      { numRuns: 50 },
    );
  });
});

describe('seconds left', () => {
  test('after 20 of 120 items it is within a quarter, whatever bounds the rate', () => {
    const some = fc.record({
      createPerSecond: fc.double({ min: 0.5, max: 10, noNaN: true }),
      openTasks: fc.integer({ min: 2, max: 20 }),
      taskMs: fc.integer({ min: 500, max: 60_000 }),
      lookMs: fc.integer({ min: 100, max: 500 }),
      jitter: fc.array(fc.double({ min: -0.1, max: 0.1, noNaN: true }), { minLength: 120, maxLength: 120 }),
    });
    fc.assert(
      fc.property(some, ({ lookMs, jitter, ...more }) => {
        const tasks = vendor(
          more,
          jitter.map((part) => more.taskMs * (1 + part)),
        );
        const lastMs = Math.max(...tasks.map((task) => task.endMs));
        const points = pointsOf(
          tasks.map((task) => task.endMs),
          lookMs,
        );
        for (const [index, at] of points.entries()) {
          if (at.ended < 20 || at.ended > 110 || index % 3 !== 0) continue;
          const open = tasks.filter((task) => task.sentMs <= at.atMs && task.endMs > at.atMs);
          const rest = {
            ...more,
            uncreated: tasks.filter((task) => task.sentMs > at.atMs).length,
            openAgesMs: open.map((task) => at.atMs - task.sentMs),
          };
          const left = secondsLeft(points.slice(0, index + 1), 120 - at.ended, rest, at.atMs) ?? 0;
          const truth = (lastMs - at.atMs) / 1000;
          // Later a quarter is less than a wave more or less, which the last items may or may not need.
          const tolerance = Math.max(truth * 0.25, at.ended <= 50 ? 0 : (more.taskMs / 1000) * 1.5 + 2);
          expect(Math.abs(left - truth)).toBeLessThanOrEqual(tolerance);
        }
      }),
      { numRuns: 80, endOnFailure: true },
    );
  });
  test('too few ends say nothing; none left is nought', () => {
    expect(secondsLeft([], 10, null, 0)).toBeNull();
    expect(
      secondsLeft(
        [
          { atMs: 0, ended: 1 },
          { atMs: 1_000, ended: 3 },
        ],
        10,
        null,
        1_000,
      ),
    ).toBeNull();
    expect(secondsLeft([], 0, null, 0)).toBe(0);
  });
  test('a rate that changed shows: only the last ends count', () => {
    const slow = Array.from({ length: 100 }, (_, index) => ({ atMs: index * 10_000, ended: index + 1 }));
    const fast = Array.from({ length: 100 }, (_, index) => ({ atMs: 1_000_000 + index * 1_000, ended: 101 + index }));
    expect(secondsLeft([...slow, ...fast], 100, null, 1_100_000)).toBeCloseTo(100, -1);
  });
});

/** What a follower that looks every so often sees of the ends. */
function pointsOf(ends: readonly number[], lookMs: number): ProgressPoint[] {
  const points: ProgressPoint[] = [];
  for (let atMs = 0; points.at(-1)?.ended !== ends.length; atMs += lookMs) {
    const ended = ends.filter((end) => end <= atMs).length;
    if (ended !== (points.at(-1)?.ended ?? 0)) points.push({ atMs, ended });
  }
  return points;
}

/** A vendor whose tasks take as long as given, each in one of the places, created at most so fast. */
function vendor(
  limits: { readonly createPerSecond: number; readonly openTasks: number },
  durationsMs: readonly number[],
): { sentMs: number; endMs: number }[] {
  const places: number[] = Array.from({ length: limits.openTasks }, () => 0);
  let nextMs = 0;
  return durationsMs.map((durationMs) => {
    const place = places.indexOf(Math.min(...places));
    const sentMs = Math.max(nextMs, places[place] ?? 0);
    nextMs = sentMs + 1000 / limits.createPerSecond;
    places[place] = sentMs + durationMs;
    return { sentMs, endMs: sentMs + durationMs };
  });
}
