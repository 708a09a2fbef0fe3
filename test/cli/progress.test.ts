import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choosePaint, noPaint } from '../../cli/paint.ts';
import { columnsOf } from '../../cli/printable.ts';
import { jsonRenderer } from '../../cli/progress/json-renderer.ts';
import { plainRenderer } from '../../cli/progress/plain-renderer.ts';
import { chooseRenderer } from '../../cli/progress/renderer.ts';
import { emptySnapshot, fold, type Snapshot } from '../../cli/progress/snapshot.ts';
import { terminalLines } from '../../cli/progress/terminal-lines.ts';
import { ttyRenderer } from '../../cli/progress/tty-renderer.ts';
import type { EventLine } from '../../schemas/events.ts';
import { ITEM_STATES } from '../../schemas/states.ts';
import { AT_MS, gateLine, itemLine, progressLine, summaryLine } from './sample-lines.ts';
import { TerminalScreen } from './terminal-screen.ts';

const shape = { columns: 100, paint: noPaint, unicode: true, nowMs: AT_MS, offsetMinutes: 60 };
const after = (...lines: EventLine[]): Snapshot => lines.reduce(fold, emptySnapshot);
const middle = progressLine({ done: 31, failed: 2, processing: 4, ready: 12 }, 512, 1320);

describe('lines for a terminal', () => {
  it('tell how far, what is going on, and what holds it', () => {
    expect(terminalLines(after(middle, gateLine('credits', 'closed')), shape)).toMatchInlineSnapshot(`
      [
        "spring-campaign-fr  ██████████▓▒░░░░  33/49 ended   spent 512 of 1,200",
        "  done 31   running 4   waiting 0   failed 2   about 22 min left",
        "! held since 10:14: out of credits (1104); reopens: by itself within a minute…",
      ]
    `);
  });

  it('say little while there is little to say', () => {
    expect(terminalLines(after(progressLine({ pending: 2 })), shape)).toMatchInlineSnapshot(`
      [
        "spring-campaign-fr  ░░░░░░░░░░░░░░░░  0/2 ended   spent 0 of 1,200",
        "  done 0   running 0   waiting 0",
      ]
    `);
    expect(terminalLines(emptySnapshot, shape)).toEqual([]);
  });

  it('use no block characters where they cannot be shown, and no colour without a word', () => {
    const snapshot = after(middle);
    const [plain] = terminalLines(snapshot, { ...shape, unicode: false });
    expect(plain).toMatch(/^spring-campaign-fr {2}#+x?=+\.+ {2}33\/49 ended/u);
    const paint = choosePaint({ isTerminal: true, refused: false, env: {} });
    const coloured = terminalLines(snapshot, { ...shape, paint });
    expect(coloured.join()).toContain('\u001B[');
    // oxlint-disable-next-line no-control-regex
    expect(coloured.map((line) => line.replaceAll(/\u001b\[\d+m/gu, ''))).toEqual(terminalLines(snapshot, shape));
  });

  it('name the gates that are closed besides the first', () => {
    const snapshot = after(middle, gateLine('credits', 'closed'), gateLine('disk', 'closed', 'disk full'));
    expect(terminalLines(snapshot, { ...shape, columns: 80 }).at(-1)).toContain('held since 10:14');
    expect(terminalLines(fold(snapshot, gateLine('credits', 'open')), shape).at(-1)).toContain('disk full');
    expect(terminalLines(after(middle), shape)).toHaveLength(2);
  });

  it('never wrap and are never more than three, whatever happens and however narrow the window', () => {
    fc.assert(
      fc.property(
        fc.array(anyLine, { maxLength: 12 }),
        fc.integer({ min: 20, max: 200 }),
        fc.boolean(),
        (lines, columns, unicode) => {
          const shown = terminalLines(after(...lines), { ...shape, columns, unicode });
          expect(shown.length).toBeLessThanOrEqual(3);
          for (const line of shown) expect(columnsOf(line)).toBeLessThan(Math.min(columns, 80));
        },
      ),
    );
  });
});

const anyLine: fc.Arbitrary<EventLine> = fc.oneof(
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...ITEM_STATES), fc.integer({ min: 0, max: 1e6 })),
      fc.integer({ min: 0, max: 1e7 }),
      fc.option(fc.nat(1e6)),
    )
    .map(([counts, charged, left]) => progressLine(counts, charged, left)),
  fc
    .tuple(
      fc.constantFrom('credits', 'disk', 'pause'),
      fc.constantFrom('closed' as const, 'open' as const),
      fc.string({ unit: 'grapheme' }),
    )
    .map(([name, state, reason]) => gateLine(name, state, reason)),
  fc.constantFrom(...ITEM_STATES).map((state) => itemLine('sh010', state)),
);

