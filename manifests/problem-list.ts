import { WARNING_CODES } from '../schemas/manifest-codes.ts';
import type { Problem } from '../schemas/manifest-item.ts';
import { printable, type ValueFault } from './fault.ts';

/** Where a fault lies in a file. */
export type Place = Omit<Problem, 'code' | 'message' | 'help'>;

/** A sheet may have a million bad rows: this many problems are kept with their places, the rest is counted. */
const KEPT = 5_000;
const EXCERPT_WIDTH = 140;

/** Collects problems in one pass. */
export class ProblemList {
  readonly errors: Problem[] = [];
  readonly warnings: Problem[] = [];
  errorCount = 0;
  warningCount = 0;

  /** `place` is asked only for problems that are kept. */
  add(fault: ValueFault, place: () => Place): void {
    const warns = WARNING_CODES.has(fault.code);
    if (warns) this.warningCount++;
    else this.errorCount++;
    const list = warns ? this.warnings : this.errors;
    if (list.length >= KEPT) return;
    list.push({ code: fault.code, message: fault.message, ...place(), help: fault.help });
  }
}

/** The place of a whole file. */
export function filePlace(file: string): Place {
  return { file, line: 1, column: 1, path: '', cell: null, excerpt: null };
}

/** Cuts a long line to a window around the mark. `from` counts characters from 0. */
export function excerptOf(line: string, from: number, length: number): Problem['excerpt'] {
  const width = Math.max(1, Math.min(length, line.length - from));
  if (line.length <= EXCERPT_WIDTH) return { text: printable(line), from, length: width };
  const start = Math.max(0, Math.min(from - 40, line.length - EXCERPT_WIDTH));
  const lead = start > 0 ? '...' : '';
  const tail = start + EXCERPT_WIDTH < line.length ? '...' : '';
  const text = lead + printable(line.slice(start, start + EXCERPT_WIDTH)) + tail;
  const shifted = from - start + lead.length;
  return { text, from: shifted, length: Math.max(1, Math.min(width, lead.length + EXCERPT_WIDTH - shifted)) };
}
