import { once } from 'node:events';
import { parse } from 'csv-parse';
import type { SourceFile } from './source-file.ts';

/** One row of a sheet as it stands in the file. */
export interface CsvRow {
  readonly cells: readonly string[];
  /** The row's own text, with its line end. */
  readonly raw: string;
  /** Physical line on which it starts, 1-based. */
  readonly line: number;
  /** Row as a spreadsheet numbers it: quoted line breaks do not count, a `sep=` line does not show. */
  readonly sheetRow: number;
}

/** A cell or row may be long; what has no end is a quote that was never closed. */
const MAX_ROW_BYTES = 256 * 1024;

export interface CsvEnd {
  /** The row whose quote was never closed, if the file ended inside it. */
  readonly unclosed: { readonly line: number; readonly sheetRow: number } | null;
}

/**
 * Streams the rows of a sheet to `onRow` (all of them, the header too). Lines are counted here from the raw text, because
 * csv-parse counts a CRLF inside quotes twice; all three line ends are row ends wherever they stand. Stray quotes do not
 * stop the reading: the caller finds them with `scanCells`, so that one pass reports every error.
 */
export async function readCsvRows(
  source: SourceFile,
  options: { delimiter: string; sepLine: boolean },
  onRow: (row: CsvRow) => void,
): Promise<CsvEnd> {
  const parser = parse({
    delimiter: options.delimiter,
    // Each further line end costs a comparison per character.
    record_delimiter: source.hasCarriageReturn ? ['\r\n', '\n', '\r'] : ['\n'],
    relax_column_count: true,
    relax_quotes: true,
    raw: true,
    skip_records_with_error: true,
    max_record_size: MAX_ROW_BYTES,
  });
  let line = 1;
  let sheetRow = options.sepLine ? 0 : 1;
  let first = true;
  let unclosed: CsvEnd['unclosed'] = null;
  let failure: Error | null = null;
  const drain = () => {
    let next: { record: string[]; raw: string } | null;
    while ((next = parser.read() as { record: string[]; raw: string } | null) !== null) {
      if (unclosed !== null) continue;
      const { record, raw } = next;
      if (!(first && options.sepLine)) onRow({ cells: record, raw, line, sheetRow });
      first = false;
      line += countLines(raw);
      sheetRow++;
    }
  };
  parser.on('readable', drain);
  // With quotes relaxed, the errors left are a quote that is open at the end of the file or past any sensible row.
  parser.on('skip', () => {
    drain();
    unclosed ??= { line, sheetRow };
  });
  parser.on('error', (error: Error) => (failure = error));
  const ended = new Promise<void>((resolve) => parser.on('end', resolve).on('close', resolve));
  for await (const chunk of source.chunks()) {
    if (failure !== null || unclosed !== null) break;
    if (!parser.write(chunk)) await Promise.race([once(parser, 'drain'), ended]);
  }
  parser.end();
  await ended;
  if (failure !== null) throw failure as Error;
  return { unclosed };
}

/** Line ends in a row's raw text; a row has one unless cells hold more (or it is the last). */
function countLines(raw: string): number {
  const lf = raw.indexOf('\n');
  const cr = raw.indexOf('\r');
  if ((lf === -1 || lf === raw.length - 1) && (cr === -1 || cr === raw.length - 1 || (lf !== -1 && cr === lf - 1))) {
    return lf === -1 && cr === -1 ? 0 : 1;
  }
  return raw.match(/\r\n|\n|\r/gu)?.length ?? 0;
}