function onTerminal(columns = 80) {
  const screen = new TerminalScreen();
  let nowMs = AT_MS;
  const renderer = ttyRenderer({
    write: (text) => void screen.write(text),
    nowMs: () => nowMs,
    offsetMinutes: 60,
    columns: () => columns,
    paint: noPaint,
    unicode: true,
  });
  return { screen, renderer, pass: (ms: number) => (nowMs += ms) };
}

describe('on a terminal', () => {
  it('draws once a second at most, and the newest state', () => {
    const { screen, renderer, pass } = onTerminal();
    for (let done = 0; done <= 100; done += 1) {
      renderer.show(progressLine({ done, pending: 100 - done }));
      pass(50);
      renderer.tick();
    }
    expect(screen.redraws).toBe(6);
    renderer.close();
    expect(screen.redraws).toBe(7);
    expect(screen.text[0]).toContain('100/100 ended');
    expect(screen.text).toHaveLength(2);
  });

  it('draws nothing when nothing changed', () => {
    const { screen, renderer, pass } = onTerminal();
    renderer.show(middle);
    for (let second = 0; second < 60; second += 1) {
      pass(1_000);
      renderer.tick();
    }
    renderer.close();
    expect(screen.redraws).toBe(1);
  });

  it('keeps what is said above the progress', () => {
    const { screen, renderer, pass } = onTerminal();
    renderer.show(middle);
    renderer.say('Stopping.');
    pass(1_000);
    renderer.show(gateLine('credits', 'closed'));
    renderer.close();
    renderer.say('Gone.');
    expect(screen.text.map((row) => row.slice(0, 18))).toEqual([
      'Stopping.',
      'spring-campaign-fr',
      '  done 31   runnin',
      '! held since 10:14',
      'Gone.',
    ]);
  });

  it('leaves exactly the last lines on the screen, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyLine, fc.nat(3_000)), { minLength: 1, maxLength: 30 }), (steps) => {
        const { screen, renderer, pass } = onTerminal();
        let elapsedMs = 0;
        for (const [line, ms] of steps) {
          renderer.show(line);
          pass(ms);
          elapsedMs += ms;
          renderer.tick();
        }
        renderer.close();
        const lines = terminalLines(after(...steps.map(([line]) => line)), { ...shape, columns: 80 });
        expect(screen.text).toEqual(lines);
        expect(screen.redraws).toBeLessThanOrEqual(2 + Math.floor(elapsedMs / 1_000));
      }),
    );
  });
});

function offTerminal() {
  const written: string[] = [];
  let nowMs = AT_MS;
  const renderer = plainRenderer({ write: (text) => void written.push(text), nowMs: () => nowMs, offsetMinutes: 60 });
  return { written, renderer, pass: (ms: number) => (nowMs += ms) };
}

