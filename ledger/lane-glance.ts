import { sql } from 'kysely';
import type { ItemState } from '../schemas/states.ts';
import type { LaneRef } from './lane-queries.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
import type { BatchRow } from './tables.ts';

/** States of items that a lane drives. */
const DRIVEN = ['pending', 'analyzing', 'ready', 'submitting', 'queued', 'processing', 'collecting'] as const;
export type DrivenState = (typeof DRIVEN)[number];

/**
 * Which kinds of items a lane has at all, and its batch: the one look every tick of a pass begins with, which spares it the
 * others. Items past `stalled_after` do not count as `processing`, nor resting ones as `pending` or `ready`: they wait.
 */
export interface LaneGlance {
  readonly has: ReadonlySet<DrivenState>;
  /** Whether items follow work of another batch. */
  readonly attached: boolean;
  readonly batch: BatchRow;
}

const LOOK = prepared<LaneRef>()((db, v) => {
  const any = (state: ItemState, more = sql``) =>
    sql<number>`exists (select 1 from items where batch = ${v.batch} and lane = ${v.lane} and state = ${sql.lit(state)} ${more})`;
  const following = sql<number>`exists (select 1 from items where batch = ${v.batch} and lane = ${v.lane}
    and state in ('queued', 'processing', 'uncertain', 'submitting') and attached = 1)`;
  return db
    .selectFrom('batches')
    .selectAll()
    .select([
      any('pending', sql`and resting = 0`).as('has_pending'),
      any('analyzing').as('has_analyzing'),
      any('ready', sql`and resting = 0`).as('has_ready'),
      any('submitting').as('has_submitting'),
      any('queued').as('has_queued'),
      any('processing', sql`and stalled = 0`).as('has_processing'),
      any('collecting').as('has_collecting'),
      following.as('has_attached'),
    ])
    .where('id', '=', v.batch);
});

export async function glance(db: Tx, { batch, lane }: LaneRef): Promise<LaneGlance> {
  const row = await LOOK.one(db, { batch, lane });
  // A comparison is 0 or 1 on SQLite, false or true on PostgreSQL.
  return {
    has: new Set(DRIVEN.filter((state) => Boolean(row[`has_${state}`]))),
    attached: Boolean(row.has_attached),
    batch: row,
  };
}

export interface LaneWaits {
  /** Whether something of it is being sent or collected now. */
  readonly moving: boolean;
  /** When the next of its waits ends; null when it waits for nothing of its own. */
  readonly nextAtMs: number | null;
}

const WAITS = prepared<LaneRef & { nowMs: number }>()((db, v) =>
  sql<Record<'moving' | 'item' | 'task' | 'analysis', number | boolean | null>>`select
    exists (select 1 from items where batch = ${v.batch} and lane = ${v.lane}
      and state in ('submitting', 'collecting') and next_at <= ${v.nowMs}) as moving,
    (select min(next_at) from items where batch = ${v.batch} and lane = ${v.lane}
      and next_at > ${v.nowMs} and state in ('pending', 'ready', 'collecting') and resting = 0) as item,
    (select min(next_poll_at) from tasks where batch = ${v.batch} and lane = ${v.lane} and state = 'open') as task,
    (select min(next_poll_at) from analyses where batch = ${v.batch} and state = 'running') as analysis`.compile(db),
);

/** When the next of a lane's own waits ends. */
export async function laneWaits(db: Tx, { batch, lane }: LaneRef, nowMs: number): Promise<LaneWaits> {
  const row = await WAITS.one(db, { batch, lane, nowMs });
  const times = [row.item, row.task, row.analysis].filter((time) => time !== null).map(Number);
  return { moving: Boolean(row.moving), nextAtMs: times.length === 0 ? null : Math.min(...times) };
}
