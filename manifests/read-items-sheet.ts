import type { ItemContext } from './build-item.ts';
import { quoted, type Fault, type ValueFault } from './fault.ts';
import type { EntryOrigin } from './item-collector.ts';
import { LongForm } from './long-form.ts';
import { keptCells, type SheetTarget } from './sheet-target.ts';
import type { Place } from './problem-list.ts';
import { faultColumn, readSheet, rowItem, type SheetReading, type SheetRow } from './read-sheet.ts';
import { isKnownColumn, ITEM_COLUMNS, type SheetColumns } from './sheet-columns.ts';
import type { SourceFile } from './source-file.ts';

export interface ItemsSheet extends SheetReading {
  /** The header as submitted, less `hs_*`. */
  readonly header: readonly string[];
}

/** Streams a sheet of items, short or long form, into the collector. */
export async function readItemsSheet(source: SourceFile, target: SheetTarget): Promise<ItemsSheet> {
  let header: readonly string[] = [];
  let long: LongForm | null = null;
  let headerFault: { fault: ValueFault; place: Place } | null = null;
  let looked = 0;
  let unnamedTold = false;
  const reading = await readSheet(source, ITEM_COLUMNS, {
    onFault: (fault, place) => target.fail(fault, () => place),
    onHeader: (columns, row) => {
      header = columns.kept.map((column) => (row.cells[column] ?? '').trim());
      const fault = formFault(columns, target.context);
      if (fault !== null) headerFault = { fault, place: row.place(null) };
      else if (columns.index.has('face')) long = new LongForm(source.name, columns);
      return true;
    },
    onBadRow: (fault, row, place, columns) => {
      if (headerFault !== null) headerFault = betterHelp(headerFault, row, ++looked);
      else
        target.collector.addBad(row.cells[columns.index.get('id') ?? -1] ?? null, [{ ...fault, field: null }], {
          file: source.name,
          line: row.row.line,
          cells: target.keepCells ? [row.cells] : null,
          place: () => place,
        });
    },
    onRow: (row, columns) => {
      if (headerFault !== null) {
        headerFault = betterHelp(headerFault, row, ++looked);
        return;
      }
      const unnamed = unnamedTold
        ? undefined
        : columns.unnamed.find((column) => (row.cells[column] ?? '').trim() !== '');
      if (unnamed !== undefined) {
        unnamedTold = true;
        target.fail(
          {
            code: 'M028',
            message: 'this cell stands in a column without a name and is not read',
            help: 'name the column in the first row, or clear it',
          },
          () => row.place(unnamed),
        );
      }
      if (long !== null) long.add(row);
      else
        target.collector.add(
          rowItem(row.cells, columns),
          target.context,
          rowOrigin(source.name, row, columns, target.keepCells),
        );
    },
  });
  const told = headerFault as { fault: ValueFault; place: Place } | null;
  if (told !== null) target.fail(told.fault, () => told.place);
  (long as LongForm | null)?.finish(target);
  return { ...reading, header };
}

function rowOrigin(file: string, row: SheetRow, columns: SheetColumns, keepCells: boolean): EntryOrigin {
  return {
    file,
    line: row.row.line,
    cells: keepCells ? [keptCells(row, columns)] : null,
    place: (fault: Fault) => row.place(faultColumn(fault, columns), fault.from, fault.length),
  };
}

function formFault(columns: SheetColumns, context: ItemContext): ValueFault | null {
  const has = (name: string) => columns.index.has(name);
  if (has('swap') && has('face')) {
    return {
      code: 'M026',
      message: 'the sheet has a swap column and a face column',
      help: 'either id,video,swap (one row per video) or id,video,person,face (one row per person)',
    };
  }
  const missing = ['id', 'video'].filter((name) => !has(name));
  const hasDefault = context.defaults.some((layer) => layer.swap !== null);
  if (!has('swap') && !has('face') && !(hasDefault && !has('person'))) missing.push(has('person') ? 'face' : 'swap');
  if (missing.length === 0) return null;
  return {
    code: 'M022',
    message: `the sheet has no column ${missing.map(quoted).join(' and no column ')}`,
    help: 'the first row has to name the columns: id,video,swap or id,video,person,face',
  };
}

/** Title rows above the header are common: says where the header seems to be. */
function betterHelp(
  told: { fault: ValueFault; place: Place },
  row: SheetRow,
  looked: number,
): { fault: ValueFault; place: Place } {
  if (looked > 20 || row.cells.filter((cell) => isKnownColumn(cell)).length < 2) return told;
  return {
    ...told,
    fault: { ...told.fault, help: `line ${row.row.line} looks like the header: delete the rows above it` },
  };
}
