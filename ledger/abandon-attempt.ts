import { endUncertain } from './end-uncertain.ts';
import type { Tx } from './open-ledger.ts';
import type { AfterRelease } from './release-attempt.ts';

/**
 * *uncertain -> abandoned*: a person (or the capped policy a person set) said what to do. Gives back the place and the
 * money; a task that shows up later is bound as the attempt's orphan and counts again from then on. The item and those that
 * follow it go on as `after` says. Returns whether this call did it.
 */
export async function abandonAttempt(
  tx: Tx,
  attempt: number,
  why: { readonly by: string; readonly code: string; readonly after: AfterRelease },
  nowMs: number,
): Promise<boolean> {
  const end = { state: 'abandoned', code: why.code, approved_by: why.by } as const;
  return (await endUncertain(tx, attempt, end, why.after, nowMs)) !== null;
}
