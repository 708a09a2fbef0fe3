import { CommanderError } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { OperationError } from '../../operations/operation-error.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { describeError } from '../../cli/errors/describe-error.ts';
import { errorDocument, errorLines } from '../../cli/errors/error-lines.ts';
import { InterruptedError } from '../../cli/interrupted-error.ts';
import { noPaint } from '../../cli/paint.ts';
import { UsageError } from '../../cli/usage-error.ts';

const text = (thrown: unknown, verbose = false) =>
  errorLines(describeError(thrown, 'run'), noPaint, verbose).join('\n');

describe('an error says whose it is', () => {
  it('a mistake', () => {
    expect(text(new UsageError('There is no such batch.', 'See `headswap status`.'))).toBe(
      'error: There is no such batch.\n  next: See `headswap status`.',
    );
    expect(text(new CommanderError(1, 'x', "error: unknown option '--x'\n(Did you mean --y?)"))).toBe(
      "error: Unknown option '--x'.\n  next: Did you mean --y? See `headswap run --help`.",
    );
  });

  it('a circumstance, with what was charged and a code to explain', () => {
    const error = new OperationError(EXIT.money, {
      code: 'C101',
      message: 'out of credits',
      charged: '45 credits so far.',
      next: 'Top up.',
    });
    expect(text(error)).toBe(
      'stopped[C101]: out of credits\n  money: 45 credits so far.\n  next: Top up.\n  more: headswap explain C101',
    );
    expect(describeError(error, 'run').exitCode).toBe(7);
  });

  it('a bug of ours, with a hint, and its stack only when asked', () => {
    const bug = new TypeError('x is not a function', { cause: new Error('deep down') });
    expect(text(bug)).toMatch(
      /^unexpected error, a fault of this program\[S105\]: x is not a function\n.*\n {2}next: .*--verbose/u,
    );
    expect(text(bug)).not.toContain('errors.test.ts');
    expect(text(bug, true)).toContain('errors.test.ts');
    expect(text(bug, true)).toContain('caused by: Error: deep down');
    expect(describeError(bug, 'run').exitCode).toBe(1);
    expect(describeError('only text', 'run').message).toBe('only text');
  });

  it('an interruption', () => {
    const described = describeError(new InterruptedError(), 'run');
    expect([described.exitCode, described.kind]).toEqual([130, 'interrupted']);
  });

  it.each(Object.entries(EXIT).filter(([name]) => name !== 'unexpected'))(
    'keeps exit code %s of an operation',
    (_name, exit) => {
      expect(describeError(new OperationError(exit, { message: 'm', next: 'n' }), null).exitCode).toBe(exit);
    },
  );
});

it('lets nothing an error carries move the cursor', () => {
  const error = new OperationError(EXIT.account, { code: 'A101', message: 'no\u001b[2J\nforged', next: 'n' });
  expect(text(error).split('\n')).toHaveLength(3);
  expect(text(error)).not.toContain('\u001b');
});

it('is a document for programs', () => {
  const problem = {
    code: 'M112',
    message: 'm',
    file: 'a.csv',
    line: 3,
    column: 4,
    path: '',
    cell: { column: 'swap', ref: 'C3' },
    excerpt: null,
    help: null,
  };
  const error = new OperationError(EXIT.manifest, {
    code: 'M112',
    message: 'one error',
    next: 'n',
    problems: [problem],
  });
  expect(errorDocument(describeError(error, 'plan'))).toMatchObject({
    schema_version: 1,
    exit_code: 3,
    error: { kind: 'mistake', problems: [{ code: 'M112', line: 3, column: 4, cell: 'C3' }] },
  });
});
