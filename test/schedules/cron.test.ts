import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueTimeAt, dueTimes, parseCron, type Cron } from '../../schemas/cron.ts';
import { instantsOf, wallText, wallTimeOf, zonedText } from '../../schemas/zone-time.ts';

function cronOf(text: string): Cron {
  const reading = parseCron(text);
  if (reading.kind === 'bad') throw new Error(reading.reason);
  return reading.cron;
}
const at = (iso: string) => Date.parse(iso);
const walls = (text: string, zone: string, after: string, count: number) =>
  dueTimes(cronOf(text), zone, { afterMs: at(after), count }).map((due) => due.wall);

describe('cron expressions', () => {
  it.each([
    ['0 22 * * *', 1],
    ['*/15 8-18 * * mon-fri', 4],
    ['0 0 1,15 * *', 1],
    ['30 2 29 feb *', 1],
    ['5 4 * * 7', 1],
  ])('%s is one', (text, minutes) => {
    expect(cronOf(text).minutes).toHaveLength(minutes);
  });

  it.each([
    ['0 22 * *', 'five fields'],
    ['0 24 * * *', 'hour field "24": allows 0 to 23'],
    ['0 22 * * fry', 'day of week field "fry"'],
    ['*/0 * * * *', 'step of 0'],
    ['0 18-8 * * *', 'backwards'],
    ['0 0 31 2 *', 'never comes'],
    ['', 'five fields'],
  ])('%j is none, and says why', (text, reason) => {
    expect(parseCron(text)).toMatchObject({ kind: 'bad', reason: expect.stringContaining(reason) as string });
  });

  it('joins a day of month and a day of week by "or"', () => {
    expect(walls('0 12 13 * fri', 'UTC', '2026-11-01T00:00:00Z', 4)).toEqual([
      '2026-11-06T12:00',
      '2026-11-13T12:00',
      '2026-11-20T12:00',
      '2026-11-27T12:00',
    ]);
    expect(walls('0 12 12 * fri', 'UTC', '2026-11-07T00:00:00Z', 2)).toEqual(['2026-11-12T12:00', '2026-11-13T12:00']);
  });
});

describe('due times across clock changes', () => {
  it('keeps the hour on the wall when clocks are set back and forward', () => {
    const due = dueTimes(cronOf('0 22 * * *'), 'Europe/Oslo', { afterMs: at('2026-10-23T12:00:00Z'), count: 3 });
    expect(due.map((time) => new Date(time.atMs).toISOString())).toEqual([
      '2026-10-23T20:00:00.000Z',
      '2026-10-24T20:00:00.000Z',
      '2026-10-25T21:00:00.000Z',
    ]);
    expect(due.map((time) => zonedText(time.atMs, 'Europe/Oslo')).at(-1)).toBe('Sun 25 Oct 2026 22:00 +01:00');
  });

  it('runs once in an hour that comes twice', () => {
    expect(walls('30 2 * * *', 'Europe/Oslo', '2026-10-24T22:00:00Z', 2)).toEqual([
      '2026-10-25T02:30',
      '2026-10-26T02:30',
    ]);
    expect(walls('30 * * * *', 'Europe/Oslo', '2026-10-24T23:00:00Z', 3)).toEqual([
      '2026-10-25T01:30',
      '2026-10-25T02:30',
      '2026-10-25T03:30',
    ]);
  });

  it('leaves out a time that clocks jump over', () => {
    expect(walls('30 2 * * *', 'Europe/Oslo', '2027-03-27T22:00:00Z', 1)).toEqual(['2027-03-29T02:30']);
    expect(walls('30 2 * * *', 'America/New_York', '2027-03-14T00:00:00Z', 1)).toEqual(['2027-03-15T02:30']);
  });

  it('knows zones with other steps: half an hour, and midnight that does not exist', () => {
    expect(walls('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00:00Z', 1)).toEqual(['2026-10-05T02:15']);
    expect(walls('0 0 * * *', 'Africa/Cairo', '2027-04-29T12:00:00Z', 1)).toEqual(['2027-05-01T00:00']);
  });

  const zones = ['Europe/Oslo', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Santiago', 'UTC'];
  it('gives times that are due, in order, each once, and none between them is left out', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom('30 2 * * *', '*/20 * * * *', '0 0 * * 0', '15 1,2,3 * * *', '0 22 * * 1-5'),
        fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }),
        (zone, text, afterMs) => {
          const cron = cronOf(text);
          const due = dueTimes(cron, zone, { afterMs, count: 12 });
          expect(due).toHaveLength(12);
          expect(new Set(due.map((time) => time.wall)).size).toBe(12);
          for (const [index, time] of due.entries()) {
            expect(time.atMs).toBeGreaterThan(due[index - 1]?.atMs ?? afterMs);
            expect(dueTimeAt(cron, zone, time.atMs)?.wall).toBe(time.wall);
          }
          // Every minute of the first day that looks due is one of them, or the second time of one.
          const until = Math.min(due.at(-1)?.atMs ?? 0, afterMs + 26 * 3_600_000);
          const known = new Set(due.map((time) => time.wall));
          for (let minute = Math.ceil((afterMs + 1) / 60_000) * 60_000; minute < until; minute += 60_000) {
            const found = dueTimeAt(cron, zone, minute);
            if (found === null) continue;
            const [first = minute] = instantsOf(wallTimeOf(minute, zone), zone);
            if (first > afterMs) expect(known).toContain(found.wall);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('goes from an instant to the wall and back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 28_000_000, max: 31_000_000 }), (zone, minutes) => {
        const ms = minutes * 60_000;
        const wall = wallTimeOf(ms, zone);
        expect(instantsOf(wall, zone)).toContain(ms);
        expect(wallText(wall)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/u);
      }),
    );
  });
});
