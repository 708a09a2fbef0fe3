import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { classify, CODES, type Signal } from '../../akool/classify.ts';
import type { Call, Consequence, TransportReason } from '../../akool/outcome.ts';
import { ACCOUNT_SENTENCE } from '../../akool/wire.ts';

const CALLS: readonly Call[] = ['read', 'analyze', 'create'];

/** One word per consequence, so that the whole table fits one screen. */
function word(consequence: Consequence): string {
  switch (consequence.kind) {
    case 'wait-and-retry':
      return consequence.because + (consequence.maxTries === null ? '' : ` x${consequence.maxTries}`);
    case 'gate':
      return `gate ${consequence.gate}`;
    default:
      return consequence.kind;
  }
}

const code = (number: number, msg = ''): Signal => ({
  kind: 'code',
  code: number,
  msg,
  httpStatus: 200,
  retryAfterMs: null,
});
const line = (signal: Signal): string => CALLS.map((call) => word(classify(signal, call))).join(' | ');

const AUTH = 'gate authorisation | gate authorisation | gate authorisation';
const CREDITS = 'gate credits | gate credits | gate credits';
const UNPAID = 'gate unpaid | gate unpaid | gate unpaid';
const INPUT = 'transient | fail-item | fail-item';
const MISSING = 'not-found | fail-item | fail-item';
const UNCLEAR = 'transient | transient x5 | uncertain';

/** Every code of vendor.md section 7, read | analyze | create. */
const TABLE: Readonly<Record<number, string>> = {
  1003: INPUT,
  1004: AUTH,
  1005: 'throttled | throttled | throttled',
  1006: CREDITS,
  1007: INPUT,
  1008: MISSING,
  1009: 'not-found | gate authorisation | gate authorisation',
  1010: MISSING,
  1011: UNCLEAR,
  1013: INPUT,
  1014: MISSING,
  1015: 'transient | transient x3 | transient x3',
  1016: UNCLEAR,
  1017: INPUT,
  1101: AUTH,
  1102: AUTH,
  1103: UNPAID,
  1104: CREDITS,
  1105: UNCLEAR,
  1108: UNCLEAR,
  1109: AUTH,
  1110: UNCLEAR,
  1111: UNCLEAR,
  1112: UNCLEAR,
  1200: AUTH,
  1201: UNCLEAR,
  1202: INPUT,
  1203: INPUT,
  1204: INPUT,
  1205: UNCLEAR,
  1206: UNCLEAR,
  1207: INPUT,
  1208: INPUT,
  1209: INPUT,
  1210: INPUT,
  1211: UNCLEAR,
  1212: UNCLEAR,
  1213: UNPAID,
  1214: UNCLEAR,
  1215: UNCLEAR,
  1216: INPUT,
  1217: UNCLEAR,
  1218: UNCLEAR,
  1219: INPUT,
  1220: INPUT,
  1221: UNPAID,
  1222: UNCLEAR,
  1223: INPUT,
  1232: INPUT,
  1233: INPUT,
  1234: INPUT,
  1235: INPUT,
  1236: INPUT,
  2001: 'transient | transient | uncertain',
};

describe('codes', () => {
  test.each(Object.entries(TABLE))('%s', (number, expected) => {
    expect(line(code(Number(number)))).toBe(expected);
  });

  test('the table holds exactly these, each with a reason and a source', () => {
    expect([...CODES.keys()].toSorted((a, b) => a - b)).toEqual(Object.keys(TABLE).map(Number));
    for (const { why, source } of CODES.values()) {
      expect(why.length).toBeGreaterThan(5);
      expect(source).toMatch(/^(EC|OV|AUTH|CS)$/);
    }
  });

  test.each([1001, 1012, 1106, 1107, 1224, 0, -1, 9999])('unlisted code %i falls in the cautious class', (number) => {
    expect(line(code(number))).toBe(UNCLEAR);
  });
});

