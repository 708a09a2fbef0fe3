import type { Report } from '../schemas/report.ts';
import type { Context } from './context.ts';
export type ReportFormat = 'html' | 'json' | 'csv' | 'junit';
/** The report's content; `report --json` prints it. */
export declare function readReport(ctx: Context, batch: string | undefined): Promise<Report>;
/** Writes the files; returns their absolute paths. `out` null: beside the outputs, `<storage>/<batch>/`. */
export declare function writeReportFiles(
  ctx: Context,
  batch: string | undefined,
  how: { readonly formats: readonly ReportFormat[]; readonly out: string | null },
): Promise<{
  readonly batch: string;
  readonly report: Report;
  readonly files: readonly { readonly format: ReportFormat; readonly path: string }[];
}>;
