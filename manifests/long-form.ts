import { SETTING_FIELDS, type RawSwap } from '../schemas/item-fields.ts';
import type { RawItem } from './build-item.ts';
import { quoted, type Fault } from './fault.ts';
import type { EntryOrigin } from './item-collector.ts';
import { cellOf, faultColumn, rowItem, type SheetRow } from './read-sheet.ts';
import type { SheetColumns } from './sheet-columns.ts';
import { keptCells, type SheetTarget } from './sheet-target.ts';

type LongRow = ReturnType<typeof longRowItem>;
interface Group {
  readonly rows: SheetRow[];
  readonly items: LongRow[];
}

/** A fault that knows which row of the group it belongs to (`pair`) and which column. */
type GroupFault = Fault & { readonly row?: number };

/** The long form: one row per person, rows with one id belong together wherever they stand. Order: the first row of each id. */
export class LongForm {
  readonly #groups = new Map<string, Group>();
  readonly #file: string;
  readonly #columns: SheetColumns;

  constructor(file: string, columns: SheetColumns) {
    this.#file = file;
    this.#columns = columns;
  }

  add(row: SheetRow): void {
    const item = longRowItem(row, this.#columns);
    const key = item.id ?? `\u0000${row.row.line}`;
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { rows: [row], items: [item] });
    else {
      group.rows.push(row);
      group.items.push(item);
    }
  }

  finish(target: SheetTarget): void {
    for (const group of this.#groups.values()) {
      const origin = this.#origin(group, target.keepCells);
      const { raw, faults } = joinRows(group.items);
      if (faults.length > 0) target.collector.addBad(raw.id, faults, origin);
      else target.collector.add(raw, target.context, origin);
    }
    this.#groups.clear();
  }

  #origin(group: Group, keepCells: boolean): EntryOrigin {
    const [first] = group.rows;
    return {
      file: this.#file,
      line: first?.row.line ?? 1,
      cells: keepCells ? group.rows.map((row) => keptCells(row, this.#columns)) : null,
      place: (fault: GroupFault) => {
        const row = group.rows[fault.row ?? fault.pair ?? 0] ?? first;
        if (row === undefined) throw new Error('a group has at least one row');
        const field = fault.field === 'swap' ? (fault.key === true ? 'person' : 'face') : fault.field;
        return row.place(faultColumn({ ...fault, field }, this.#columns));
      },
    };
  }
}

/** Joins the rows of one id: fields are said once, or the same in all rows; people become the pairs of the swap rule. */
function joinRows(rows: readonly LongRow[]): { raw: RawItem; faults: GroupFault[] } {
  const [first] = rows;
  if (first === undefined) throw new Error('a group has at least one row');
  const faults: GroupFault[] = [];
  const joined: Record<string, unknown> = { ...first, swap: null };
  const fields: [label: string, key: string][] = [
    ['video', 'video'],
    ...Object.entries(SETTING_FIELDS).filter(([name]) => name !== 'swap'),
  ];
  for (const [label, key] of fields) {
    const said = rows.findIndex((row) => (row as unknown as Record<string, unknown>)[key] !== null);
    const value = (rows[said] as unknown as Record<string, unknown> | undefined)?.[key] ?? null;
    joined[key] = value;
    for (const [index, row] of rows.entries()) {
      const other = (row as unknown as Record<string, unknown>)[key];
      if (other === null || other === value) continue;
      faults.push({
        code: 'M161',
        field: label,
        row: index,
        message: `the rows of ${quoted(first.id ?? '')} disagree about ${label}`,
        help: 'say it in the first row only, or the same in all of them',
      });
    }
  }
  const x: Record<string, string> = {};
  for (const [index, row] of rows.entries()) {
    for (const [name, value] of Object.entries(row.x)) {
      if (x[name] === undefined) x[name] = value;
      else if (x[name] !== value)
        faults.push({
          code: 'M161',
          field: name,
          row: index,
          message: `the rows of ${quoted(first.id ?? '')} disagree about ${name}`,
          help: 'say it in the first row only, or the same in all of them',
        });
    }
  }
  const swap = joinPeople(rows, faults);
  return { raw: { ...(joined as unknown as RawItem), swap, x }, faults };
}

function joinPeople(rows: readonly LongRow[], faults: GroupFault[]): RawSwap | null {
  const [first] = rows;
  if (rows.length === 1 && first?.person === null)
    return first.face === null ? null : { kind: 'text', text: first.face };
  for (const [index, row] of rows.entries()) {
    if (row.person !== null && /^(\d+|all)$/iu.test(row.person)) continue;
    faults.push({
      code: 'M160',
      field: 'person',
      row: index,
      message:
        row.person === null
          ? `${quoted(row.id ?? '')} has ${rows.length} rows, and this one names no person`
          : `${quoted(row.person)} is no number of a person`,
      help: 'people are numbered 0, 1, 2, ... as the analysis gives them; all for everyone; empty only where the item has one row',
    });
  }
  return { kind: 'pairs', pairs: rows.map((row) => ({ key: row.person ?? '', value: row.face ?? '' })) };
}

/** The entry of a row, for the long form: everything but its swap rule. */
function longRowItem(row: SheetRow, columns: SheetColumns): RawItem & { person: string | null; face: string | null } {
  return {
    ...rowItem(row.cells, columns),
    person: cellOf(row.cells, columns, 'person'),
    face: cellOf(row.cells, columns, 'face'),
  };
}
