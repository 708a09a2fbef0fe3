/** What `resume` would do: per item why it will or will not run again, and the cost. Pure. */
import type { ResumeItem, ResumePlan } from '../../operations/resume.ts';
import { amount, counted, credits, range } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';
import { basisText } from './plan-lines.ts';

const REASONS_SHOWN = 30;

const HEADINGS: Readonly<Record<ResumeItem['action'], string>> = {
  again: 'will be tried again',
  'goes-on': 'go on where they are',
  no: 'will not run again',
};

export function resumeLines(plan: ResumePlan, paint: Paint): string[] {
  const budget = plan.budget === null ? 'no budget set' : `budget ${credits(plan.budget)}`;
  const known = plan.credits.low !== null && plan.credits.high !== null;
  const cost = known ? `${range(plan.credits.low, plan.credits.high)} credits` : paint('warn', 'price unknown');
  // Done items have a line of their own.
  const open = plan.items.filter(({ action, state }) => action !== 'no' || state !== 'done');
  return [
    `Batch ${paint('strong', plan.batch)} on account ${plan.account}. Ledger ${printable(plan.ledger)}`,
    ...(['again', 'goes-on', 'no'] as const).flatMap((action) => section(open, action)),
    ...(plan.counts.done === 0 ? [] : [`${amount(plan.counts.done).padStart(4)}  done, untouched`]),
    plan.spends
      ? `Cost: ${cost}, ${budget}. Prices: ${basisText(plan.credits.basis)}`
      : 'Cost: nothing will be paid for.',
  ];
}

/** Items with one reason share a line, because a batch fails alike more often than not. */
function section(all: readonly ResumeItem[], action: ResumeItem['action']): string[] {
  const items = all.filter((item) => item.action === action);
  if (items.length === 0) return [];
  const byReason = Map.groupBy(items, ({ why }) => why);
  const reasons = [...byReason].slice(0, REASONS_SHOWN).map(([why, same]) => {
    const ids = same.slice(0, 6).map(({ id }) => printable(id));
    const more = same.length > 6 ? ` and ${counted(same.length - 6, 'more item')}` : '';
    return `        ${ids.join(', ')}${more}: ${printable(why)}`;
  });
  const left =
    byReason.size > REASONS_SHOWN
      ? [`        and ${counted(byReason.size - REASONS_SHOWN, 'more reason')} (--json lists all)`]
      : [];
  return [`${amount(items.length).padStart(4)}  ${HEADINGS[action]}`, ...reasons, ...left];
}
