import { abandonAttempt } from './abandon-attempt.ts';
import { lockAttempt } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import { gatesOfBatch } from './gates.ts';
import type { LaneRef } from './lane-queries.ts';
import type { Tx } from './open-ledger.ts';

/** What the account does about a create without an answer (contract section 5, `uncertain`). */
export interface UncertainPolicy {
  readonly waitMs: number;
  readonly afterwards: 'hold' | 'pay-again';
  /** How often a batch may be paid again for by itself, over its life. */
  readonly maxPayAgain: number;
}

/** The create's activity may last its request timeout and this (design D6). */
const BEYOND_REQUEST_MS = 30_000;
/** Recorded as the cause of what the policy gave up. */
const BY_POLICY = 'pay-again-policy';
/** Who did it, in the record: the account's setting, which a person wrote. */
const POLICY = 'policy';

/**
 * From when an uncertain create may be called not created, or paid again: twice the longest its own activity can last, so
 * that nothing of it is under way any more.
 */
export function mayBeSettledFromMs(sentAtMs: number, requestTimeoutMs: number): number {
  return sentAtMs + 2 * (requestTimeoutMs + BEYOND_REQUEST_MS);
}

/**
 * When the wait of an attempt that becomes uncertain now ends; null when there is nothing to wait for: it named no callback
 * address, and the policy is to hold.
 */
export function waitEndsAtMs(
  attempt: { readonly calledBack: boolean; readonly sentAtMs: number },
  account: { readonly policy: UncertainPolicy; readonly requestTimeoutMs: number },
  nowMs: number,
): number | null {
  const { policy, requestTimeoutMs } = account;
  const callback = attempt.calledBack && policy.waitMs > 0 ? nowMs + policy.waitMs : null;
  if (policy.afterwards === 'hold') return callback;
  return Math.max(callback ?? 0, mayBeSettledFromMs(attempt.sentAtMs, requestTimeoutMs));
}

/** The create of this attempt names a callback address: from now on a message can name its task. */
export async function noteCalledBack(tx: Tx, attempt: number): Promise<void> {
  await tx.updateTable('attempts').set({ called_back: 1 }).where('id', '=', attempt).execute();
}

/**
 * Uncertain attempts of a lane whose wait has ended. A wait for a callback runs only while one can come: those are left out
 * while no receiver lives.
 */
export async function endedWaits(db: Tx, at: LaneRef, callbacksCome: boolean, nowMs: number): Promise<number[]> {
  const rows = await db
    .selectFrom('attempts')
    .select('id')
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .where('awaiting', '=', 1)
    .where('state', '=', 'uncertain')
    .where('uncertain_until', '<=', nowMs)
    .$if(!callbacksCome, (query) => query.where('called_back', '=', 0))
    .execute();
  return rows.map((row) => row.id);
}

export type WaitEnd = 'held' | 'pays-again' | 'not-now' | 'gone';

/** Behind these nothing is paid until a person says so; the policy is no such person. */
const HELD_BY_GATES: readonly string[] = [
  'authorisation',
  'plan',
  'unpaid',
  'refused-alike',
  'pause',
  'stopped',
  'budget',
  'tolerance',
  'cancelled',
];

/**
 * Acts at the end of a wait: holds the item for a person, or gives the attempt up so that the item is created again, as often
 * as the policy allows for its batch.
 */
export async function endWait(
  tx: Tx,
  attempt: number,
  account: { readonly policy: UncertainPolicy; readonly requestTimeoutMs: number },
  nowMs: number,
): Promise<WaitEnd> {
  const row = (await lockAttempt(tx, attempt))?.row;
  if (row?.state !== 'uncertain' || row.awaiting !== 1 || (row.uncertain_until ?? 0) > nowMs) return 'gone';
  const { policy, requestTimeoutMs } = account;
  const item = await tx.selectFrom('items').select('id').where('key', '=', row.item).executeTakeFirst();
  const tell = (type: 'wait-ended' | 'paid-again', detail: string) =>
    recordEvent(tx, { type, batch: row.batch, item: item?.id ?? null, by: POLICY, detail }, nowMs);
  const hold = async (why: string): Promise<'held'> => {
    await tx.updateTable('attempts').set({ awaiting: 0 }).where('id', '=', attempt).execute();
    await tell('wait-ended', `${why}; a person decides`);
    return 'held';
  };
  if (policy.afterwards === 'hold') return hold('no callback came in time');
  if (nowMs < mayBeSettledFromMs(row.sent_at ?? row.reserved_at, requestTimeoutMs)) return 'not-now';
  const gates = await gatesOfBatch(tx, row.batch, row.account);
  if (gates.some((gate) => HELD_BY_GATES.includes(gate.name))) return 'not-now';
  const paid = await paidAgain(tx, row.batch);
  if (paid >= policy.maxPayAgain)
    return hold(`the batch was paid again for ${paid} times, as often as max_pay_again allows`);
  await tell(
    'paid-again',
    `no answer and no callback came; paid again by policy (${paid + 1} of ${policy.maxPayAgain})`,
  );
  const after = { kind: 'again', nextAtMs: 0 } as const;
  await abandonAttempt(tx, attempt, { by: POLICY, code: BY_POLICY, after }, nowMs);
  return 'pays-again';
}

async function paidAgain(tx: Tx, batch: string): Promise<number> {
  const row = await tx
    .selectFrom('attempts')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('batch', '=', batch)
    .where('state', '=', 'abandoned')
    .where('code', '=', BY_POLICY)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}
