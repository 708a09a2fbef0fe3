import type { RawSettings } from '../schemas/item-fields.ts';
import { unescapeCell } from '../schemas/spreadsheet-cell.ts';
import { delimiterName, sniffDelimiter } from './csv-cells.ts';
import { readCsvRows, type CsvRow } from './csv-rows.ts';
import type { RawItem } from './build-item.ts';
import type { Fault, ValueFault } from './fault.ts';
import { quoted } from './fault.ts';
import { excerptOf, type Place } from './problem-list.ts';
import { rowPlace, strayQuote } from './row-place.ts';
import { isKnownColumn, readColumns, type SheetColumns } from './sheet-columns.ts';
import type { SourceFile } from './source-file.ts';

/** A row of a sheet whose cell count fits the header, with its cells by field. */
export interface SheetRow {
  readonly row: CsvRow;
  /** Cells as the sheet means them: the neutralising of formulas undone. */
  readonly cells: readonly string[];
  place(column: number | null, from?: number, length?: number): Place;
}

export interface SheetHandlers {
  /** Something is wrong with the sheet as a whole (or a warning about a column). */
  onFault(fault: ValueFault, place: Place): void;
  /** Called once; false stops the reading. */
  onHeader(columns: SheetColumns, header: SheetRow): boolean;
  onRow(row: SheetRow, columns: SheetColumns): void;
  /** A row whose cells cannot be told apart, or do not fit the header. */
  onBadRow(fault: ValueFault, row: SheetRow, place: Place, columns: SheetColumns): void;
}

export interface SheetReading {
  readonly encoding: SourceFile['encoding'];
  readonly delimiter: string;
  readonly rows: number;
}

/** Reads a sheet row by row: the first row that is not blank names the columns; blank rows are passed over. */
export async function readSheet(
  source: SourceFile,
  known: readonly string[],
  handlers: SheetHandlers,
): Promise<SheetReading> {
  const { delimiter, sepLine } = sniffDelimiter(source.head, isKnownColumn);
  let columns: SheetColumns | null = null;
  let header: readonly string[] = [];
  let open = true;
  let rows = 0;
  const wrap = (row: CsvRow): SheetRow => ({
    row,
    cells:
      row.raw.includes("'") && row.cells.some((cell) => cell.startsWith("'")) ? row.cells.map(unescapeCell) : row.cells,
    place: (column, from, length) => rowPlace({ file: source.name, row, delimiter, header }, column, from, length),
  });
  const end = await readCsvRows(source, { delimiter, sepLine }, (row) => {
    if (!open || isBlank(row.cells)) return;
    const sheetRow = wrap(row);
    if (columns === null) {
      header = row.cells.map((cell) => cell.trim());
      const reading = readColumns(sheetRow.cells, known);
      columns = reading.columns;
      for (const { column, ...fault } of reading.faults) handlers.onFault(fault, sheetRow.place(column));
      open = handlers.onHeader(columns, sheetRow);
      return;
    }
    rows++;
    const stray = row.raw.includes('"') ? strayQuote(row, delimiter) : null;
    if (stray !== null) {
      handlers.onBadRow(stray.fault, sheetRow, sheetRow.place(stray.column, stray.from, 1), columns);
    } else if (row.cells.length !== columns.width) {
      const surplus = row.cells.length > columns.width;
      const place = sheetRow.place(surplus ? columns.width : null);
      handlers.onBadRow(raggedFault(row.cells.length, columns.width, delimiter), sheetRow, place, columns);
    } else {
      handlers.onRow(sheetRow, columns);
    }
  });
  if (end.unclosed !== null && open) {
    const { line } = end.unclosed;
    const text = await lineOf(source, line);
    const at = Math.max(0, text.lastIndexOf('"'));
    const fault: ValueFault = {
      code: 'M020',
      message: `a quote opened in line ${line} is never closed: the rest of the file would be one cell`,
      help: 'close the quote, or double it if it belongs to the text',
    };
    handlers.onFault(fault, {
      file: source.name,
      line,
      column: at + 1,
      path: '',
      cell: null,
      excerpt: excerptOf(text, at, 1),
    });
  } else if (columns === null) {
    const fault: ValueFault = {
      code: 'M005',
      message: `${quoted(source.name)} has no rows`,
      help: 'name the columns in the first row: id,video,swap',
    };
    handlers.onFault(fault, { file: source.name, line: 1, column: 1, path: '', cell: null, excerpt: null });
  }
  return { encoding: source.encoding, delimiter, rows };
}

