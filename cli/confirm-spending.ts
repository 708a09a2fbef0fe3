/** The question before money (contract section 3). The cost has been printed by then; this only gets the yes. */
import { OperationError } from '../operations/operation-error.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { credits, range } from './numbers-in-words.ts';
import type { Session } from './session.ts';
import { UsageError } from './usage-error.ts';

const NOTHING = 'Nothing was started. Nothing was charged.';

export interface Spending {
  readonly account: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly budget: number | null;
  /** False when nothing is paid for and only the doubts are asked about. */
  readonly spends: boolean;
  /** What makes it doubtful that this is meant, each answered by the same yes. */
  readonly doubts: readonly string[];
}

/**
 * Returns when the answer is yes. Without one nothing was done: UsageError (exit 2), and where there are doubts and nobody
 * to ask, exit 11, because what is there is not what was there.
 */
export async function confirmSpending({ flags, screen, signal }: Session, spending: Spending): Promise<void> {
  const { doubts, spends } = spending;
  for (const doubt of doubts) screen.say(`${screen.talkPaint('warn', 'Note')}: ${doubt}`);
  if (flags.yes || (!spends && doubts.length === 0)) return;
  const cost = costText(spending);
  if (screen.canAsk) {
    if (await screen.ask(spends ? `Spend ${cost}?` : 'Go on?', signal)) return;
    throw new UsageError(`The answer was not yes. ${NOTHING}`, 'Run the same command again when it is right.');
  }
  const next = 'Add --yes to go on without a question; --budget N with it sets a limit.';
  if (doubts.length > 0) {
    throw new OperationError(EXIT.held, { code: '', message: doubts.join('; '), charged: NOTHING, next });
  }
  throw new UsageError(`This may spend ${cost}, and there is nobody to ask. ${NOTHING}`, next);
}

/** `820 to 905 credits (budget 1,200 credits) on account default`. */
function costText({ low, high, budget, account }: Spending): string {
  const known = low !== null && high !== null;
  const limit = budget === null ? '' : ` (budget ${credits(budget)})`;
  return `${known ? `${range(low, high)} credits` : 'an unknown number of credits (price unknown)'}${limit} on account ${account}`;
}
