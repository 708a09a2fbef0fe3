/** From anything thrown to what a person is told and the exit code. Pure. */
import { CommanderError } from '@commander-js/extra-typings';
import { OperationError } from '../../operations/operation-error.ts';
import { EXIT, type ExitCode } from '../../schemas/exit-codes.ts';
import { InterruptedError } from '../interrupted-error.ts';
import { UsageError } from '../usage-error.ts';
import type { ErrorDescription, ErrorKind } from './description.ts';

export function describeError(thrown: unknown, command: string | null): ErrorDescription {
  const help = command === null ? '`headswap --help`' : `\`headswap ${command} --help\``;
  const nothing = { vendor: null, charged: null, code: '', problems: [] };
  if (thrown instanceof UsageError) {
    return {
      ...nothing,
      kind: 'mistake',
      message: thrown.message,
      next: thrown.next,
      exitCode: EXIT.usage,
      stack: stackOf(thrown),
    };
  }
  if (thrown instanceof CommanderError) {
    const { message, hint } = commanderText(thrown.message);
    const next = hint === null ? `See ${help}.` : `${hint} See ${help}.`;
    return { ...nothing, kind: 'mistake', message, next, exitCode: EXIT.usage, stack: null };
  }
  if (thrown instanceof OperationError && thrown.exit !== EXIT.unexpected) {
    const { exit, code, message, charged, next, problems } = thrown;
    return {
      kind: kindOf(exit),
      code,
      message,
      vendor: null,
      charged,
      next,
      problems,
      exitCode: exit,
      stack: stackOf(thrown),
    };
  }
  if (thrown instanceof InterruptedError) {
    return {
      ...nothing,
      kind: 'interrupted',
      message: thrown.message,
      next: '',
      exitCode: EXIT.interrupted,
      stack: null,
    };
  }
  return {
    kind: 'bug',
    code: 'S105',
    message: thrown instanceof Error ? thrown.message : String(thrown),
    vendor: null,
    problems: [],
    charged: 'What `headswap status` shows; every paid task is in the ledger before it is sent.',
    next: 'Run the same command again: it goes on where it was. If it stays, report it with the output of `--verbose`.',
    exitCode: EXIT.unexpected,
    stack: stackOf(thrown),
  };
}

function kindOf(exit: ExitCode): ErrorKind {
  switch (exit) {
    case EXIT.usage:
    case EXIT.manifest:
      return 'mistake';
    case EXIT.interrupted:
      return 'interrupted';
    case EXIT.unexpected:
      return 'bug';
    case EXIT.ok:
    case EXIT.account:
    case EXIT.uncertain:
    case EXIT.someFailed:
    case EXIT.money:
    case EXIT.unreachable:
    case EXIT.waiting:
    case EXIT.workToDo:
    case EXIT.held:
      return 'circumstance';
    default:
      return exit satisfies never;
  }
}

/** Commander writes `error: unknown option '--bugdet'\n(Did you mean --budget?)`. */
function commanderText(text: string): { message: string; hint: string | null } {
  const [first = '', ...rest] = text.replace(/^error: /u, '').split('\n');
  const hint = rest
    .join(' ')
    .trim()
    .replace(/^\((.*)\)$/u, '$1');
  const message = first.charAt(0).toUpperCase() + first.slice(1);
  return { message: /[.!?]$/u.test(message) ? message : `${message}.`, hint: hint === '' ? null : hint };
}

function stackOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error)) return null;
  const cause = thrown.cause instanceof Error ? `\ncaused by: ${stackOf(thrown.cause)}` : '';
  return `${thrown.stack ?? thrown.message}${cause}`;
}
