import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
import type { LaneRef } from './lane-queries.ts';
import { prepared } from './prepared.ts';

/** Keys whose activities are to be scheduled. */
export interface IssuedKeys {
  readonly analyse: number[];
  readonly create: number[];
  readonly collect: number[];
}

/**
 * Claims that were never started are issued again: an activity with one attempt can die before it begins (design D3). A
 * second start is harmless, since starting is a compare-and-set. `olderThanMs` 0 takes all of them (a fresh run, a retried
 * pass); otherwise only what was issued before that age. The outer conditions repeat the inner ones: of two passes at once
 * on PostgreSQL the second re-checks those alone once it has waited for the row.
 */
export async function reissueClaims(
  tx: Tx,
  at: LaneRef,
  olderThanMs: number,
  limit: number,
  nowMs: number,
): Promise<IssuedKeys> {
  const before = nowMs - olderThanMs;
  const attempts = await tx
    .updateTable('attempts')
    .set({ issued_at: nowMs })
    .where('id', 'in', (e) =>
      e
        .selectFrom('attempts')
        .select('id')
        .where('batch', '=', at.batch)
        .where('lane', '=', at.lane)
        .where('state', '=', 'reserved')
        .where('issued_at', '<=', before)
        .limit(limit),
    )
    .where('state', '=', 'reserved')
    .where('issued_at', '<=', before)
    .returning('id')
    .execute();
  const analyses = await tx
    .updateTable('analyses')
    .set({ issued_at: nowMs })
    .where('id', 'in', (e) =>
      e
        .selectFrom('analyses')
        .select('id')
        .where('batch', '=', at.batch)
        .where('lane', '=', at.lane)
        .where('state', '=', 'reserved')
        .where('issued_at', '<=', before)
        .limit(limit),
    )
    .where('state', '=', 'reserved')
    .where('issued_at', '<=', before)
    .returning('id')
    .execute();
  const items = await tx
    .updateTable('items')
    .set({ issued_at: nowMs })
    .where('key', 'in', (e) =>
      e
        .selectFrom('items')
        .select('key')
        .where('batch', '=', at.batch)
        .where('lane', '=', at.lane)
        .where('state', '=', 'collecting')
        .where('owner', 'is', null)
        .where('issued_at', '<=', before)
        .where('next_at', '<=', nowMs)
        .limit(limit),
    )
    .where('owner', 'is', null)
    .where('issued_at', '<=', before)
    .returning('key')
    .execute();
  return { analyse: analyses.map((a) => a.id), create: attempts.map((a) => a.id), collect: items.map((i) => i.key) };
}

/** Outputs that come together are fetched by one activity; one that comes alone waits this long for company. */
const COMPANY_MS = 1_500;
const COMPANY = 8;

const TO_COLLECT = prepared<LaneRef & { nowMs: number; limit: number }>()((db, v) =>
  db
    .selectFrom('items')
    .select('updated_at')
    .where('batch', '=', v.batch)
    .where('lane', '=', v.lane)
    .where('state', '=', 'collecting')
    .where('issued_at', 'is', null)
    .where('next_at', '<=', v.nowMs)
    .limit(v.limit),
);

/** Whether outputs are to be fetched now. While nothing else runs at the vendor, nothing is waited for. */
export async function collectsDue(
  db: Tx,
  { batch, lane }: LaneRef,
  { open_tasks }: { readonly open_tasks: number },
  nowMs: number,
): Promise<boolean> {
  const rows = await TO_COLLECT.all(db, { batch, lane, nowMs, limit: COMPANY });
  if (rows.length === 0 || rows.length === COMPANY || open_tasks === 0) return rows.length > 0;
  return rows.some((row) => row.updated_at <= nowMs - COMPANY_MS);
}

/** Items to collect now: newly settled ones, and those whose next try is due. */
export async function claimCollects(tx: Tx, at: LaneRef, limit: number, nowMs: number): Promise<number[]> {
  const rows = await tx
    .updateTable('items')
    .set({ issued_at: nowMs })
    .where('key', 'in', (e) =>
      e
        .selectFrom('items')
        .select('key')
        .where('batch', '=', at.batch)
        .where('lane', '=', at.lane)
        .where('state', '=', 'collecting')
        .where('issued_at', 'is', null)
        .where('next_at', '<=', nowMs)
        .orderBy('row')
        .limit(limit),
    )
    .where('issued_at', 'is', null)
    .returning('key')
    .execute();
  return rows.map((row) => row.key);
}

/** Whether anything of the lane was issued longer ago than `olderThanMs` and never started. */
export async function anyStaleClaim(db: Tx, at: LaneRef, olderThanMs: number, nowMs: number): Promise<boolean> {
  const before = nowMs - olderThanMs;
  const result = await sql<{ stale: number | boolean }>`select (
    exists (select 1 from attempts where batch = ${at.batch} and lane = ${at.lane} and state = 'reserved' and issued_at <= ${before})
    or exists (select 1 from analyses where batch = ${at.batch} and lane = ${at.lane} and state = 'reserved' and issued_at <= ${before})
    or exists (select 1 from items where batch = ${at.batch} and lane = ${at.lane} and state = 'collecting' and owner is null
      and issued_at <= ${before})) as stale`.execute(db);
  const stale = result.rows[0]?.stale;
  return stale === 1 || stale === true;
}
