/** Puts a report's files into a folder, each complete or not at all. */
import { mkdir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Report } from '../schemas/report.ts';
import { reportCsv } from './csv.ts';
import { hrefOfPath } from './html/readable.ts';
import { reportHtml } from './html/page.ts';
import { reportJson } from './json.ts';
import { reportJunit } from './junit.ts';
import type { ReportFacts } from './report-facts.ts';
import { writeWhole } from './whole-file.ts';

export const REPORT_FORMATS = ['html', 'json', 'csv', 'junit'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const REPORT_FILES: Readonly<Record<ReportFormat, string>> = {
  html: 'report.html',
  json: 'report.json',
  csv: 'report.csv',
  junit: 'junit.xml',
};

export interface WriteReportOptions {
  /** Absolute; made when missing. */
  readonly dir: string;
  readonly formats: readonly ReportFormat[];
  /** Absolute path of the storage root when outputs are local files; null when they have no path. */
  readonly storageRoot: string | null;
}

/** Paths of what was written, in the order asked for. An earlier report is replaced. */
export async function writeReport(facts: ReportFacts, report: Report, options: WriteReportOptions): Promise<string[]> {
  await mkdir(options.dir, { recursive: true });
  const linkTo = await linksFrom(options.dir, options.storageRoot);
  const written: string[] = [];
  for (const format of options.formats) {
    const path = join(options.dir, REPORT_FILES[format]);
    await writeWhole(path, textOf(format, facts, report, linkTo));
    written.push(path);
  }
  return written;
}

function textOf(
  format: ReportFormat,
  facts: ReportFacts,
  report: Report,
  linkTo: (file: string) => string | null,
): string {
  switch (format) {
    case 'html':
      return reportHtml(report, linkTo);
    case 'json':
      return reportJson(report);
    case 'csv':
      return reportCsv(facts, report);
    case 'junit':
      return reportJunit(report);
    default:
      return format satisfies never;
  }
}

/** Links are relative, so that the folder can be handed over: real paths, since `..` through a link leads elsewhere. */
async function linksFrom(dir: string, storageRoot: string | null): Promise<(file: string) => string | null> {
  if (storageRoot === null) return () => null;
  const from = await realpath(dir);
  const root = await realpath(storageRoot).catch(() => storageRoot);
  return (file) =>
    hrefOfPath(
      relative(from, join(root, ...file.split('/')))
        .split(sep)
        .join('/'),
    );
}
