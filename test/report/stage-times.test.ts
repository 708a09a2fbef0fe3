import { describe, expect, test } from 'vitest';
import { buildReport } from '../../report/build-report.ts';
import { eventLines, wordingOf } from '../../report/event-wording.ts';
import { readableBytes, readableDuration, hrefOfPath, webAddress } from '../../report/html/readable.ts';
import { endsOverTime, slowestItems, stageTimesOf, summarizeStages } from '../../report/stage-times.ts';
import { EVENT_TYPES } from '../../schemas/events.ts';
import { doneItem, factsOf, springFacts } from './sample-facts.ts';

describe('where the time went', () => {
  const { items } = buildReport(factsOf([doneItem('a', 0), doneItem('b', 1)]));

  test('per item', () => {
    expect(stageTimesOf(items[0]!)).toEqual({ analysis: 9_000, wait: 5_000, processing: 95_000, download: 3_000 });
  });
  test('over all', () => {
    expect(summarizeStages(items)[2]).toEqual({ stage: 'processing', items: 2, medianMs: 132_000, longestMs: 132_000 });
    expect(slowestItems(items, 1).map(({ item }) => item.id)).toEqual(['b']);
  });
  test('ends over time: every ended item in one bucket, nothing for a batch without moments', () => {
    const all = buildReport(springFacts()).items;
    const { buckets } = endsOverTime(all, 30);
    const timed = all.filter((item) => item.timeline.length > 0);
    expect(buckets.reduce((sum, one) => sum + one.done, 0)).toBe(timed.filter(({ state }) => state === 'done').length);
    expect(buckets.reduce((sum, one) => sum + one.failed, 0)).toBe(
      timed.filter(({ state }) => state === 'failed').length,
    );
    expect(endsOverTime([], 30).buckets).toEqual([]);
  });
});

describe('events', () => {
  test('every known type has words of its own, an unknown one is shown as it is', () => {
    expect(new Set(EVENT_TYPES.map(wordingOf)).size).toBe(EVENT_TYPES.length);
    for (const type of EVENT_TYPES) expect(wordingOf(type)).not.toMatch(/error|fatal|!|crash/i);
    expect(wordingOf('comet-seen')).toBe('comet seen');
    expect(wordingOf('constructor')).toBe('constructor');
  });
  test('neighbours of one kind become one line', () => {
    const lines = eventLines(buildReport(springFacts()).events);
    expect(lines.map(({ times }) => times)).toEqual([1, 3, 1, 1, 1, 1]);
    expect(lines[1]?.detail).toBe('creates: 3.5 per second');
  });
});

test('readable values', () => {
  const durations = [0, 420, 4_000, 9_900, 59_600, 125_000, 3_600_000, 12_000_000, 187_000_000].map(readableDuration);
  expect(durations).toEqual(['0.00 s', '0.42 s', '4 s', '9.9 s', '1 min', '2 min 5 s', '1 h', '3 h 20 min', '2 d 3 h']);
  expect([0, 999, 1500, 8_400_000, 123_456_789].map(readableBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.5 kB',
    '8.4 MB',
    '123 MB',
  ]);
  expect(hrefOfPath('../b c/50%#1?.mp4')).toBe('../b%20c/50%25%231%3F.mp4');
  expect(hrefOfPath('javascript:alert(1)')).not.toContain(':');
  expect(webAddress('javascript:alert(1)')).toBeNull();
  expect(webAddress('https://e.com')).toBe('https://e.com');
});
