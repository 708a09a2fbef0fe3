/** `ledger verify` and `ledger rebuild` for people. Pure. */
import type { LedgerRebuild, LedgerVerification, MissingLine } from '../../operations/ledger.ts';
import { amount, counted } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';

const NAMED = 20;

/** What `plan` and `status` say first when nothing is created until the ledger is rebuilt. */
export function behindLines(why: string | null, rehearsal: boolean, paint: Paint): string[] {
  if (why === null) return [];
  const command = `headswap ledger rebuild${rehearsal ? ' --account emulator' : ''}`;
  return [`${paint('bad', 'Behind its journal')}: ${printable(why)}. Nothing is created until: ${command}`];
}

export function verifyLines(found: LedgerVerification, paint: Paint): string[] {
  const { counters, journal, ledger } = found;
  const ok = 'its counters agree with its rows, and it knows all that its journal does';
  return [
    `Ledger ${printable(ledger)}: ${found.ok ? paint('good', ok) : paint('bad', 'something differs')}`,
    ...counterLines(counters, paint),
    ...(found.behind && journal.missing_creates.length === 0
      ? [`  ${paint('bad', 'lost')}: the journal under ${printable(journal.folder ?? '')} tells of creates`]
      : []),
    ...missingLines('creates that it does not know', journal.missing_creates),
    ...missingLines('tasks that it does not know', journal.missing_tasks),
    ...(journal.unreadable === 0 ? [] : [`  ${counted(journal.unreadable, 'line')} of the journal cannot be read`]),
    ...(found.next === '' ? [] : [`Next: ${found.next}`]),
  ];
}

export function rebuildLines(rebuilt: LedgerRebuild, paint: Paint): string[] {
  const { attempts, binds, counters, unknownAccounts } = rebuilt;
  const entered = Object.entries(attempts).filter(([, count]) => count > 0);
  const told = entered.map(([state, count]) => `${amount(count)} ${state}`).join(', ');
  return [
    `Ledger ${printable(rebuilt.ledger)}: creates entered: ${told === '' ? 'none' : told}; task ids bound: ${amount(binds)}`,
    ...unknownAccounts.map((account) => `  left out, since it is not configured: account ${printable(account)}`),
    ...counterLines(counters, paint),
    ...(attempts.uncertain === 0
      ? []
      : [`  ${paint('warn', 'uncertain')}: headswap status BATCH --state uncertain shows each, and how to settle it`]),
    'Next: run the same manifest again; what was paid is followed and collected, and is not paid again.',
  ];
}

function counterLines(counters: LedgerVerification['counters'], paint: Paint): string[] {
  return counters.map(
    ({ table, id, counter, stored, recomputed }) =>
      `  ${paint('bad', 'differs')}: ${counter} of ${table} ${printable(id)} is ${stored}, its rows say ${recomputed}`,
  );
}

function missingLines(what: string, lines: readonly MissingLine[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - NAMED;
  return [
    `  ${amount(lines.length)} ${what}:`,
    ...lines
      .slice(0, NAMED)
      .map(
        ({ batch, item, attempt, task_id, at }) =>
          `    ${printable(batch)} ${printable(item)}, try ${attempt}, ${at}${task_id === null ? '' : `, task ${printable(task_id)}`}`,
      ),
    ...(more > 0 ? [`    and ${amount(more)} more`] : []),
  ];
}
