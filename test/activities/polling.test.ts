import { describe, expect, it } from 'vitest';
import { drivingStates } from '../../activities/parked-states.ts';
import { passIsDue } from '../../activities/pass-due.ts';
import { expectedDurationMs, firstPollMs, nextPollMs, rememberDuration } from '../../activities/poll-interval.ts';
import { outputKey } from '../../schemas/output-version.ts';
import { waitMs } from '../../activities/refusals.ts';

const settings = { firstMs: 5_000, factor: 1.5, maxMs: 30_000 };
const onTime = { sawNotYet: true, lateMs: 0 };

describe('when to look at a task', () => {
  it('follows the settings until three durations are learnt', () => {
    expect(firstPollMs(settings, [3_000, 3_000])).toBe(5_000);
    expect([0, 1, 2, 9].map((polls) => nextPollMs(settings, [], 0, polls))).toEqual([5_000, 7_500, 11_250, 30_000]);
  });

  it('then waits for what nine of ten tasks last at least, and steps by a twentieth of the elapsed time', () => {
    const seen = [20_000, 21_000, 22_000];
    expect(firstPollMs(settings, seen)).toBeCloseTo(19_600);
    expect(nextPollMs(settings, seen, 10_000, 1)).toBeCloseTo(9_600);
    expect(nextPollMs(settings, seen, 24_000, 4)).toBeCloseTo(1_200);
  });

  it('counts a duration in full only after a look that said not yet', () => {
    expect(rememberDuration([], { elapsedMs: 1_000, ...onTime })).toEqual([1_000]);
    expect(rememberDuration([], { elapsedMs: 1_000, sawNotYet: false, lateMs: 0 })).toEqual([800]);
  });

  it('learns nothing from a look that came late: the program was away, not the vendor slow', () => {
    expect(rememberDuration([600], { elapsedMs: 12_000, sawNotYet: true, lateMs: 11_000 })).toEqual([600]);
  });

  it('remembers the last thirty', () => {
    let seen: readonly number[] = [];
    for (let n = 1; n <= 40; n += 1) seen = rememberDuration(seen, { elapsedMs: n * 1_000, ...onTime });
    expect(seen).toHaveLength(30);
    expect(expectedDurationMs(seen)).toBe(14_000);
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
