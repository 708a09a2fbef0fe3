import { sql } from 'kysely';
import { lockAttempt, reasonColumns, type ItemReason } from './attempt-row.ts';
import { formerOutput } from './former-outputs.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
import type { OutputRow } from './tables.ts';

/** What is to be collected for an item: its task's link, or the output of the work it reuses. */
export interface CollectJob {
  readonly item: number;
  readonly id: string;
  readonly batch: string;
  readonly account: string;
  readonly output: string;
  readonly version: number;
  readonly attempt: number;
  readonly attached: boolean;
  readonly task: { readonly id: string; readonly url: string | null; readonly urlAtMs: number | null } | null;
  readonly source: {
    readonly item: string;
    readonly batch: string;
    readonly file: string;
    readonly sha256: string;
  } | null;
  readonly goneSinceMs: number | null;
  readonly tries: number;
}

const TAKE = prepared<{ item: number; owner: string; nowMs: number }>()((db, v) =>
  db
    .updateTable('items')
    .set({ owner: v.owner, issued_at: v.nowMs, updated_at: v.nowMs })
    .where('key', '=', v.item)
    .where('state', '=', 'collecting')
    .where((e) => e.or([e('owner', 'is', null), e('owner', '=', v.owner)]))
    .returningAll(),
);

/** The attempt's own task before its orphans. */
const PAID_WORK = prepared<{ attempt: number }>()((db, v) =>
  db
    .selectFrom('attempts')
    .leftJoin('tasks', (join) => join.onRef('tasks.attempt', '=', 'attempts.id').on('tasks.state', '=', 'done'))
    .select(['attempts.account', 'tasks.id as task', 'tasks.url', 'tasks.url_at as urlAtMs'])
    .where('attempts.id', '=', v.attempt)
    .orderBy('tasks.orphan')
    .limit(1),
);

const SAME_OUTPUT = prepared<{ attempt: number; item: number }>()((db, v) =>
  db
    .selectFrom('outputs')
    .innerJoin('items', 'items.key', 'outputs.item')
    .select(['items.id as item', 'items.batch as batch', 'outputs.file', 'outputs.sha256'])
    .where('outputs.attempt', '=', v.attempt)
    .where('outputs.item', '<>', v.item)
    .orderBy('outputs.at')
    .limit(1),
);

const FINISH = prepared<{ item: number; reusedFrom: string | null; nowMs: number }>()((db, v) =>
  db
    .updateTable('items')
    .set({
      state: 'done',
      owner: null,
      gone_since: null,
      reused_from: v.reusedFrom,
      ...reasonColumns(null),
      updated_at: v.nowMs,
    })
    .where('key', '=', v.item)
    .where('state', '=', 'collecting')
    .returning('key'),
);

const KEEP_OUTPUT = prepared<OutputRow>()((db, v) => {
  const { attempt, task, url, file, bytes, sha256, media, item, at } = v;
  const output = { attempt, task, url, file, bytes, sha256, media, at };
  return db
    .insertInto('outputs')
    .values({ ...output, item })
    .onConflict((c) => c.column('item').doUpdateSet(output));
});

/** Takes an item for collection by compare-and-set; null when it is not collecting or another live process has it. */
export async function startCollect(tx: Tx, item: number, owner: string, nowMs: number): Promise<CollectJob | null> {
  const row = await TAKE.first(tx, { item, owner, nowMs });
  if (row === undefined || row.attempt === null) return null;
  const work = await PAID_WORK.one(tx, { attempt: row.attempt });
  const source = await SAME_OUTPUT.first(tx, { attempt: row.attempt, item });
  return {
    item,
    id: row.id,
    batch: row.batch,
    account: work.account,
    output: row.output,
    version: row.version,
    attempt: row.attempt,
    attached: row.attached === 1,
    task: work.task === null ? null : { id: work.task, url: work.url, urlAtMs: work.urlAtMs },
    source: source ?? (await formerOutput(tx, row.attempt)),
    goneSinceMs: row.gone_since,
    tries: row.tries,
  };
}

/** A living process says this often that it still collects an item, so that others need not see it die (see `sweep`). */
export const COLLECT_TOUCH_MS = 30_000;

export async function touchCollect(tx: Tx, item: number, owner: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({ issued_at: nowMs })
    .where('key', '=', item)
    .where('state', '=', 'collecting')
    .where('owner', '=', owner)
    .execute();
}

/** *collecting -> done*. Idempotent. `reusedFrom` names the batch and item whose paid work this is, or is null. */
export async function finishCollect(
  tx: Tx,
  job: Pick<CollectJob, 'item'>,
  output: Omit<OutputRow, 'item' | 'at'>,
  reusedFrom: string | null,
  nowMs: number,
): Promise<boolean> {
  const row = await FINISH.first(tx, { item: job.item, reusedFrom, nowMs });
  if (row === undefined) return false;
  await KEEP_OUTPUT.run(tx, { ...output, item: job.item, at: nowMs });
  return true;
}

/** A failed try: the item is collected again at `nextAtMs`; the reason is shown meanwhile. */
export async function postponeCollect(
  tx: Tx,
  item: number,
  why: { readonly reason: ItemReason; readonly nextAtMs: number; readonly goneSinceMs: number | null },
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('items')
    .set({
      owner: null,
      issued_at: null,
      next_at: Math.round(why.nextAtMs),
      gone_since: why.goneSinceMs,
      tries: sql`tries + 1`,
      ...reasonColumns(why.reason),
      updated_at: nowMs,
    })
    .where('key', '=', item)
    .where('state', '=', 'collecting')
    .execute();
}

/**
 * *collecting -> failed*: paid but lost, or the reused output is gone. Its work leaves the index, so it may be paid again.
 * An item that somebody else has collected meanwhile stays done, and its work stays paid. Returns whether this call did it.
 */
export async function failCollect(
  tx: Tx,
  job: Pick<CollectJob, 'item' | 'attempt'>,
  reason: ItemReason,
  nowMs: number,
): Promise<boolean> {
  await lockAttempt(tx, job.attempt);
  const row = await tx
    .updateTable('items')
    .set({ state: 'failed', owner: null, ...reasonColumns(reason), updated_at: nowMs })
    .where('key', '=', job.item)
    .where('state', '=', 'collecting')
    .returning('key')
    .executeTakeFirst();
  if (row === undefined) return false;
  await tx
    .updateTable('attempts')
    .set({ has_output: 0 })
    .where('id', '=', job.attempt)
    .where('state', '=', 'settled')
    .execute();
  return true;
}

/** A fresh link read from the task's detail. */
export async function renewLink(tx: Tx, account: string, task: string, url: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('tasks')
    .set({ url, url_at: nowMs })
    .where('account', '=', account)
    .where('id', '=', task)
    .execute();
}
