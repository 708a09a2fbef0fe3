import type { LaneRef } from '../../ledger/lane-queries.ts';
import { callbacksCome } from '../../ledger/receiver-beat.ts';
import { endedWaits, endWait } from '../../ledger/uncertain-wait.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';

/** Uncertain creates whose wait has ended are held for a person, or paid again as the account's policy says. */
export async function endWaits(deps: ActivityDependencies, at: LaneRef, account: string, nowMs: number): Promise<void> {
  const { db } = deps.ledger;
  const ended = await endedWaits(db, at, await callbacksCome(db, nowMs), nowMs);
  if (ended.length === 0) return;
  const { uncertain: policy, requestTimeoutMs } = servedAccount(deps, account);
  await deps.ledger.write(async (tx, now) => {
    for (const attempt of ended) await endWait(tx, attempt, { policy, requestTimeoutMs }, now);
  });
  deps.wakeUps.poke();
}
