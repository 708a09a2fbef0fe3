/** The question before money (contract section 3). The cost has been printed by then; this only gets the yes. */
import { credits, range } from './numbers-in-words.ts';
import type { Session } from './session.ts';
import { UsageError } from './usage-error.ts';

export interface Spending {
  /** What is about to be done, as the end of "Go on and ...": `create up to 47 tasks`. */
  readonly account: string;
  readonly low: number | null;
  readonly high: number | null;
  readonly budget: number | null;
  /** Questions beyond the cost, each answered by the same yes. */
  readonly questions: readonly string[];
}

/** Returns when the answer is yes. Off a terminal without --yes, or with another answer: UsageError, nothing done. */
export async function confirmSpending({ flags, screen, signal }: Session, spending: Spending): Promise<void> {
  for (const question of spending.questions) screen.say(`${screen.talkPaint('warn', 'Note')}: ${question}`);
  if (flags.yes) return;
  const cost = costText(spending);
  if (!screen.canAsk) {
    const reasons = spending.questions.length === 0 ? '' : ` ${spending.questions.join(' ')}`;
    throw new UsageError(
      `This may spend ${cost}, and there is nobody to ask.${reasons} Nothing was started. Nothing was charged.`,
      'Add --yes to go on without a question, or --budget N with it to set a limit.',
    );
  }
  if (!(await screen.ask(`Spend ${cost}?`, signal))) {
    throw new UsageError(
      'The answer was not yes. Nothing was started. Nothing was charged.',
      'Run the same command again when it is right.',
    );
  }
}

/** `820 to 905 credits (budget 1,200 credits) on account default`. */
function costText({ low, high, budget, account }: Spending): string {
  const known = low !== null && high !== null;
  const limit = budget === null ? '' : ` (budget ${credits(budget)})`;
  return `${known ? `${range(low, high)} credits` : 'an unknown number of credits (price unknown)'}${limit} on account ${account}`;
}
