import type { Problem } from '../schemas/manifest-item.ts';
import type { ManifestReading } from './read-manifest.ts';

/** What is rendered: one reading, or several merged by `mergeReadings`. */
export type ProblemReport = Pick<ManifestReading, 'problems' | 'warnings' | 'errorCount' | 'warningCount' | 'items'>;

export interface ProblemTextOptions {
  /** Most errors (and most warnings) shown. */
  readonly maxErrors?: number;
}

const DEFAULT_MAX = 100;
const ROWS_NAMED = 12;

/** Several files validated in one command are one report. */
export function mergeReadings(readings: readonly ProblemReport[]): ProblemReport {
  const sum = (pick: (reading: ProblemReport) => number) =>
    readings.reduce((total, reading) => total + pick(reading), 0);
  return {
    problems: readings.flatMap((reading) => reading.problems),
    warnings: readings.flatMap((reading) => reading.warnings),
    errorCount: sum((reading) => reading.errorCount),
    warningCount: sum((reading) => reading.warningCount),
    items: sum((reading) => reading.items),
  };
}

/**
 * Problems for people: code, place, marked line, next step. Those that differ only by their row are told once, with the
 * rows named. Ends with the totals, also of what is not shown. Empty when there is nothing to say.
 */
export function problemsText(report: ProblemReport, options: ProblemTextOptions = {}): string {
  const max = options.maxErrors ?? DEFAULT_MAX;
  const parts = [
    ...section('error', report.problems, report.errorCount, max),
    ...section('warning', report.warnings, report.warningCount, max),
  ];
  if (parts.length === 0) return '';
  return `${parts.join('\n\n')}\n\n${counted(report.errorCount, 'error')}, ${counted(report.warningCount, 'warning')}\n`;
}

function section(level: 'error' | 'warning', problems: readonly Problem[], total: number, max: number): string[] {
  const groups = grouped(problems);
  const shown = groups.slice(0, max);
  const told = shown.reduce((sum, group) => sum + group.length, 0);
  const texts = shown.map((group) => groupText(level, group));
  if (told < total) texts.push(`... and ${counted(total - told, `more ${level}`)} not shown (--max-errors N shows N)`);
  return texts;
}

function grouped(problems: readonly Problem[]): Problem[][] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = `${problem.code}\n${problem.message}\n${problem.file}\n${problem.help ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [problem]);
    else group.push(problem);
  }
  return [...groups.values()];
}

function groupText(level: string, group: readonly Problem[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const rows = [...new Set(group.map((problem) => problem.line))];
  const named = rows.slice(0, ROWS_NAMED).join(', ') + (rows.length > ROWS_NAMED ? ', ...' : '');
  const where = group.length === 1 ? '' : ` in ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}: ${named}`;
  const cell = first.cell === null ? '' : ` (column "${first.cell.column}", cell ${first.cell.ref})`;
  const gutter = ' '.repeat(String(first.line).length);
  const lines = [
    `${level}[${first.code}]: ${first.message}${where}`,
    `${gutter}--> ${first.file}:${first.line}:${first.column}${cell}`,
  ];
  if (first.excerpt !== null) {
    const { text, from, length } = first.excerpt;
    lines.push(`${gutter} |`, `${first.line} | ${text}`, `${gutter} | ${' '.repeat(from)}${'^'.repeat(length)}`);
  }
  if (first.help !== null) lines.push(`${gutter} = help: ${first.help}`);
  return lines.join('\n');
}

/** The object of `validate --format json` (contract section 6). `cell` is the spreadsheet's name of the cell. */
export function problemsJson(
  report: ProblemReport,
  options: ProblemTextOptions & { strict?: boolean } = {},
): Record<string, unknown> {
  const max = options.maxErrors ?? DEFAULT_MAX;
  const plain = (problem: Problem) => ({
    code: problem.code,
    message: problem.message,
    file: problem.file,
    line: problem.line,
    column: problem.column,
    path: problem.path,
    cell: problem.cell?.ref ?? null,
    column_name: problem.cell?.column ?? null,
    length: problem.excerpt?.length ?? null,
    help: problem.help,
  });
  return {
    ok: report.errorCount === 0 && !(options.strict === true && report.warningCount > 0),
    items: report.items,
    errors: report.problems.slice(0, max).map(plain),
    warnings: report.warnings.slice(0, max).map(plain),
    error_count: report.errorCount,
    warning_count: report.warningCount,
  };
}

/** Workflow commands that GitHub shows beside the lines of a pull request. */
export function problemsGithub(report: ProblemReport, options: ProblemTextOptions = {}): string {
  const max = options.maxErrors ?? DEFAULT_MAX;
  const annotation = (level: 'error' | 'warning') => (problem: Problem) => {
    const { file, line, column, code } = problem;
    const fields = { file, line, col: column, endColumn: column + (problem.excerpt?.length ?? 1), title: code };
    const text = Object.entries(fields).map(([name, value]) => `${name}=${escapeField(String(value))}`);
    return `::${level} ${text.join(',')}::${escapeData(problem.message + (problem.help === null ? '' : `\nhelp: ${problem.help}`))}`;
  };
  const lines = [
    ...report.problems.slice(0, max).map(annotation('error')),
    ...report.warnings.slice(0, max).map(annotation('warning')),
  ];
  const hidden = report.errorCount - Math.min(max, report.problems.length);
  if (hidden > 0) lines.push(`::error title=validate::${counted(hidden, 'more error')} not shown`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
function escapeField(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
