import { ownFieldPattern, SETTING_NAMES } from '../schemas/item-fields.ts';
import { quoted, type ValueFault } from './fault.ts';
import { nearestName } from './nearest-name.ts';

export const ITEM_COLUMNS = ['id', 'video', ...SETTING_NAMES, 'person', 'face'] as const;
export const FACE_COLUMNS = ['face', 'image', 'consent', 'until'] as const;

/** What the header of a sheet says. */
export interface SheetColumns {
  /** Column index by field name; `x_*` fields keep their own names. */
  readonly index: ReadonlyMap<string, number>;
  /** `x_*` fields with their column. */
  readonly own: readonly (readonly [name: string, index: number])[];
  /** Columns that belong to the sheet as submitted: all but `hs_*`. */
  readonly kept: readonly number[];
  readonly unnamed: readonly number[];
  readonly width: number;
}

export interface ColumnFault extends ValueFault {
  /** Column that is meant, or null for the header as a whole. */
  readonly column: number | null;
}

const OWN = new RegExp(ownFieldPattern, 'u');
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function plainName(name: string): string {
  return name
    .normalize('NFC')
    .toLowerCase()
    .replace(/[\s_-]+/gu, '');
}

/** True for a header cell of any sheet of ours: what a delimiter is judged by. */
export function isKnownColumn(cell: string): boolean {
  const name = plainName(cell);
  return (
    [...ITEM_COLUMNS, ...FACE_COLUMNS].some((known) => plainName(known) === name) || /^(x|hs)_/iu.test(cell.trim())
  );
}

/** Reads the header: names match without regard to case and blanks. Faults about unknown columns are warnings. */
export function readColumns(
  header: readonly string[],
  known: readonly string[],
): { columns: SheetColumns; faults: ColumnFault[] } {
  const faults: ColumnFault[] = [];
  const index = new Map<string, number>();
  const own: [string, number][] = [];
  const kept: number[] = [];
  const unnamed: number[] = [];
  const byPlainName = new Map(known.map((name) => [plainName(name), name]));
  for (const [column, cell] of header.entries()) {
    const written = cell.trim();
    const lower = written.normalize('NFC').toLowerCase().replace(/\s+/gu, '_');
    if (lower.startsWith('hs_')) continue;
    kept.push(column);
    if (written === '') {
      unnamed.push(column);
      continue;
    }
    if (FORBIDDEN.has(lower) || FORBIDDEN.has(lower.replace(/^x_/u, ''))) {
      faults.push({
        code: 'M024',
        column,
        message: `a column cannot be called ${quoted(written)}`,
        help: 'rename the column',
      });
      continue;
    }
    const name = OWN.test(lower) ? lower : byPlainName.get(plainName(written));
    if (name === undefined) {
      const nearest = nearestName(written, known);
      const help =
        nearest === null
          ? `to carry it to the report, call it x_${lower.replace(/[^\p{L}\p{N}._-]/gu, '_')}`
          : `did you mean "${nearest}"?`;
      faults.push({ code: 'M025', column, message: `the column ${quoted(written)} is not known and not read`, help });
      continue;
    }
    const before = index.get(name);
    if (before !== undefined) {
      faults.push({
        code: 'M023',
        column,
        message: `the column ${quoted(written)} stands twice (columns ${before + 1} and ${column + 1})`,
        help: 'remove or rename one',
      });
      continue;
    }
    index.set(name, column);
    if (OWN.test(lower)) own.push([name, column]);
  }
  return { columns: { index, own, kept, unnamed, width: header.length }, faults };
}
