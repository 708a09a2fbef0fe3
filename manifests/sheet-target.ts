import type { ItemContext } from './build-item.ts';
import type { ValueFault } from './fault.ts';
import type { ItemCollector } from './item-collector.ts';
import type { Place } from './problem-list.ts';
import type { SheetRow } from './read-sheet.ts';
import type { SheetColumns } from './sheet-columns.ts';

/** Where the entries of a sheet go. */
export interface SheetTarget {
  readonly collector: ItemCollector;
  readonly context: ItemContext;
  /** Whether the rows are kept as submitted: for a sheet that is the manifest, not for one that a manifest names. */
  readonly keepCells: boolean;
  /** Something is wrong that concerns the whole sheet (or a warning). */
  readonly fail: (fault: ValueFault, place: () => Place) => void;
}

/** The row's cells under the columns that are the sheet's own. */
export function keptCells(row: SheetRow, columns: SheetColumns): readonly string[] {
  return columns.kept.length === columns.width ? row.cells : columns.kept.map((column) => row.cells[column] ?? '');
}
