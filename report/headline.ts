/** The batch in one sentence, the same in the report and on the terminal. */
import type { Report } from '../schemas/report.ts';

type Told = Pick<Report, 'totals' | 'checks' | 'credits'>;

/** `47 done, 2 failed, 0 lost, 0 paid twice, 0 uncertain; spent 886 of 943 estimated`. */
export function headlineOf(report: Told): string {
  return `${countsOf(report)}; ${spendingOf(report)}`;
}

/** The promises are always named, also when they are kept; the other ends only when there are some. */
export function countsOf({ totals, checks }: Told): string {
  const { done, failed, skipped, cancelled, waiting, pending, uncertain } = totals;
  const more = { skipped, cancelled, waiting, 'still open': pending };
  return [
    `${done} done`,
    `${failed} failed`,
    ...Object.entries(more).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`])),
    `${checks.lost} lost`,
    `${checks.paid_twice} paid twice`,
    `${uncertain} uncertain`,
  ].join(', ');
}

function spendingOf({ credits }: Told): string {
  const of = credits.estimated === null ? 'price was unknown' : `of ${credits.estimated} estimated`;
  return `spent ${credits.charged} credits${credits.estimated === null ? ` (${of})` : ` ${of}`}`;
}