/** "read as UTF-16, semicolon, 64 rows" (contract section 6). */
export function describeSheet(reading: SheetReading): string {
  return `read as ${reading.encoding}, ${delimiterName(reading.delimiter)}, ${reading.rows} ${reading.rows === 1 ? 'row' : 'rows'}`;
}

/** The entry that a row of the short form spells. */
export function rowItem(cells: readonly string[], columns: SheetColumns): RawItem {
  return { id: cellOf(cells, columns, 'id'), video: cellOf(cells, columns, 'video'), ...rowSettings(cells, columns) };
}

function rowSettings(cells: readonly string[], columns: SheetColumns): RawSettings {
  const swap = cellOf(cells, columns, 'swap');
  return {
    swap: swap === null ? null : { kind: 'text', text: swap },
    check: cellOf(cells, columns, 'check'),
    resolution: cellOf(cells, columns, 'resolution'),
    model: cellOf(cells, columns, 'model'),
    keepOriginalSound: cellOf(cells, columns, 'keep_original_sound'),
    templateId: cellOf(cells, columns, 'template_id'),
    output: cellOf(cells, columns, 'output'),
    project: cellOf(cells, columns, 'project'),
    note: cellOf(cells, columns, 'note'),
    whenPeopleDiffer: cellOf(cells, columns, 'when_people_differ'),
    x: ownCells(cells, columns),
  };
}

/** A cell's text without outer blanks, null when it is empty or there is no such column. */
export function cellOf(cells: readonly string[], columns: SheetColumns, field: string): string | null {
  const column = columns.index.get(field);
  if (column === undefined) return null;
  const text = cells[column] ?? '';
  const trimmed = text.trim();
  // The swap cell keeps its blanks, since its parts are marked by their place.
  return trimmed === '' ? null : field === 'swap' ? text : trimmed;
}

const NO_CELLS: Readonly<Record<string, string>> = Object.freeze({});
function ownCells(cells: readonly string[], columns: SheetColumns): Readonly<Record<string, string>> {
  if (columns.own.length === 0) return NO_CELLS;
  const own: Record<string, string> = {};
  for (const [name, column] of columns.own) {
    const cell = cells[column] ?? '';
    if (cell !== '') own[name] = cell;
  }
  return own;
}

/** The column a fault belongs to, by the field it names. */
export function faultColumn(fault: Fault, columns: SheetColumns): number | null {
  return fault.field === null ? null : (columns.index.get(fault.field) ?? null);
}

function isBlank(cells: readonly string[]): boolean {
  for (const cell of cells) if (cell !== '' && cell.trim() !== '') return false;
  return true;
}

function raggedFault(cells: number, width: number, delimiter: string): ValueFault {
  const name = delimiterName(delimiter);
  return {
    code: 'M021',
    message: `the row has ${cells} ${cells === 1 ? 'cell' : 'cells'}, the header has ${width}`,
    help:
      cells > width
        ? `a cell that contains a ${name} has to be quoted; or remove the cells too many`
        : `add the missing ${name}s, or check for a line break inside a cell that is not quoted`,
  };
}

async function lineOf(source: SourceFile, line: number): Promise<string> {
  let current = 1;
  let text = '';
  for await (const chunk of source.chunks()) {
    const lines = (text + chunk.toString('utf8')).split(/\r\n|\n|\r/u);
    text = lines.pop() ?? '';
    if (current + lines.length > line) return lines[line - current] ?? '';
    current += lines.length;
    text = text.slice(0, 10_000);
  }
  return current === line ? text : '';
}
