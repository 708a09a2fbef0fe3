/**
 * Text from outside (vendor messages, notes, file names) on its way to a terminal: without control characters, so that
 * nobody else moves the cursor or colours our output, and measured in columns, so that a redraw never wraps.
 */
import { stripVTControlCharacters } from 'node:util';

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/gu;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const NO_WIDTH = /\p{Mark}/u;

/** One line: escape sequences removed, every other control character (line ends too) turned into a blank. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(CONTROL, ' ').trim();
}

/** Columns that `text` takes on a terminal, colours not counted. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of stripVTControlCharacters(text)) columns += widthOf(character);
  return columns;
}

/** Uncoloured `text`, cut to `columns` with an ellipsis where something is missing. */
export function fit(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const character of text) {
    if (used + widthOf(character) > columns - 1) break;
    kept += character;
    used += widthOf(character);
  }
  return columns < 1 ? '' : `${kept.trimEnd()}…`;
}

/** `text` followed by blanks up to `columns`. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

function widthOf(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
