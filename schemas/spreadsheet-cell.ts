/**
 * Cells that a spreadsheet would take for a formula are written with a leading apostrophe, and read without it. Apostrophes
 * already there are kept by adding one more, so that `unescapeCell(escapeCell(x)) === x` for every x.
 */
const FORMULA = /^'*[=+\-@\t\r\n|%＝＋－＠]/u;
const ESCAPED = /^'+[=+\-@\t\r\n|%＝＋－＠]/u;

export function escapeCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

export function unescapeCell(text: string): string {
  return text.startsWith("'") && ESCAPED.test(text) ? text.slice(1) : text;
}
