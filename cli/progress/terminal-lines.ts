/**
 * A snapshot as at most three lines for a terminal: how far, what is going on, what holds it. Pure, so that what people
 * see is compared in tests. A word stands next to every colour and to every part of the bar.
 */
import { amount, clockTime, span } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { columnsOf, fit, printable } from '../printable.ts';
import { endedOf, runningOf, type Snapshot } from './snapshot.ts';

export interface TerminalShape {
  /** Width of the terminal; 80 is used when it is wider, so that lines stay one glance. */
  readonly columns: number;
  readonly paint: Paint;
  /** Whether block characters can be shown. */
  readonly unicode: boolean;
  readonly nowMs: number;
  readonly offsetMinutes: number;
}

const MAX_COLUMNS = 80;
const BAR_COLUMNS = 16;

export function terminalLines(snapshot: Snapshot, shape: TerminalShape): string[] {
  // The last column stays free: many terminals wrap when it is written, and a wrapped line breaks the next redraw.
  const columns = Math.min(MAX_COLUMNS, Math.max(20, shape.columns)) - 1;
  const { totals } = snapshot;
  if (totals === null) return [];
  const lines = [headLine(snapshot, columns, shape), countsLine(snapshot, columns)];
  const held = holdLine(snapshot, columns, shape);
  return held === null ? lines : [...lines, held];
}

function headLine(snapshot: Snapshot, columns: number, { paint, unicode }: TerminalShape): string {
  const { totals, credits } = snapshot;
  if (totals === null) return '';
  const ended = `${amount(endedOf(totals))}/${amount(totals.items)} ended`;
  const limit = credits?.budget == null ? '' : ` of ${amount(credits.budget)}`;
  const spent = credits === null ? '' : `   spent ${amount(credits.charged)}${limit}`;
  const tail = `  ${ended}${spent}`;
  const nameRoom = columns - BAR_COLUMNS - columnsOf(tail) - 2;
  // On a narrow terminal the numbers matter more than the bar.
  if (nameRoom < 8) return fit(`${printable(snapshot.batch)}${tail}`, columns);
  const name = fit(printable(snapshot.batch), Math.min(nameRoom, 30));
  return `${paint('strong', name)}  ${bar(snapshot, paint, unicode)}${tail}`;
}

/** Ended well, ended badly, being worked on, still to come: in that order, each in its own character. */
function bar({ totals }: Snapshot, paint: Paint, unicode: boolean): string {
  if (totals === null || totals.items === 0) return ' '.repeat(BAR_COLUMNS);
  const bad = totals.failed + totals.cancelled;
  const good = totals.done + totals.skipped;
  const at = (count: number) => Math.round((count / totals.items) * BAR_COLUMNS);
  const marks = [at(good), at(good + bad), at(good + bad + runningOf(totals))];
  const [goodEnd = 0, badEnd = 0, runningEnd = 0] = marks;
  const [full, failed, running, open] = unicode ? ['█', '▓', '▒', '░'] : ['#', 'x', '=', '.'];
  return (
    paint('good', full.repeat(goodEnd)) +
    paint('bad', failed.repeat(badEnd - goodEnd)) +
    running.repeat(Math.max(0, runningEnd - badEnd)) +
    paint('dim', open.repeat(BAR_COLUMNS - Math.max(badEnd, runningEnd)))
  );
}

function countsLine({ totals, secondsLeft }: Snapshot, columns: number): string {
  if (totals === null) return '';
  const always = [
    `done ${amount(totals.done)}`,
    `running ${amount(runningOf(totals))}`,
    `waiting ${amount(totals.waiting)}`,
  ];
  const sometimes = (['uncertain', 'failed', 'skipped', 'cancelled'] as const)
    .filter((key) => totals[key] > 0)
    .map((key) => `${key} ${amount(totals[key])}`);
  const left = secondsLeft === null ? '' : `   about ${span(secondsLeft)} left`;
  const counts = `  ${[...always, ...sometimes].join('   ')}`;
  // The time left is what people look for, so that the rarer counts give way to it; not the commoner ones.
  const room = columns - columnsOf(left);
  return room < columns / 2 ? fit(counts, columns) : fit(counts, room) + left;
}

function holdLine({ gates }: Snapshot, columns: number, shape: TerminalShape): string | null {
  const [first, ...others] = gates;
  if (first === undefined) return null;
  const more = others.length === 0 ? '' : ` (and ${others.map((gate) => gate.name).join(', ')})`;
  const since = clockTime(first.sinceMs, shape.nowMs, shape.offsetMinutes);
  const text = `! held since ${since}: ${printable(first.reason)}; reopens: ${printable(first.reopens)}${more}`;
  return shape.paint('warn', fit(text, columns));
}
