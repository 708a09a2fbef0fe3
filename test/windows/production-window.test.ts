import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWindow, windowClosedText, windowState, type ProductionWindow } from '../../schemas/production-window.ts';

function windowOf(text: string): ProductionWindow {
  const reading = parseWindow(text);
  if (reading.kind === 'bad') throw new Error(reading.reason);
  return reading.window;
}
const at = (iso: string) => Date.parse(iso);
const NIGHTS = windowOf('Mon-Fri 20:00-06:00 Europe/Oslo');
const isOpen = (window: ProductionWindow, iso: string) => windowState([window], at(iso)).open;

describe('windows as written', () => {
  it.each([
    'Mon-Fri 20:00-06:00 Europe/Oslo',
    'Sat,Sun 00:00-24:00 UTC',
    'daily 8:00-18:00 Asia/Tokyo',
    '22:00-02:00 UTC',
    'Fri-Mon 01:00-02:00 UTC',
  ])('%s', (text) => {
    expect(parseWindow(text).kind).toBe('ok');
  });
  it.each([
    ['Mon-Fri 20-06 Europe/Oslo', 'write it as'],
    ['Mon-Fri 20:00-06:00', 'write it as'],
    ['Mo-Fr 20:00-06:00 Europe/Oslo', 'names no days'],
    ['Mon 20:00-20:00 UTC', 'whole day'],
    ['Mon 20:00-25:00 UTC', '24:00'],
    ['Mon 20:60-22:00 UTC', '23:59'],
    ['Mon 20:00-22:00 Europe/Osloo', 'no time zone'],
  ])('%s is refused: %s', (text, reason) => {
    expect(parseWindow(text)).toMatchObject({ kind: 'bad', reason: expect.stringContaining(reason) as string });
  });
});

describe('open and closed', () => {
  it('belongs to the day on which it opens, over midnight', () => {
    // 2026-11-27 is a Friday.
    expect(isOpen(NIGHTS, '2026-11-27T18:59:59Z')).toBe(false);
    expect(isOpen(NIGHTS, '2026-11-27T19:00:00Z')).toBe(true);
    expect(isOpen(NIGHTS, '2026-11-28T04:59:59Z')).toBe(true);
    expect(isOpen(NIGHTS, '2026-11-28T05:00:00Z')).toBe(false);
    expect(isOpen(NIGHTS, '2026-11-28T20:00:00Z')).toBe(false);
    expect(windowState([NIGHTS], at('2026-11-28T12:00:00Z')).opensAtMs).toBe(at('2026-11-30T19:00:00Z'));
    expect(windowState([NIGHTS], at('2026-11-27T22:00:00Z')).closesAtMs).toBe(at('2026-11-28T05:00:00Z'));
  });

  it('keeps the time on the wall when clocks change', () => {
    const nights = windowOf('daily 20:00-06:00 Europe/Oslo');
    // Clocks are set back in the night to 2026-10-25 and forward in the night to 2027-03-28.
    expect(windowState([nights], at('2026-10-24T20:00:00Z')).closesAtMs).toBe(at('2026-10-25T05:00:00Z'));
    expect(windowState([nights], at('2027-03-27T20:00:00Z')).closesAtMs).toBe(at('2027-03-28T04:00:00Z'));
  });

  it('closes at the first of an hour that comes twice, and opens after one that does not come', () => {
    const early = windowOf('daily 20:00-02:30 Europe/Oslo');
    expect(windowState([early], at('2026-10-24T20:00:00Z')).closesAtMs).toBe(at('2026-10-25T00:30:00Z'));
    expect(isOpen(early, '2026-10-25T01:10:00Z')).toBe(false);
    const gap = windowOf('daily 02:30-04:00 Europe/Oslo');
    expect(windowState([gap], at('2027-03-28T00:00:00Z')).opensAtMs).toBe(at('2027-03-28T01:00:00Z'));
    // A window that lies in the hour that does not come opens on the next day that has it.
    const inside = windowOf('daily 02:15-02:45 Europe/Oslo');
    expect(windowState([inside], at('2027-03-27T12:00:00Z')).opensAtMs).toBe(at('2027-03-29T00:15:00Z'));
  });

  it('joins windows that touch, and knows one that never closes', () => {
    const evening = windowOf('daily 20:00-24:00 UTC');
    const morning = windowOf('daily 00:00-06:00 UTC');
    expect(windowState([evening, morning], at('2026-11-24T21:00:00Z')).closesAtMs).toBe(at('2026-11-25T06:00:00Z'));
    expect(windowState([windowOf('daily 00:00-24:00 UTC')], at('2026-11-24T21:00:00Z'))).toMatchObject({
      open: true,
      closesAtMs: null,
    });
    expect(windowState([], 0)).toMatchObject({ open: true });
  });

  it('tells when it opens in its own time', () => {
    expect(windowClosedText([NIGHTS], at('2026-11-28T12:00:00Z'))).toMatchObject({
      reason: 'outside of the production window (Mon-Fri 20:00-06:00 Europe/Oslo)',
      reopens: 'by itself at Mon 30 Nov 2026 20:00 +01:00',
    });
    expect(windowClosedText([NIGHTS], at('2026-11-27T22:00:00Z'))).toBeNull();
  });

  it('changes exactly where it says that it will', () => {
    const texts = [
      'Mon-Fri 20:00-06:00 Europe/Oslo',
      'Sun 01:00-03:00 Europe/Oslo',
      'daily 02:10-02:50 America/New_York',
      'Sat 22:00-02:30 Australia/Lord_Howe',
      'Mon,Wed 09:00-24:00 UTC',
    ];
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...texts), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: at('2026-09-01T00:00:00Z') / 60_000, max: at('2027-06-01T00:00:00Z') / 60_000 }),
        (chosen, minutes) => {
          const windows = chosen.map(windowOf);
          const now = minutes * 60_000;
          const state = windowState(windows, now);
          const change = state.open ? state.closesAtMs : state.opensAtMs;
          if (change === null) throw new Error('these windows open and close every week');
          expect(change).toBeGreaterThan(now);
          expect(windowState(windows, change).open).toBe(!state.open);
          expect(windowState(windows, change - 1).open).toBe(state.open);
        },
      ),
      { numRuns: 150 },
    );
  });
});
