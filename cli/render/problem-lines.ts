/** Problems of manifests and configuration as text: one block each, with its place, the marked line and the next step. */
import type { Problem } from '../../schemas/manifest-item.ts';
import { counted } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { columnsOf, printable } from '../printable.ts';

export type Severity = 'error' | 'warning';

/** Problems alike (code, message, help, file) become one block that names the other places. */
interface ProblemGroup {
  readonly first: Problem;
  readonly others: readonly Problem[];
}

const PLACES_NAMED = 8;

/** At most `max` blocks, and a line that says how many there were. */
export function problemLines(problems: readonly Problem[], severity: Severity, max: number, paint: Paint): string[] {
  const groups = grouped(problems);
  const blocks = groups.slice(0, max).map((group) => block(group, severity, paint));
  const left = groups.length - blocks.length;
  const more =
    left > 0
      ? [
          `and ${counted(left, `more kind of ${severity}`, `more kinds of ${severity}`)} (--max-errors ${groups.length} shows them)`,
        ]
      : [];
  return [...blocks.flatMap((lines) => [...lines, '']), ...more];
}

function grouped(problems: readonly Problem[]): ProblemGroup[] {
  const groups = new Map<string, { first: Problem; others: Problem[] }>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.code, problem.message, problem.help, problem.file]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: problem, others: [] });
    else group.others.push(problem);
  }
  return [...groups.values()];
}

function block({ first, others }: ProblemGroup, severity: Severity, paint: Paint): string[] {
  const ink = severity === 'error' ? 'bad' : 'warn';
  const gutter = ' '.repeat(String(first.line).length);
  const also = others.slice(0, PLACES_NAMED).map((problem) => problem.line);
  const alsoMore = others.length > PLACES_NAMED ? ', …' : '';
  return [
    `${paint(ink, `${severity}[${first.code}]`)}: ${printable(first.message)}`,
    `${gutter}--> ${printable(placeOf(first))}`,
    ...excerptLines(first, gutter, paint),
    ...(first.help === null ? [] : [`${gutter} = help: ${printable(first.help)}`]),
    ...(others.length === 0
      ? []
      : [`${gutter} = also in ${counted(others.length, 'more place')}: line ${also.join(', ')}${alsoMore}`]),
  ];
}

/** `shots.csv:33:42 (column "swap", cell C33)` */
function placeOf({ file, line, column, cell, path }: Problem): string {
  const inside = cell !== null ? ` (column "${cell.column}", cell ${cell.ref})` : path === '' ? '' : ` (${path})`;
  return `${file}:${line}:${column}${inside}`;
}

function excerptLines({ excerpt, line }: Problem, gutter: string, paint: Paint): string[] {
  if (excerpt === null) return [];
  // Columns, not characters: a wide character before the mark takes two.
  const before = columnsOf(excerpt.text.slice(0, excerpt.from));
  const marked = columnsOf(excerpt.text.slice(excerpt.from, excerpt.from + excerpt.length));
  const mark = '^'.repeat(Math.max(1, marked));
  return [`${gutter} |`, `${line} | ${excerpt.text}`, `${gutter} | ${' '.repeat(before)}${paint('strong', mark)}`];
}

/** Workflow commands that CI on GitHub turns into annotations of a pull request. */
export function githubLines(problems: readonly Problem[], severity: Severity, max: number): string[] {
  const data = (text: string) => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string) => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return problems.slice(0, max).map(({ code, message, help, file, line, column }) => {
    const text = help === null ? message : `${message} (help: ${help})`;
    return `::${severity} file=${property(file)},line=${line},col=${column},title=${property(code)}::${data(text)}`;
  });
}

/** A problem as `validate --json` prints it (contract section 6). */
export function problemDocument({ code, message, file, line, column, path, cell, help }: Problem) {
  return { code, message, file, line, column, path, cell: cell === null ? null : cell.ref, help };
}
