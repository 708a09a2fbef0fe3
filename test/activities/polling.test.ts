import { describe, expect, it } from 'vitest';
import { drivingStates } from '../../activities/parked-states.ts';
import { passIsDue } from '../../activities/pass-due.ts';
import { firstPollMs, nextPollMs, rememberDuration, type SeenDurations } from '../../activities/poll-interval.ts';
import { outputKey } from '../../schemas/output-version.ts';
import { waitMs } from '../../activities/refusals.ts';

const settings = { firstMs: 5_000, factor: 1.5, maxMs: 30_000 };
const exactly = (...durations: readonly number[]) => durations.map((ms) => ({ lowMs: ms, highMs: ms }));

/** One generation of tasks that run side by side: how late each end is seen, in parts of its duration, and the looks taken. */
function generation(seen: SeenDurations, durations: readonly number[]) {
  let learnt = seen;
  const late: number[] = [];
  let looks = 0;
  for (const durationMs of durations) {
    let [elapsedMs, notYetMs, polls] = [firstPollMs(settings, seen), 0, 0];
    while (elapsedMs < durationMs) {
      notYetMs = elapsedMs;
      elapsedMs += nextPollMs(settings, seen, elapsedMs, polls);
      polls += 1;
    }
    late.push(elapsedMs / durationMs - 1);
    looks += polls + 1;
    learnt = rememberDuration(learnt, { elapsedMs, notYetMs, lateMs: 0 });
  }
  return { learnt, worstLate: Math.max(...late), looksEach: looks / durations.length };
}

describe('when to look at a task', () => {
  it('follows the settings until three durations are learnt', () => {
    expect(firstPollMs(settings, exactly(3_000, 3_000))).toBe(5_000);
    expect([0, 1, 2, 9].map((polls) => nextPollMs(settings, [], 0, polls))).toEqual([5_000, 7_500, 11_250, 30_000]);
  });

  it('then waits for what most tasks last at least, and steps by a twentieth of the elapsed time', () => {
    const seen = exactly(20_000, 21_000, 22_000);
    expect(firstPollMs(settings, seen)).toBeCloseTo(19_600);
    expect(nextPollMs(settings, seen, 10_000, 1)).toBeCloseTo(9_600);
    expect(nextPollMs(settings, seen, 24_000, 4)).toBeCloseTo(1_200);
  });

  it('knows only that a task which was over when first looked at lasted no longer than that', () => {
    expect(rememberDuration([], { elapsedMs: 1_000, notYetMs: 0, lateMs: 0 })).toEqual([{ lowMs: 500, highMs: 1_000 }]);
  });

  it('learns nothing from a look that came late: the program was away, not the vendor slow', () => {
    const seen = exactly(600);
    expect(rememberDuration(seen, { elapsedMs: 12_000, notYetMs: 500, lateMs: 11_000 })).toEqual(seen);
  });

  it.each([2_000, 20_000, 180_000])(
    'finds the third ten tasks of %i ms at most a twentieth late, in a few looks',
    (ms) => {
      let { learnt } = generation([], Array<number>(10).fill(ms));
      ({ learnt } = generation(learnt, Array<number>(10).fill(ms)));
      for (let n = 3; n <= 6; n += 1) {
        const next = generation(learnt, Array<number>(10).fill(ms));
        expect(next.worstLate, `generation ${n}`).toBeLessThan(0.08);
        expect(next.looksEach, `generation ${n}`).toBeLessThanOrEqual(12);
        ({ learnt } = next);
      }
      expect(generation(learnt, [ms]).looksEach).toBeLessThanOrEqual(4);
    },
  );

  it('follows tasks that become much shorter or longer within three generations, and looks at the shortest of mixed ones in time', () => {
    for (const [before, after] of [
      [60_000, 15_000],
      [15_000, 60_000],
    ] as const) {
      let { learnt } = generation([], Array<number>(20).fill(before));
      for (let n = 0; n < 3; n += 1) ({ learnt } = generation(learnt, Array<number>(10).fill(after)));
      expect(generation(learnt, [after]).worstLate).toBeLessThan(0.08);
    }
    const mixed = [10_000, 14_000, 18_000, 22_000, 26_000, 30_000];
    let { learnt } = generation([], mixed);
    for (let n = 0; n < 4; n += 1) ({ learnt } = generation(learnt, mixed));
    expect(generation(learnt, mixed).worstLate).toBeLessThan(0.15);
  });
});

describe('what still needs driving behind closed gates', () => {
  it.each([
    [[], ['submitting', 'collecting', 'analyzing', 'queued', 'processing', 'pending', 'ready']],
    [['credits'], ['submitting', 'collecting', 'analyzing', 'queued', 'processing', 'pending', 'ready']],
    [['pause'], ['submitting', 'collecting', 'analyzing', 'queued', 'processing']],
    [['authorisation'], ['submitting', 'collecting']],
  ] as const)('%j', (gates, states) => {
    expect(drivingStates(gates).toSorted()).toEqual([...states].toSorted());
  });
});

describe('when a pass hands its keys over', () => {
  const account = {
    reserved: 0,
    create_gap_ms: 200,
    next_create_at: 0,
    analyses_reserved: 0,
    analyze_gap_ms: 200,
    next_analyze_at: 0,
  };
  const none = { analyse: [], create: [], collect: [] };
  it('at once for creates when nothing else is unsent, later for outputs', () => {
    expect(passIsDue({ ...none, create: [1] }, { ...account, reserved: 1 }, 0, 1_000)).toBe(true);
    expect(passIsDue({ ...none, collect: [1] }, account, 100, 1_000)).toBe(false);
    expect(passIsDue({ ...none, collect: [1] }, account, 300, 1_000)).toBe(true);
  });
  it('not before the permit of the first is near', () => {
    const far = { ...account, reserved: 3, next_create_at: 2_000 };
    expect(passIsDue({ ...none, create: [1] }, far, 250, 1_000)).toBe(false);
    expect(passIsDue({ ...none, create: [1] }, far, 250, 2_400)).toBe(true);
  });
});

describe('names and waits', () => {
  it.each([
    ['b/a.mp4', 1, 'b/a.mp4'],
    ['b/a.mp4', 2, 'b/a.v2.mp4'],
    ['b.x/a', 3, 'b.x/a.v3'],
    ['b/.a', 2, 'b/.a.v2'],
    ['b/a-v{version}.mp4', 1, 'b/a-v1.mp4'],
    ['b/a-v{version}.mp4', 2, 'b/a-v2.mp4'],
  ])('%s, version %i, is %s', (output, version, key) => expect(outputKey(output, version)).toBe(key));

  it('doubles from two seconds to a minute, half as long again at most by chance', () => {
    expect([0, 1, 2, 5, 20].map((tries) => waitMs(tries, 0))).toEqual([2_000, 4_000, 8_000, 60_000, 60_000]);
    expect(waitMs(0, 1)).toBe(3_000);
  });
});
