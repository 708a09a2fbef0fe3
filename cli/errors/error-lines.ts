/** The text of an error for stderr. The first word says whose it is: error (yours), stopped (circumstances), a bug (ours). */
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';
import { problemDocument } from '../render/problem-lines.ts';
import type { ErrorDescription } from './description.ts';

export function errorLines(error: ErrorDescription, paint: Paint, verbose: boolean): string[] {
  const code = error.code === '' ? '' : `[${error.code}]`;
  const more = [
    ...(error.vendor === null || error.vendor === '' ? [] : [`  the vendor says: "${printable(error.vendor)}"`]),
    ...(error.charged === null || error.charged === '' ? [] : [`  money: ${error.charged}`]),
    ...(error.next === '' ? [] : [`  next: ${error.next}`]),
    ...(error.code === '' ? [] : [`  more: headswap explain ${error.code}`]),
  ];
  const stack = verbose && error.stack !== null ? ['', ...error.stack.split('\n')] : [];
  return [`${heading(error, paint)}${code}: ${printable(error.message)}`, ...more, ...stack];
}

/** The same for a program, where no stream of lines was promised. */
export function errorDocument({ kind, code, message, vendor, charged, next, problems, exitCode }: ErrorDescription) {
  const places = problems.map(problemDocument);
  return {
    schema_version: 1,
    error: { kind, code, message, vendor, charged, next, problems: places },
    exit_code: exitCode,
  };
}

function heading({ kind }: ErrorDescription, paint: Paint): string {
  switch (kind) {
    case 'mistake':
      return paint('bad', 'error');
    case 'circumstance':
      return paint('warn', 'stopped');
    case 'bug':
      return paint('bad', 'unexpected error, a fault of this program');
    case 'interrupted':
      return 'interrupted';
    default:
      return kind satisfies never;
  }
}
