/** What is said when following ends: what became of the items, the money, where the report lies, what to do next. */
import type { FollowResult } from '../../operations/follow-batch.ts';
import { amount, counted } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';

export function outcomeLines(result: FollowResult, paint: Paint): string[] {
  const { totals, credits: money } = result;
  const ends = (['done', 'failed', 'skipped', 'cancelled', 'waiting', 'uncertain', 'pending'] as const)
    .filter((key) => totals[key] > 0 || key === 'done')
    .map((key) => (key === 'failed' ? paint('bad', `failed ${amount(totals[key])}`) : `${key} ${amount(totals[key])}`));
  const budget = money.budget === null ? '' : ` of a budget of ${amount(money.budget)}`;
  const held = money.held > 0 ? `, held ${amount(money.held)}` : '';
  const estimate = money.estimated === null ? ', price unknown before' : `, estimated ${amount(money.estimated)}`;
  const unexplained =
    (money.unexplained ?? 0) === 0 ? '' : `, ${paint('warn', `unexplained ${amount(money.unexplained ?? 0)}`)}`;
  return [
    `${paint('strong', result.batch)}: ${endText(result)}. ${counted(totals.items, 'item')}: ${ends.join(', ')}`,
    `spent ${amount(money.charged)} credits${budget}${held}${estimate}${unexplained}`,
    ...result.notes.map(printable),
    ...(result.report === null ? [] : [`report: ${printable(result.report)}`]),
  ];
}

/** In a word or two; the notes say what to do about it. */
function endText({ how, state, batch }: FollowResult): string {
  switch (how) {
    case 'ended':
      return state;
    case 'stopped':
      return 'stopped';
    case 'detached':
      return `detached; it goes on where its engine runs (\`headswap watch ${batch}\` follows it again)`;
    case 'max-wait':
      return `${state}; --max-wait is over (\`headswap resume ${batch}\` goes on)`;
    default:
      return how satisfies never;
  }
}
