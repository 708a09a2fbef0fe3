import { columnLetters, scanCells } from './csv-cells.ts';
import type { CsvRow } from './csv-rows.ts';
import type { ValueFault } from './fault.ts';
import { excerptOf, type Place } from './problem-list.ts';

interface RowSource {
  readonly file: string;
  readonly row: CsvRow;
  readonly delimiter: string;
  readonly header: readonly string[];
}

/**
 * The place of a cell, or of a part of its text, in the file. Worked out only for rows with problems: the raw text is
 * split again with positions. Lines and columns are those of an editor, the cell's name that of a spreadsheet.
 */
export function rowPlace(source: RowSource, column: number | null, from?: number, length?: number): Place {
  const { row, header, file } = source;
  const raw = row.raw;
  const span = column === null ? null : (scanCells(raw, source.delimiter)[column] ?? null);
  let start = span === null ? 0 : span.start + (span.quoted ? 1 : 0);
  let end =
    span === null
      ? raw.length
      : Math.max(start, span.end - (span.quoted && raw[span.end - 1] === '"' && span.end - 1 > span.start ? 1 : 0));
  if (span !== null && from !== undefined) {
    const written = raw.slice(start, end);
    const undone =
      written.startsWith("'") && row.cells[column ?? 0]?.startsWith("'") === true && /^'+[=+\-@\t|%]/u.test(written)
        ? 1
        : 0;
    start = Math.min(end, start + from + undone);
    if (length !== undefined) end = Math.min(end, start + length);
  } else if (span !== null) {
    const text = raw.slice(start, end);
    const lead = text.length - text.trimStart().length;
    if (lead < text.length) start += lead;
    end = start + raw.slice(start, end).trimEnd().length;
  }
  const before = raw.slice(0, start).split(/\r\n|\n|\r/u);
  const lineStart = start - (before.at(-1)?.length ?? 0);
  const text = raw.slice(lineStart).split(/\r\n|\n|\r/u, 1)[0] ?? '';
  const name = column === null ? null : (header[column] ?? '');
  return {
    file,
    line: row.line + before.length - 1,
    column: start - lineStart + 1,
    path: '',
    cell: column === null || name === null ? null : { column: name, ref: `${columnLetters(column)}${row.sheetRow}` },
    excerpt: excerptOf(text, start - lineStart, Math.max(1, end - start)),
  };
}

/** The first quote of a row that breaks the rules of CSV. */
export function strayQuote(row: CsvRow, delimiter: string): { fault: ValueFault; column: number; from: number } | null {
  // A quote left inside a cell is a doubled one, unless the raw text has none doubled.
  if (!row.cells.some((cell) => cell.includes('"'))) return null;
  const spans = scanCells(row.raw, delimiter);
  const column = spans.findIndex((span) => span.stray !== -1);
  const span = spans[column];
  if (span === undefined) return null;
  const blankBefore = /^\s+"/u.test(row.raw.slice(span.start, span.end));
  return {
    column,
    from: Math.max(0, span.stray - span.start - (span.quoted ? 1 : 0)),
    fault: {
      code: 'M020',
      message: blankBefore
        ? 'there is a blank before the quote, so the cell does not count as quoted'
        : span.quoted
          ? 'there is text after the closing quote'
          : 'there is a quote inside a cell that is not quoted',
      help: blankBefore
        ? 'remove the blank between the delimiter and the quote'
        : 'quote the whole cell and double the quotes inside: "say ""hi"""',
    },
  };
}
