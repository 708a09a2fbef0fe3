import type { Problem } from '../akool/outcome.ts';
import type { AfterRelease } from '../ledger/release-attempt.ts';
import { reasonOf } from '../schemas/failure-codes.ts';

const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** Waits double from 2 s to a minute, each up to half longer by chance. `tries` counts those that came before. */
export function waitMs(tries: number, chance: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (1 + chance / 2);
}

/** What becomes of an item whose create was certainly refused. Account conditions and throttling use up no try. */
export function afterRefusal(
  problem: Problem,
  item: { readonly batch: string; readonly itemId: string; readonly tries: number },
  nowMs: number,
  chance: number,
): AfterRelease {
  const { consequence } = problem;
  const where = { batch: item.batch, item: item.itemId };
  const vendor = problem.code === null ? problem.message : `${problem.code} ${problem.message}`;
  switch (consequence.kind) {
    case 'gate':
    case 'misconfigured':
    case 'uncertain':
      return { kind: 'again', nextAtMs: 0, countsTry: false };
    case 'wait-and-retry':
      if (consequence.because === 'throttled') return { kind: 'again', nextAtMs: 0, countsTry: false };
      if (consequence.maxTries !== null && item.tries + 1 >= consequence.maxTries)
        return { kind: 'fail', reason: reasonOf('P104', where, { vendor }) };
      return {
        kind: 'again',
        nextAtMs: nowMs + (consequence.retryAfterMs ?? waitMs(item.tries, chance)),
        countsTry: true,
      };
    case 'reanalyse':
      return { kind: 'reanalyse' };
    case 'fail-item':
    case 'not-found':
      return {
        kind: 'fail',
        reason: reasonOf('P103', where, { vendor, message: `the vendor refused the task: ${problem.message}` }),
      };
    default:
      return consequence satisfies never;
  }
}
