import { dirname, join, resolve } from 'node:path';
import { buildReport } from '../report/build-report.ts';
import { redactFacts } from '../report/redact.ts';
import type { ReportFacts } from '../report/report-facts.ts';
import { writeReport, type ReportFormat } from '../report/write-report.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Report } from '../schemas/report.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { OperationError } from './operation-error.ts';
import { reportFacts } from './report-facts.ts';

export type { ReportFormat };

/** The report's content; `report --json` prints it. */
export async function readReport(ctx: Context, batch: string | undefined, redact = false): Promise<Report> {
  return buildReport(await factsOf(ctx, batch, redact));
}

/** Writes the files; returns their absolute paths. `out` null: beside the outputs, `<storage>/<batch>/`. */
export async function writeReportFiles(
  ctx: Context,
  batch: string | undefined,
  how: {
    readonly formats: readonly ReportFormat[];
    readonly out: string | null;
    /** Without faces and source URLs; then `<storage>/<batch>/redacted/` unless `out` says otherwise. */
    readonly redact?: boolean;
  },
): Promise<{
  readonly batch: string;
  readonly report: Report;
  readonly files: readonly { readonly format: ReportFormat; readonly path: string }[];
}> {
  const facts = await factsOf(ctx, batch, how.redact === true);
  const report = buildReport(facts);
  const root = storageRoot(ctx);
  const dir =
    how.out === null
      ? root === null
        ? null
        : join(root, facts.batch.id, ...(how.redact === true ? ['redacted'] : []))
      : resolve(ctx.options.cwd, how.out);
  if (dir === null)
    throw new OperationError(EXIT.usage, { message: 'the storage is no folder', next: 'name a folder with --out DIR' });
  const paths = await writeReport(facts, report, { dir, formats: how.formats, storageRoot: root });
  return {
    batch: facts.batch.id,
    report,
    files: how.formats.map((format, index) => ({ format, path: paths[index] ?? '' })),
  };
}

async function factsOf(ctx: Context, given: string | undefined, redact: boolean): Promise<ReportFacts> {
  const batch = await findBatch(ctx, given);
  const facts = await reportFacts(await ctx.ledger(), batch, ctx.options.toolVersion);
  if (facts === null) throw new Error(`batch ${batch} vanished from the ledger`);
  return redact ? redactFacts(facts) : facts;
}

/** The folder outputs lie in, or null where they have no path. */
function storageRoot(ctx: Context): string | null {
  const path = ctx.store().pathOf('x');
  return path === null ? null : dirname(path);
}