describe('HTTP without a code', () => {
  const http = (status: number, notFoundBody = false): Signal => ({
    kind: 'http',
    status,
    notFoundBody,
    retryAfterMs: null,
  });
  test.each([
    [http(401), AUTH],
    [http(403), AUTH],
    [http(429), 'throttled | throttled | throttled'],
    [http(404, true), 'misconfigured | misconfigured | misconfigured'],
    [http(404), 'transient | transient | uncertain'],
    [http(200), 'transient | transient | uncertain'],
    [http(302), 'transient | transient | uncertain'],
    [http(500), 'transient | transient | uncertain'],
    [http(503), 'transient | transient | uncertain'],
  ])('%o', (signal, expected) => {
    expect(line(signal)).toBe(expected);
  });

  test('the server’s wish is passed on', () => {
    const asked: Signal = { kind: 'http', status: 429, notFoundBody: false, retryAfterMs: 7_000 };
    expect(classify(asked, 'create')).toMatchObject({ because: 'throttled', retryAfterMs: 7_000 });
  });
});

describe('transport', () => {
  const reasons: readonly TransportReason[] = ['reset', 'deadline', 'aborted', 'too-large', 'not-an-envelope', 'no-id'];
  test.each(reasons)('%s after the first byte', (reason) => {
    expect(line({ kind: 'transport', reason, sent: 'maybe' })).toBe('transient | transient | uncertain');
  });
  test.each(['connect', 'closed-before-send'] as const)('%s: nothing was sent', (reason) => {
    expect(line({ kind: 'transport', reason, sent: 'no' })).toBe('transient | transient | transient');
  });
});

describe('the two cases in which text decides', () => {
  test.each([ACCOUNT_SENTENCE, ACCOUNT_SENTENCE.toUpperCase(), ' your current  account does not support this feature'])(
    '1003 that says "%s" is about the plan',
    (msg) => {
      expect(line(code(1003, msg))).toBe('gate plan | gate plan | gate plan');
    },
  );
  test('the sentence means nothing beside another code', () => {
    expect(line(code(1007, ACCOUNT_SENTENCE))).toBe(INPUT);
    expect(line(code(2001, ACCOUNT_SENTENCE))).toBe('transient | transient | uncertain');
  });
  test.each([
    [1003, 'The analysis of this video_url does not exist or is not completed'],
    [1014, 'Analysis not found.'],
    [1003, 'Please analyze the video first'],
    [1008, 'analysis result has expired'],
  ])('a create refused with %i "%s" asks for a new analysis', (number, msg) => {
    expect(word(classify(code(number, msg), 'create'))).toBe('reanalyse');
    expect(word(classify(code(number, msg), 'analyze'))).toBe('fail-item');
  });
  test.each([
    [1003, 'Parameter error: obj_id 4 is not part of the result', 'fail-item'],
    [1014, 'Resource not found', 'fail-item'],
    [2001, 'analysis not found', 'uncertain'],
    [1104, 'analysis not found', 'gate credits'],
  ])('%i "%s" does not', (number, msg, expected) => {
    expect(word(classify(code(number, msg), 'create'))).toBe(expected);
  });
});

test('laws: only creates are uncertain, reads never fail an item, no text makes an unclear create safe', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3_000 }),
      fc.oneof(fc.string(), fc.constantFrom(ACCOUNT_SENTENCE, 'analysis not found', 'success', 'OK')),
      fc.integer({ min: 100, max: 599 }).filter((status) => ![401, 403, 429].includes(status)),
      (number, msg, httpStatus) => {
        const signal: Signal = { kind: 'code', code: number, msg, httpStatus, retryAfterMs: null };
        const [read, analyze, create] = CALLS.map((call) => classify(signal, call).kind);
        expect(['uncertain', 'fail-item', 'reanalyse']).not.toContain(read);
        expect(['uncertain', 'reanalyse', 'not-found']).not.toContain(analyze);
        expect(create).not.toBe('not-found');
        if (!CODES.has(number) || CODES.get(number)?.meaning === 'unclear') expect(create).toBe('uncertain');
      },
    ),
    { numRuns: 2_000 },
  );
});
