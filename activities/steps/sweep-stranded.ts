import { lapseAnalysis } from '../../ledger/analysis-steps.ts';
import type { LaneRef } from '../../ledger/lane-queries.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import { findStranded, freeCollects } from '../../ledger/sweep.ts';
import { reasonOf } from '../../schemas/failure-codes.ts';
import { watchHealth } from '../account-conditions.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';

/**
 * Decides about what was left behind by a process that died, or whose answer never came: a create that was being sent is
 * uncertain, an analysis is asked for again, a collection is taken up again. Nothing is sent twice.
 */
export async function sweepStranded(
  deps: ActivityDependencies,
  at: LaneRef,
  account: string,
  nowMs: number,
): Promise<void> {
  const { uncertain: policy, requestTimeoutMs } = servedAccount(deps, account);
  const deadline = {
    requestTimeoutMs,
    ownerState: (owner: string) => (owner === deps.owner ? 'alive' : deps.ownerState(owner)),
  } as const;
  const stranded = await findStranded(deps.ledger.db, account, at, deadline, nowMs);
  if (stranded.attempts.length + stranded.analyses.length + stranded.collects.length === 0) return;
  await deps.ledger.write(async (tx, now) => {
    for (const attempt of stranded.attempts) {
      const item = await tx
        .selectFrom('attempts')
        .innerJoin('items', 'items.key', 'attempts.item')
        .select(['items.batch', 'items.id'])
        .where('attempts.id', '=', attempt)
        .executeTakeFirst();
      const where = { batch: item?.batch ?? '', item: item?.id ?? '' };
      const reason = reasonOf('U102', where, {
        message:
          'the process that was sending a create died, or its answer never came; it may or may not have been charged',
      });
      const marked = await markUncertain(tx, attempt, reason, now, { policy, requestTimeoutMs });
      if (marked !== null) await watchHealth(tx, { ...marked.account, uncertain_in_a_row: 0 }, now);
    }
    for (const analysis of stranded.analyses)
      await lapseAnalysis(tx, analysis.id, analysis.from, { code: 'stranded', nextAtMs: 0 }, now);
    await freeCollects(tx, stranded.collects, now);
  });
  deps.wakeUps.poke();
}
