import { PostgresAdapter, sql, type ExpressionBuilder } from 'kysely';
import { lockAccount } from './account-row.ts';
import type { Tx } from './open-ledger.ts';
import { databaseNow } from './postgres-connection.ts';
import { prepared } from './prepared.ts';
import { savepoint, TakeBack } from './savepoint.ts';
import type { Tables } from './tables.ts';

export type Permit =
  /** `gateEpoch` is what a refusal of this call must carry to close a gate. */
  | { readonly kind: 'go'; readonly atMs: number; readonly gateEpoch: number }
  /** Not yet: ask again after this time. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  /** A gate of the account or the batch closed after the claim, or a probe goes first: release it, send nothing. */
  | { readonly kind: 'gate-closed' }
  /** Somebody else has it, or it was taken back. */
  | { readonly kind: 'gone' };

/** `accounts.probe` while its one probe is out; 0: not half-open. */
const PROBE_OUT = 2;

const READ_CLAIM = prepared<{ attempt: number }>()((db, v) =>
  db
    .selectFrom('attempts')
    .innerJoin('batches', 'batches.id', 'attempts.batch')
    .select(['attempts.is_probe', 'attempts.batch', 'batches.gates'])
    .where('attempts.id', '=', v.attempt)
    .where('attempts.state', '=', 'reserved'),
);

const TAKE_TURN = prepared<{ account: string; nowMs: number; highestProbe: number }>()((db, v) =>
  db
    .updateTable('accounts')
    .set({
      next_create_at: sql`(case when next_create_at > ${v.nowMs} then next_create_at else ${v.nowMs} end) + create_gap_ms`,
      reserved: sql`reserved - 1`,
    })
    .where('id', '=', v.account)
    .where('gates', '=', 0)
    .where('probe', '<=', v.highestProbe)
    .where((e) => turnIsDue(e, 'create', v.nowMs))
    .where('reserved', '>', 0)
    .returning('gate_epoch'),
);

const MARK_SENDING = prepared<{ attempt: number; nowMs: number; owner: string; gateEpoch: number }>()((db, v) =>
  db
    .updateTable('attempts')
    .set({ state: 'sending', sent_at: v.nowMs, owner: v.owner, gate_epoch: v.gateEpoch })
    .where('id', '=', v.attempt)
    .where('state', '=', 'reserved')
    .returning('id'),
);

const TAKE_POLL_TURN = prepared<{ account: string; nowMs: number; untilMs: number }>()((db, v) =>
  db
    .updateTable('accounts')
    .set({
      next_poll_at: sql`(case when next_poll_at > ${v.nowMs} then next_poll_at else ${v.nowMs} end) + poll_gap_ms`,
    })
    .where('id', '=', v.account)
    .where('next_poll_at', '<=', v.untilMs)
    .returning(sql<number>`next_poll_at - poll_gap_ms`.as('at')),
);

/**
 * The permit belongs to the send (design D4): the account's next free time and the compare-and-set *reserved -> sending*
 * move in one transaction, so the gap between two creates is exact over any number of processes. Whoever gets `go` must
 * write the first byte in the tick that hears of the commit. While the account is half-open only the probe passes.
 */
export function permitCreate(
  tx: Tx,
  attempt: number,
  account: string,
  owner: string,
  startedMs: number,
): Promise<Permit> {
  return savepoint<Permit>(tx, async () => {
    await lockAccount(tx, account);
    const nowMs = await timeAfterLock(tx, startedMs);
    const claim = await READ_CLAIM.first(tx, { attempt });
    if (claim === undefined) return { kind: 'gone' };
    if (claim.gates > 0 && (await batchHoldsSends(tx, claim.batch))) return { kind: 'gate-closed' };
    const turn = await TAKE_TURN.first(tx, { account, nowMs, highestProbe: claim.is_probe === 1 ? PROBE_OUT : 0 });
    if (turn === undefined) return whyNot(tx, account, 'next_create_at', claim.is_probe === 1, nowMs);
    const sending = await MARK_SENDING.first(tx, { attempt, nowMs, owner, gateEpoch: turn.gate_epoch });
    if (sending === undefined) throw new TakeBack<Permit>({ kind: 'gone' });
    return { kind: 'go', atMs: nowMs, gateEpoch: turn.gate_epoch };
  });
}