describe('off a terminal', () => {
  it('writes one timestamped line per change up to 50 items', () => {
    const { written, renderer, pass } = offTerminal();
    renderer.show(progressLine({ pending: 2 }));
    renderer.show(itemLine('sh010', 'processing'));
    pass(9_000);
    renderer.show(itemLine('sh010', 'done', { charged: 15, file: 'spring/sh010.mp4' }));
    renderer.show(gateLine('credits', 'closed'));
    renderer.show(gateLine('credits', 'open'));
    const reason = { code: 'P103', message: 'create refused\u001B[31m', vendor: '', charged: 0, next: '' };
    renderer.show(itemLine('sh020', 'failed', { reason }));
    renderer.show(progressLine({ done: 1, failed: 1 }, 15));
    renderer.close();
    expect(written.join('')).toMatchInlineSnapshot(`
      "2026-11-23T10:14:00+01:00 progress done=0/2 running=0 waiting=0 uncertain=0 failed=0 skipped=0 cancelled=0 spent=0
      2026-11-23T10:14:00+01:00 item sh010 processing
      2026-11-23T10:14:09+01:00 item sh010 done charged=15 file=spring/sh010.mp4
      2026-11-23T10:14:09+01:00 gate closed: credits: out of credits (1104); reopens: by itself within a minute after a top up
      2026-11-23T10:14:09+01:00 gate open again: credits
      2026-11-23T10:14:09+01:00 item sh020 failed P103: create refused
      2026-11-23T10:14:09+01:00 progress done=1/2 running=0 waiting=0 uncertain=0 failed=1 skipped=0 cancelled=0 spent=15
      "
    `);
    // oxlint-disable-next-line no-control-regex -- escape sequences are what this looks for
    expect(written.join('')).not.toMatch(/[\u001b\r]/u);
  });

  it('sums up every 30 seconds above 50 items, and says at once what needs a person', () => {
    const { written, renderer, pass } = offTerminal();
    renderer.show(progressLine({ pending: 51 }));
    for (let second = 1; second <= 90; second += 1) {
      pass(1_000);
      renderer.show(itemLine(`sh${second}`, 'processing'));
      renderer.show(progressLine({ processing: 1, pending: 50 }));
      renderer.tick();
    }
    expect(written).toHaveLength(1 + 3);
    renderer.show(itemLine('sh5', 'uncertain'));
    renderer.show(gateLine('credits', 'closed'));
    expect(written).toHaveLength(1 + 3 + 2);
    pass(600_000);
    renderer.tick();
    renderer.tick();
    expect(written).toHaveLength(1 + 3 + 2 + 1);
  });
});

describe('as JSON lines', () => {
  it('ends with the summary, whatever comes after it', () => {
    const written: string[] = [];
    const renderer = jsonRenderer((text) => void written.push(text));
    renderer.show(middle);
    renderer.say('talk is not data');
    renderer.show(summaryLine({ done: 1 }, 15));
    renderer.show(itemLine('sh010', 'done'));
    renderer.close();
    expect(written.map((line) => (JSON.parse(line) as EventLine).type)).toEqual(['progress', 'summary']);
    expect(written.every((line) => line.endsWith('\n') && line.indexOf('\n') === line.length - 1)).toBe(true);
  });
});

describe('which way is chosen', () => {
  it.each([
    [{ json: true, quiet: true, isTerminal: true, redraws: true }, 'json'],
    [{ json: false, quiet: true, isTerminal: true, redraws: true }, 'silent'],
    [{ json: false, quiet: false, isTerminal: true, redraws: true }, 'tty'],
    [{ json: false, quiet: false, isTerminal: true, redraws: false }, 'plain'],
    [{ json: false, quiet: false, isTerminal: false, redraws: true }, 'plain'],
  ] as const)('%j: %s', (facts, kind) => expect(chooseRenderer(facts)).toBe(kind));

  it.each([
    [{ isTerminal: true, refused: false, env: {} }, true],
    [{ isTerminal: false, refused: false, env: {} }, false],
    [{ isTerminal: true, refused: true, env: {} }, false],
    [{ isTerminal: true, refused: false, env: { NO_COLOR: '1' } }, false],
    [{ isTerminal: true, refused: false, env: { NO_COLOR: '' } }, true],
    [{ isTerminal: true, refused: false, env: { TERM: 'dumb' } }, false],
    [{ isTerminal: false, refused: false, env: { FORCE_COLOR: '1' } }, true],
    [{ isTerminal: false, refused: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
  ])('colour: %j', (facts, coloured) => expect(choosePaint(facts)('bad', 'x') !== 'x').toBe(coloured));
});
