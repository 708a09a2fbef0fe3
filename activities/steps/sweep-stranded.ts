import { lapseAnalysis } from '../../ledger/analysis-steps.ts';
import { freeUncertainPlaces, uncertainPlaces } from '../../ledger/free-place.ts';
import type { LaneRef } from '../../ledger/lane-queries.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import { findStranded, freeCollects } from '../../ledger/sweep.ts';
import type { AccountRow } from '../../ledger/tables.ts';
import { reasonOf } from '../../schemas/failure-codes.ts';
import { watchHealth } from '../account-conditions.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';
import type { HeldAnswers } from '../held-answers.ts';

/**
 * Decides about what was left behind by a process that died, or whose answer never came: a create that was being sent is
 * uncertain, an analysis is asked for again, a collection is taken up again. Nothing is sent twice. What has been uncertain
 * for longer than `stalled_after` gives its open place free.
 */
export async function sweepStranded(
  deps: ActivityDependencies,
  held: HeldAnswers,
  at: LaneRef,
  { id: account, uncertain }: Pick<AccountRow, 'id' | 'uncertain'>,
  nowMs: number,
): Promise<void> {
  const { uncertain: policy, requestTimeoutMs, polling } = servedAccount(deps, account);
  const deadline = {
    requestTimeoutMs,
    ownerState: (owner: string) => (owner === deps.owner ? 'alive' : deps.ownerState(owner)),
  } as const;
  const stranded = await findStranded(deps.ledger.db, account, at, deadline, nowMs);
  const { claims, analyses, collects } = stranded;
  // Not lost: this process knows the answer and waits for the ledger to take it.
  const attempts = stranded.attempts.filter((attempt) => !held.has(attempt));
  // Looked for only where there can be one.
  const places = uncertain === 0 ? [] : await uncertainPlaces(deps.ledger.db, account, nowMs - polling.stalledAfterMs);
  if (attempts.length + claims.length + analyses.length + collects.length + places.length === 0) return;
  await deps.ledger.write(async (tx, now) => {
    for (const attempt of attempts) {
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
      // A process of ours that died says nothing about the vendor's health.
      const waiting = { policy, requestTimeoutMs, vendorUnwell: false };
      const marked = await markUncertain(tx, attempt, reason, now, waiting);
      if (marked !== null) await watchHealth(tx, marked.account, 'refused', now);
    }
    // Nobody drives their batch any more, and they would keep a place that others wait for.
    for (const claim of claims)
      await releaseAttempt(tx, claim, 'reserved', { code: 'stranded', after: { kind: 'again', nextAtMs: 0 } }, now);
    for (const analysis of analyses)
      await lapseAnalysis(tx, analysis.id, analysis.from, { code: 'stranded', nextAtMs: 0 }, now);
    await freeCollects(tx, collects, now);
    await freeUncertainPlaces(tx, places);
  });
  deps.wakeUps.poke();
}
