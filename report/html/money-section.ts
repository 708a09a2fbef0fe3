/** Where the credits went, and whether the balance agrees. */
import { h, type ComponentChild } from 'preact';
import { ATTEMPT_STATES } from '../../schemas/states.ts';
import type { Report } from '../../schemas/report.ts';
import { plural, readableCredits } from './readable.ts';

export function MoneySection({ report }: { report: Report }): ComponentChild {
  const { credits, checks } = report;
  const rows: [string, string, string?][] = [
    ['Estimated', readableCredits(credits.estimated)],
    ['Budget', credits.budget === null ? 'none' : readableCredits(credits.budget)],
    ['Charged', readableCredits(credits.charged), 'strong'],
    ['Held by unsettled tasks', readableCredits(credits.held)],
    ['Balance before', readableCredits(credits.balance_before)],
    ['Balance after', readableCredits(credits.balance_after)],
    [
      'Unexplained',
      unexplained(credits.unexplained),
      credits.unexplained === null || credits.unexplained === 0 ? '' : 'alarm',
    ],
  ];
  const again = checks.paid_again_on_request;
  return h('section', { class: 'money', 'aria-labelledby': ':money' }, [
    h('h2', { id: ':money' }, 'Money'),
    h(
      'dl',
      { class: 'ledger' },
      rows.map(([name, value, tone]) => h('div', { class: tone ?? '' }, [h('dt', null, name), h('dd', null, value)])),
    ),
    h('p', { class: 'soft' }, [
      attemptsLine(report),
      again === 0 ? '' : ` ${plural(again, 'task')} paid again because a person asked for it.`,
    ]),
  ]);
}

function unexplained(credits: number | null): string {
  if (credits === null) return 'cannot be known';
  return credits === 0 ? '0, the balance agrees' : readableCredits(credits);
}

function attemptsLine({ items, analyses }: Report): string {
  const attempts = items.flatMap((item) => item.attempts);
  const orphans = attempts.flatMap((attempt) => attempt.orphans).length;
  const states = ATTEMPT_STATES.map((state) => ({ state, count: attempts.filter((a) => a.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`);
  const found = orphans === 0 ? '' : `; ${plural(orphans, 'task')} found later for given-up attempts`;
  const counted =
    attempts.length === 0
      ? 'No paid task was attempted'
      : `${plural(attempts.length, 'attempt')}: ${states.join(', ')}`;
  return `${counted}${found}. ${plural(analyses.submitted, 'analysis', 'analyses')} sent, ${analyses.reused} reused.`;
}
