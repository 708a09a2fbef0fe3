/** The promises of the program, counted over the report's own rows, so that a broken one shows. */
import type { Report, ReportItem } from '../schemas/report.ts';

/**
 * `rows`: items the manifest came to. Rows taken out of the manifest stay as items (cancelled with `M-removed`) and do not
 * make up for lost ones.
 */
export function checksOf(rows: number, items: readonly ReportItem[]): Report['checks'] {
  const removed = items.filter((item) => item.reason?.code === 'M-removed').length;
  const paid = items.map(paidAgain);
  return {
    lost: Math.max(0, rows - (items.length - removed)),
    paid_twice: paid.reduce((sum, { unasked }) => sum + unasked, 0),
    paid_again_on_request: paid.reduce((sum, { onRequest }) => sum + onRequest, 0),
  };
}

/**
 * Charged tasks of one item beyond its first. One that a person asked for (`approved_by`: pay-again, resume, --again) is on
 * request, and so is the orphan of an attempt that such a request replaced; anything else is money lost to a fault of ours.
 */
function paidAgain(item: ReportItem): { unasked: number; onRequest: number } {
  let paid = 0;
  let approvals = 0;
  for (const attempt of item.attempts) {
    if (attempt.approved_by !== '') approvals += 1;
    if ((attempt.charged ?? 0) > 0) paid += 1;
    paid += attempt.orphans.filter((orphan) => (orphan.charged ?? 0) > 0).length;
  }
  const again = Math.max(0, paid - 1);
  const onRequest = Math.min(again, approvals);
  return { unasked: again - onRequest, onRequest };
}
