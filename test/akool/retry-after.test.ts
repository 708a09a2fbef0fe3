import fc from 'fast-check';
import { expect, test } from 'vitest';

import { MAX_RETRY_AFTER_MS, readRetryAfterMs } from '../../akool/retry-after.ts';

const NOW = Date.parse('2026-11-23T10:00:00Z');

test.each([
  ['0', 0],
  ['7', 7_000],
  [' 1.5 ', 1_500],
  ['999999999', MAX_RETRY_AFTER_MS],
  ['Mon, 23 Nov 2026 10:00:20 GMT', 20_000],
  ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', MAX_RETRY_AFTER_MS],
  ['-5', null],
  ['', null],
  ['soon', null],
  ['1e9', null],
  ['2026-11-23', null],
  ['Infinity', null],
])('"%s" is %s', (header, expected) => {
  expect(readRetryAfterMs(header, undefined, NOW)).toBe(expected);
});

test('a date is measured from the server’s clock where it tells it', () => {
  const header = 'Mon, 23 Nov 2026 10:10:20 GMT';
  expect(readRetryAfterMs(header, 'Mon, 23 Nov 2026 10:10:00 GMT', NOW)).toBe(20_000);
  expect(readRetryAfterMs(header, 'nonsense', NOW)).toBe(MAX_RETRY_AFTER_MS);
});

test('absent is null', () => {
  expect(readRetryAfterMs(undefined, undefined, NOW)).toBeNull();
});

test('whatever it says, the wait is bounded', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer().map(String), fc.date().map(String)), (header) => {
      const waitMs = readRetryAfterMs(header, undefined, NOW);
      expect(waitMs === null || (waitMs >= 0 && waitMs <= MAX_RETRY_AFTER_MS)).toBe(true);
    }),
  );
});
