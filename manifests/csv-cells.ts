/** Where a cell stands in the raw text of its row. `stray` is the place of a quote that breaks the rules, or -1. */
export interface CellSpan {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  readonly stray: number;
}

/** Finds the cells in the raw text of one row, as csv-parse splits them. Used only for rows that something is wrong with. */
export function scanCells(raw: string, delimiter: string): CellSpan[] {
  const spans: CellSpan[] = [];
  const body = raw.replace(/(\r\n|\n|\r)$/u, '');
  let at = 0;
  for (;;) {
    const start = at;
    const quoted = body[at] === '"';
    let stray = -1;
    let closed = !quoted;
    if (quoted) at++;
    for (; at < body.length; at++) {
      const char = body[at];
      if (quoted && !closed) {
        if (char !== '"') continue;
        if (body[at + 1] === '"') at++;
        else closed = true;
      } else if (char === delimiter) {
        break;
      } else if (char === '"' || quoted) {
        if (stray === -1) stray = at;
      }
    }
    if (!closed) stray = start;
    spans.push({ start, end: at, quoted, stray });
    if (at >= body.length) return spans;
    at++;
  }
}

const CANDIDATES = [',', ';', '\t'] as const;

/**
 * The delimiter of a sheet, from its first line that is not blank: the candidate under which most cells are known columns,
 * then the one that occurs most. One is chosen (several would split on each). A `sep=` line decides.
 */
export function sniffDelimiter(
  head: string,
  isKnown: (cell: string) => boolean,
): { delimiter: string; sepLine: boolean } {
  const [first = ''] = head.split(/\r\n|\n|\r/u, 1);
  const sep = /^"?sep=(\t|[^"\s]|\\t)"?[\s,;]*$/iu.exec(first)?.[1];
  if (sep !== undefined) return { delimiter: sep === '\\t' ? '\t' : sep, sepLine: true };
  const line = head.split(/\r\n|\n|\r/u, 200).find((text) => text.replace(/[\s,;"]/gu, '') !== '') ?? '';
  const score = (delimiter: string) => {
    const spans = scanCells(line, delimiter);
    const known = spans.filter((span) => isKnown(line.slice(span.start, span.end).replaceAll('"', ''))).length;
    return known * 1_000 + spans.length - 1;
  };
  const best = CANDIDATES.map((delimiter) => ({ delimiter, points: score(delimiter) })).reduce((a, b) =>
    b.points > a.points ? b : a,
  );
  return { delimiter: best.delimiter, sepLine: false };
}

export function delimiterName(delimiter: string): string {
  return { ',': 'comma', ';': 'semicolon', '\t': 'tab' }[delimiter] ?? `"${delimiter}"`;
}

/** Spreadsheet name of a column: 0 is A, 26 is AA. */
export function columnLetters(index: number): string {
  return (index >= 26 ? columnLetters(Math.floor(index / 26) - 1) : '') + String.fromCodePoint(65 + (index % 26));
}
