/** The exit code of a batch (contract section 4), from what the ledger says about it. */
import { EXIT, worstExit, type ExitCode } from './exit-codes.ts';
import type { Totals } from './report.ts';
import type { GateName } from './states.ts';

export interface BatchExitFacts {
  readonly totals: Totals;
  /** Of `totals.waiting`: open items the budget holds back. */
  readonly heldByBudget: number;
  /** Gates closed now, of the batch and of its account. They count only while something is open behind them. */
  readonly gates: readonly GateName[];
}

/**
 * 0 only when every item is done or skipped; otherwise the first of 4, 8, 7, 5, 9, 6 that applies. Open items that
 * nothing else accounts for (paused, stopped, or still running) give 9: a batch that has not ended is never a success.
 */
export function batchExit({ totals, heldByBudget, gates }: BatchExitFacts): ExitCode {
  const codes: ExitCode[] = [];
  const open = totals.waiting + totals.uncertain + totals.pending;
  if (open > 0) for (const gate of gates) codes.push(exitOfGate(gate));
  if (heldByBudget > 0) codes.push(EXIT.money);
  if (totals.uncertain > 0) codes.push(EXIT.uncertain);
  if (totals.waiting > heldByBudget) codes.push(EXIT.waiting);
  if (totals.failed + totals.cancelled > 0) codes.push(EXIT.someFailed);
  if (totals.pending > 0) codes.push(EXIT.waiting);
  return worstExit(codes);
}

function exitOfGate(gate: GateName): ExitCode {
  switch (gate) {
    case 'authorisation':
    case 'plan':
      return EXIT.account;
    case 'vendor-unwell':
      return EXIT.unreachable;
    case 'credits':
    case 'unpaid':
    case 'budget':
      return EXIT.money;
    case 'uncertain':
      return EXIT.uncertain;
    case 'disk':
    case 'window':
    case 'tolerance':
    case 'refused-alike':
    case 'pause':
    case 'stopped':
    case 'cancelled':
      return EXIT.waiting;
    default:
      return gate satisfies never;
  }
}
