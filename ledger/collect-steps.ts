import { sql } from 'kysely';
import { lockAttempt, reasonColumns, type ItemReason } from './attempt-row.ts';
import { formerOutput } from './former-outputs.ts';
import type { Tx } from './open-ledger.ts';
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

/** Takes an item for collection by compare-and-set; null when it is not collecting or another live process has it. */
export async function startCollect(tx: Tx, item: number, owner: string, nowMs: number): Promise<CollectJob | null> {
  const row = await tx
    .updateTable('items')
    .set({ owner, issued_at: nowMs, updated_at: nowMs })
    .where('key', '=', item)
    .where('state', '=', 'collecting')
    .where((e) => e.or([e('owner', 'is', null), e('owner', '=', owner)]))
    .returningAll()
    .executeTakeFirst();
  if (row === undefined || row.attempt === null) return null;
  const attempt = await tx
    .selectFrom('attempts')
    .select(['account', 'item'])
    .where('id', '=', row.attempt)
    .executeTakeFirstOrThrow();
  const task = await tx
    .selectFrom('tasks')
    .select(['id', 'url', 'url_at as urlAtMs'])
    .where('attempt', '=', row.attempt)
    .where('state', '=', 'done')
    .orderBy('orphan')
    .executeTakeFirst();
  const source = await tx
    .selectFrom('outputs')
    .innerJoin('items', 'items.key', 'outputs.item')
    .select(['items.id as item', 'items.batch as batch', 'outputs.file', 'outputs.sha256'])
    .where('outputs.attempt', '=', row.attempt)
    .where('outputs.item', '<>', item)
    .orderBy('outputs.at')
    .executeTakeFirst();
  return {
    item,
    id: row.id,
    batch: row.batch,
    account: attempt.account,
    output: row.output,
    version: row.version,
    attempt: row.attempt,
    attached: row.attached === 1,
    task: task ?? null,
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
  const row = await tx
    .updateTable('items')
    .set({
      state: 'done',
      owner: null,
      gone_since: null,
      reused_from: reusedFrom,
      ...reasonColumns(null),
      updated_at: nowMs,
    })
    .where('key', '=', job.item)
    .where('state', '=', 'collecting')
    .returning('key')
    .executeTakeFirst();
  if (row === undefined) return false;
  await tx
    .insertInto('outputs')
    .values({ ...output, item: job.item, at: nowMs })
    .onConflict((c) => c.column('item').doUpdateSet({ ...output, at: nowMs }))
    .execute();
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
