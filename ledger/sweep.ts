import { COLLECT_TOUCH_MS } from './collect-steps.ts';
import type { Tx } from './open-ledger.ts';

export type OwnerState = 'alive' | 'dead' | 'unknown';

export interface Stranded {
  readonly attempts: readonly number[];
  /** Claims nobody has issued for long: nothing was sent, they are to be released (their driver is gone). */
  readonly claims: readonly number[];
  readonly analyses: readonly { readonly id: number; readonly from: 'reserved' | 'sending' }[];
  readonly collects: readonly number[];
}

/** A live lane issues its claims again every few seconds; a claim untouched for this long beyond the time-out has none. */
const CLAIM_GRACE_MS = 120_000;
/**
 * A collection that nobody has touched for this long has nobody any more: its activity failed to write how it ended, or its
 * process died where that cannot be seen. Taken up by two it costs a download, nothing else.
 */
const COLLECT_UNTOUCHED_MS = 6 * COLLECT_TOUCH_MS;

/**
 * What was left behind: *sending* rows past their deadline by the database's clock, or whose owner is a dead process of
 * this host; analyses claimed or sent without an id for too long; collections of dead processes, or untouched. `advance` alone acts on it,
 * so it holds even when the engine's state is gone (design D6).
 */
export async function findStranded(
  db: Tx,
  account: string,
  at: { readonly batch: string; readonly lane: number },
  deadline: { readonly requestTimeoutMs: number; readonly ownerState: (owner: string) => OwnerState },
  nowMs: number,
): Promise<Stranded> {
  const sending = await db
    .selectFrom('attempts')
    .select(['id', 'owner', 'sent_at'])
    .where('account', '=', account)
    .where('state', '=', 'sending')
    .execute();
  const claims = await db
    .selectFrom('attempts')
    .select('id')
    .where('account', '=', account)
    .where('state', '=', 'reserved')
    .where('issued_at', '<', nowMs - deadline.requestTimeoutMs - CLAIM_GRACE_MS)
    .execute();
  const analyses = await db
    .selectFrom('analyses')
    .select(['id', 'owner', 'sent_at', 'issued_at', 'state'])
    .where('account', '=', account)
    .where('state', 'in', ['reserved', 'sending'])
    .execute();
  const collects = await db
    .selectFrom('items')
    .select(['key', 'owner', 'issued_at'])
    .where('batch', '=', at.batch)
    .where('lane', '=', at.lane)
    .where('state', '=', 'collecting')
    .where('owner', 'is not', null)
    .execute();
  const dead = (owner: string | null) => owner !== null && deadline.ownerState(owner) === 'dead';
  const late = (sentAt: number | null, graceMs: number) =>
    sentAt !== null && nowMs > sentAt + deadline.requestTimeoutMs + graceMs;
  return {
    claims: claims.map((claim) => claim.id),
    attempts: sending.filter((a) => dead(a.owner) || late(a.sent_at, 15_000)).map((a) => a.id),
    analyses: analyses
      .filter((a) =>
        a.state === 'sending' ? dead(a.owner) || late(a.sent_at, 30_000) : late(a.issued_at, CLAIM_GRACE_MS),
      )
      .map((a) => ({ id: a.id, from: a.state === 'sending' ? ('sending' as const) : ('reserved' as const) })),
    collects: collects
      .filter((c) => dead(c.owner) || (c.issued_at ?? 0) < nowMs - COLLECT_UNTOUCHED_MS)
      .map((c) => c.key),
  };
}

/** Frees collections that nobody works on any more, so that they are issued again. */
export async function freeCollects(tx: Tx, items: readonly number[], nowMs: number): Promise<void> {
  if (items.length === 0) return;
  await tx
    .updateTable('items')
    .set({ owner: null, issued_at: null, updated_at: nowMs })
    .where('key', 'in', items)
    .where('state', '=', 'collecting')
    .execute();
}
