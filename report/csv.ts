/** The submitted sheet back, with what became of each row; made so that it can be submitted again as it is. */
import { stringify } from 'csv-stringify/sync';
import type { Report, ReportItem } from '../schemas/report.ts';
import { escapeCell } from '../schemas/spreadsheet-cell.ts';
import { chargedOf } from './charges.ts';
import type { ItemFact, ReportFacts } from './report-facts.ts';
import { SHORT_FORM, shortFormCells } from './short-form.ts';

/** The columns of ours, after the sheet's own. The reader of manifests skips whatever starts with `hs_`. */
export const HS_COLUMNS = [
  'hs_state',
  'hs_code',
  'hs_message',
  'hs_task_id',
  'hs_link',
  'hs_file',
  'hs_credits',
  'hs_batch',
] as const;

type SheetFacts = Pick<ReportFacts, 'items'> & { readonly batch: Pick<ReportFacts['batch'], 'sheet'> };

/** `facts` bring the sheet's own cells, `report` what became of them; items are in the same order in both. */
export function reportCsv(facts: SheetFacts, report: Report): string {
  const byId = new Map(report.items.map((item) => [item.id, item]));
  const { header, rowsOf } = facts.batch.sheet === null ? shortForm(facts.items) : ownForm(facts.batch.sheet.header);
  const rows = facts.items.flatMap((item) => {
    const built = byId.get(item.id);
    const ours = built === undefined ? HS_COLUMNS.map(() => '') : hsCells(built, report.batch.id);
    return rowsOf(item).map((cells) => [...cells.map(neutral), ...ours]);
  });
  const text = stringify([[...header.map(neutral), ...HS_COLUMNS], ...rows], {
    delimiter: facts.batch.sheet?.delimiter ?? ',',
    // A row that is one empty cell would be an empty line, which reads as no row at all.
    quoted_empty: header.length === 0,
    // Alone it ends a row for spreadsheets and for the reader of manifests, and is no delimiter to the writer.
    quoted_match: /\r/,
  });
  // Excel takes a sheet without the mark for Windows-1252; plain ASCII reads alike everywhere and is spared it.
  // oxlint-disable-next-line no-control-regex -- ASCII is what is meant
  return /[^\u0000-\u007f]/.test(text) ? `\uFEFF${text}` : text;
}

interface SheetForm {
  readonly header: readonly string[];
  readonly rowsOf: (item: ItemFact) => readonly (readonly string[])[];
}

/** Columns of an earlier report are dropped wherever they are; ours stand at the end with present values. */
function ownForm(submitted: readonly string[]): SheetForm {
  const kept = submitted.flatMap((name, index) => (/^hs_/i.test(name.trim()) ? [] : [index]));
  const header = kept.map((index) => submitted[index] ?? '');
  return { header, rowsOf: (item) => ownRows(item, submitted, kept) };
}

function ownRows(
  item: ItemFact,
  submitted: readonly string[],
  kept: readonly number[],
): readonly (readonly string[])[] {
  const pick = (cells: readonly string[]) => kept.map((index) => cells[index] ?? '');
  if (item.cells !== null && item.cells.every((cells) => cells.length === submitted.length))
    return item.cells.map(pick);
  // Too many or too few cells are what made a row bad: what fits is given back.
  if (item.cells !== null && item.swap === null) return item.cells.map(pick);
  // A row of an earlier form of the sheet is said in the columns there are now.
  const values = new Map([...shortFormCells(item)].map(([name, value]) => [columnKey(name), value]));
  return [kept.map((index) => values.get(columnKey(submitted[index] ?? '')) ?? '')];
}

function shortForm(items: readonly ItemFact[]): SheetForm {
  const own = new Set(items.flatMap((item) => Object.keys(item.x)));
  const header = [...SHORT_FORM, ...[...own].toSorted()];
  return {
    header,
    rowsOf(item) {
      const values = shortFormCells(item);
      return [header.map((name) => values.get(name) ?? '')];
    },
  };
}

/** Headers match without regard to case, blanks and how words are joined. */
function columnKey(name: string): string {
  return name.replaceAll(/[\s_-]/g, '').toLowerCase();
}

/** Formulas are made text; the reader of manifests undoes it. A plain number cannot be a formula and stays a number. */
function neutral(cell: string): string {
  return /^[+-]?\d+([.,]\d+)?$/.test(cell) ? cell : escapeCell(cell);
}

function hsCells(item: ReportItem, batch: string): string[] {
  const last = item.attempts.at(-1);
  return [
    item.state,
    item.reason?.code ?? '',
    escapeCell(item.reason?.message ?? ''),
    escapeCell(last?.task_id ?? ''),
    escapeCell(item.output?.url ?? ''),
    escapeCell(item.output?.file ?? ''),
    String(chargedOf(item)),
    escapeCell(batch),
  ];
}