/**
 * Whether the next free time has come. Times are whole milliseconds, so a pace above 1,000 a second lets several go within
 * one; a slower one keeps its gap exactly.
 */
function turnIsDue(e: ExpressionBuilder<Tables, 'accounts'>, call: 'create' | 'analyze', nowMs: number) {
  return e.or([
    e(`next_${call}_at`, '<=', nowMs),
    e.and([e(`${call}_gap_ms`, '<', 1), e(sql<number>`${sql.ref(`next_${call}_at`)} - 1`, '<', nowMs)]),
  ]);
}

/** The same for an analysis, which costs nothing but counts against the vendor's limits. */
export function permitAnalysis(
  tx: Tx,
  analysis: number,
  account: string,
  owner: string,
  startedMs: number,
): Promise<Permit> {
  return savepoint<Permit>(tx, async () => {
    await lockAccount(tx, account);
    const nowMs = await timeAfterLock(tx, startedMs);
    const turn = await tx
      .updateTable('accounts')
      .set({
        next_analyze_at: sql`(case when next_analyze_at > ${nowMs} then next_analyze_at else ${nowMs} end) + analyze_gap_ms`,
        analyses_reserved: sql`analyses_reserved - 1`,
      })
      .where('id', '=', account)
      .where('gates', '=', 0)
      .where((e) => turnIsDue(e, 'analyze', nowMs))
      .where('analyses_reserved', '>', 0)
      .returning('gate_epoch')
      .executeTakeFirst();
    if (turn === undefined) return whyNot(tx, account, 'next_analyze_at', true, nowMs);
    const sending = await tx
      .updateTable('analyses')
      .set({ state: 'sending', sent_at: nowMs, owner })
      .where('id', '=', analysis)
      .where('state', '=', 'reserved')
      .returning('id')
      .executeTakeFirst();
    if (sending === undefined) throw new TakeBack<Permit>({ kind: 'gone' });
    return { kind: 'go', atMs: nowMs, gateEpoch: turn.gate_epoch };
  });
}

async function whyNot(
  tx: Tx,
  account: string,
  next: 'next_create_at' | 'next_analyze_at',
  passesHalfOpen: boolean,
  nowMs: number,
): Promise<Permit> {
  const row = await tx
    .selectFrom('accounts')
    .select(['gates', 'probe', next])
    .where('id', '=', account)
    .executeTakeFirstOrThrow();
  if (row.gates > 0 || (row.probe !== 0 && !passesHalfOpen)) return { kind: 'gate-closed' };
  const waitMs = (row as Record<typeof next, number>)[next] - nowMs;
  return waitMs > 0 ? { kind: 'wait', waitMs } : { kind: 'gone' };
}

/** Whether a gate of the batch stops what it has claimed. A reached budget does not: what was claimed lies within it. */
async function batchHoldsSends(tx: Tx, batch: string): Promise<boolean> {
  const gate = await tx
    .selectFrom('gates')
    .select('name')
    .where('scope', '=', 'batch')
    .where('owner', '=', batch)
    .where('name', '<>', 'budget')
    .executeTakeFirst();
  return gate !== undefined;
}

/**
 * The time once the account's row is locked. On PostgreSQL a transaction may have waited for that lock since it read the
 * clock; a permit given at the older time would let the next one follow too closely. On SQLite the lock comes first anyway.
 */
async function timeAfterLock(tx: Tx, startedMs: number): Promise<number> {
  return tx.getExecutor().adapter instanceof PostgresAdapter ? databaseNow(tx) : startedMs;
}

/**
 * Up to `wanted` poll permits that fall due within `windowMs`: the times at which each may be sent. Fewer when the pace
 * allows no more.
 */
export async function permitPolls(
  tx: Tx,
  account: string,
  wanted: number,
  windowMs: number,
  nowMs: number,
): Promise<number[]> {
  const times: number[] = [];
  while (times.length < wanted) {
    const turn = await TAKE_POLL_TURN.first(tx, { account, nowMs, untilMs: nowMs + windowMs });
    if (turn === undefined) break;
    times.push(turn.at);
  }
  return times;
}
