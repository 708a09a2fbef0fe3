import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { escapeCell } from '../../schemas/spreadsheet-cell.ts';
import { writeWhole } from '../whole-file.ts';
import { pickRows, type PicksFacts } from './picks-facts.ts';
import { picksSheet } from './sheet.ts';

/** Writes the contact sheet and the picks file into a folder; returns their absolute paths. */
export async function writePicks(
  facts: PicksFacts,
  to: { readonly dir: string; readonly sheet: string; readonly file: string; readonly columns: readonly string[] },
): Promise<{ readonly sheet: string; readonly file: string }> {
  await mkdir(to.dir, { recursive: true });
  const [sheet, file] = [join(to.dir, to.sheet), join(to.dir, to.file)];
  const rows = pickRows(facts).map((cells) => cells.map(escapeCell));
  // The mark makes Excel read it as UTF-8.
  await writeWhole(file, `\uFEFF${stringify([[...to.columns], ...rows], { record_delimiter: '\r\n' })}`);
  await writeWhole(sheet, picksSheet(facts));
  return { sheet, file };
}
