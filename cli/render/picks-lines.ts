/** What `picks apply` would do: which choices are taken in, which are refused and why, and the cost. Pure. */
import type { PicksPlan } from '../../operations/picks.ts';
import { amount, counted, credits, range } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';
import { basisText } from './plan-lines.ts';

const REFUSED_SHOWN = 30;

export function picksLines(
  plan: Pick<
    PicksPlan,
    | 'batch'
    | 'account'
    | 'file'
    | 'items'
    | 'counts'
    | 'waiting'
    | 'credits'
    | 'budget'
    | 'spends'
    | 'held'
    | 'ledger'
    | 'notes'
  >,
  paint: Paint,
): string[] {
  const { counts } = plan;
  const budget = plan.budget === null ? 'no budget set' : `budget ${credits(plan.budget)}`;
  const known = plan.credits.low !== null && plan.credits.high !== null;
  const cost = known ? `${range(plan.credits.low, plan.credits.high)} credits` : paint('warn', 'price unknown');
  const refused = plan.items.filter(({ action }) => action === 'refused');
  const line = (count: number, text: string) => (count === 0 ? [] : [`${amount(count).padStart(4)}  ${text}`]);
  return [
    `Batch ${paint('strong', plan.batch)} on account ${plan.account}, choices of ${printable(plan.file)}. Ledger ${printable(plan.ledger)}`,
    ...plan.notes.map((note) => printable(note)),
    ...line(counts.apply, 'decided, taken in'),
    ...line(counts.same, 'decided before, untouched'),
    ...line(counts.open, 'without a choice'),
    ...line(counts.refused, paint('warn', 'refused')),
    ...refused.slice(0, REFUSED_SHOWN).map(({ id, why }) => `        ${printable(id)}: ${printable(why)}`),
    ...(refused.length > REFUSED_SHOWN
      ? [`        and ${counted(refused.length - REFUSED_SHOWN, 'more item')} (--dry-run --json lists all)`]
      : []),
    ...line(plan.waiting, 'wait on for a choice'),
    ...(plan.held === null
      ? []
      : [`The batch is held (${printable(plan.held)}): choices are recorded, nothing is created until it is resumed.`]),
    plan.spends
      ? `Cost: ${cost}, ${budget}. Prices: ${basisText(plan.credits.basis)}`
      : 'Cost: nothing will be paid for.',
  ];
}
