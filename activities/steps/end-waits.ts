import type { LaneRef } from '../../ledger/lane-queries.ts';
import { callbacksCome } from '../../ledger/receiver-beat.ts';
import { endedWaits, endWait } from '../../ledger/uncertain-wait.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';
import { journalOutcomeOf } from '../journal-lines.ts';

/** Uncertain creates whose wait has ended are held for a person, or paid again as the account's policy says. */
export async function endWaits(deps: ActivityDependencies, at: LaneRef, account: string, nowMs: number): Promise<void> {
  const { db } = deps.ledger;
  const ended = await endedWaits(db, at, await callbacksCome(db, nowMs), nowMs);
  if (ended.length === 0) return;
  const { uncertain: policy, requestTimeoutMs } = servedAccount(deps, account);
  const abandoned = await deps.ledger.write(async (tx, now) => {
    const paidAgain: number[] = [];
    for (const attempt of ended)
      if ((await endWait(tx, attempt, { policy, requestTimeoutMs }, now)) === 'pays-again') paidAgain.push(attempt);
    return paidAgain;
  });
  // Without the line a rebuild would ask a person for what the policy has settled.
  const came = { type: 'settle', task_id: null, credits: null, outcome: 'abandoned' } as const;
  for (const attempt of abandoned) journalOutcomeOf(deps, attempt, came);
  deps.wakeUps.poke();
}
