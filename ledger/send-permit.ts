import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
import { savepoint, TakeBack } from './savepoint.ts';

export type Permit =
  | { readonly kind: 'go'; readonly atMs: number }
  /** Not yet: ask again after this time. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** A gate closed after the claim: release it, send nothing. */
  | { readonly kind: 'gate-closed' }
  /** Somebody else has it, or it was taken back. */
  | { readonly kind: 'gone' };

/**
 * The permit belongs to the send (design D4): the account's next free time and the compare-and-set *reserved -> sending*
 * move in one transaction, so the gap between two creates is exact over any number of processes. Whoever gets `go` must
 * write the first byte in the tick that hears of the commit. A probe may pass although its gate's count is nought already.
 */
export function permitCreate(tx: Tx, attempt: number, account: string, owner: string, nowMs: number): Promise<Permit> {
  return savepoint<Permit>(tx, async () => {
    const turn = await tx
      .updateTable('accounts')
      .set({
        next_create_at: sql`(case when next_create_at > ${nowMs} then next_create_at else ${nowMs} end) + create_gap_ms`,
        reserved: sql`reserved - 1`,
      })
      .where('id', '=', account)
      .where('gates', '=', 0)
      .where('next_create_at', '<=', nowMs)
      .where('reserved', '>', 0)
      .returning('id')
      .executeTakeFirst();
    if (turn === undefined) return whyNot(tx, account, 'next_create_at', nowMs);
    const sending = await tx
      .updateTable('attempts')
      .set({ state: 'sending', sent_at: nowMs, owner })
      .where('id', '=', attempt)
      .where('state', '=', 'reserved')
      .returning('id')
      .executeTakeFirst();
    if (sending === undefined) throw new TakeBack<Permit>({ kind: 'gone' });
    return { kind: 'go', atMs: nowMs };
  });
}

/** The same for an analysis, which costs nothing but counts against the vendor's limits. */
export function permitAnalysis(tx: Tx, analysis: number, account: string, owner: string, nowMs: number): Promise<Permit> {
  return savepoint<Permit>(tx, async () => {
    const turn = await tx
      .updateTable('accounts')
      .set({
        next_analyze_at: sql`(case when next_analyze_at > ${nowMs} then next_analyze_at else ${nowMs} end) + analyze_gap_ms`,
        analyses_reserved: sql`analyses_reserved - 1`,
      })
      .where('id', '=', account)
      .where('gates', '=', 0)
      .where('next_analyze_at', '<=', nowMs)
      .where('analyses_reserved', '>', 0)
      .returning('id')
      .executeTakeFirst();
    if (turn === undefined) return whyNot(tx, account, 'next_analyze_at', nowMs);
    const sending = await tx
      .updateTable('analyses')
      .set({ state: 'sending', sent_at: nowMs, owner })
      .where('id', '=', analysis)
      .where('state', '=', 'reserved')
      .returning('id')
      .executeTakeFirst();
    if (sending === undefined) throw new TakeBack<Permit>({ kind: 'gone' });
    return { kind: 'go', atMs: nowMs };
  });
}

async function whyNot(tx: Tx, account: string, next: 'next_create_at' | 'next_analyze_at', nowMs: number): Promise<Permit> {
  const row = await tx.selectFrom('accounts').select(['gates', next]).where('id', '=', account).executeTakeFirstOrThrow();
  if (row.gates > 0) return { kind: 'gate-closed' };
  const waitMs = (row as Record<typeof next, number>)[next] - nowMs;
  return waitMs > 0 ? { kind: 'wait', waitMs } : { kind: 'gone' };
}

/**
 * Up to `wanted` poll permits that fall due within `windowMs`: the times at which each may be sent. Fewer when the pace
 * allows no more.
 */
export async function permitPolls(tx: Tx, account: string, wanted: number, windowMs: number, nowMs: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < wanted) {
    const turn = await tx
      .updateTable('accounts')
      .set({ next_poll_at: sql`(case when next_poll_at > ${nowMs} then next_poll_at else ${nowMs} end) + poll_gap_ms` })
      .where('id', '=', account)
      .where('next_poll_at', '<=', nowMs + windowMs)
      .returning(sql<number>`next_poll_at - poll_gap_ms`.as('at'))
      .executeTakeFirst();
    if (turn === undefined) break;
    times.push(turn.at);
  }
  return times;
}
