import { sql, type Updateable } from 'kysely';
import type { ItemState } from '../schemas/states.ts';
import { reasonColumns } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';
import { recordAct, type BatchRef } from './operator-steps.ts';
import type { ItemTable } from './tables.ts';

/** How an ended or waiting item is taken up again. */
export interface Retry {
  readonly key: number;
  readonly item: string;
  readonly from: ItemState;
  /** The attempt it had ended with: another one means that somebody else has tried it again meanwhile. */
  readonly attempt: number | null;
  readonly round: number;
  readonly salt: string | null;
  /** Its present output stays: what follows gets a name of its own. */
  readonly nextVersion: boolean;
  /** The video is analysed anew. */
  readonly reanalyse: boolean;
  /** Set when a person asks for a further paid task; recorded as the approval. */
  readonly approves: string | null;
}

/** *failed | skipped | cancelled | done -> pending*, for the next round. Returns whether this call did it. */
export async function retryItem(tx: Tx, at: BatchRef, retry: Retry, by: string, nowMs: number): Promise<boolean> {
  const row = await tx
    .updateTable('items')
    .set({
      ...FRESH,
      state: 'pending',
      round: retry.round,
      ...(retry.salt === null ? {} : { salt: retry.salt }),
      version: sql`version + ${retry.nextVersion ? 1 : 0}`,
      updated_at: nowMs,
    })
    .where('key', '=', retry.key)
    .where('state', '=', retry.from)
    .where('attempt', retry.attempt === null ? 'is' : '=', retry.attempt)
    .where('state', 'in', ['failed', 'skipped', 'cancelled', 'done'])
    // A row that was purged has nothing to be made from; its manifest brings it back.
    .where('video_url', '!=', '')
    .returning(['video', 'attempt'])
    .executeTakeFirst();
  if (row === undefined) return false;
  if (retry.reanalyse && row.video !== null) {
    // Only while nobody counts on the present numbers.
    await tx
      .updateTable('videos')
      .set({ analysis: null })
      .where('id', '=', row.video)
      .where('creating', '=', 0)
      .where('reanalysing', '=', 0)
      .execute();
  }
  await recordAct(tx, { ...at, item: retry.item }, 'retried', by, retry.approves ?? 'tried again', nowMs);
  return true;
}

const FRESH: Updateable<ItemTable> = {
  ...reasonColumns(null),
  work_key: null,
  mappings: null,
  attempt: null,
  attached: 0,
  reused_from: null,
  tries: 0,
  next_at: 0,
  owner: null,
  issued_at: null,
  gone_since: null,
  stalled: 0,
  resting: 0,
};

/** An item whose task is paid and whose output is wanted (again): back to collecting, at no cost. */
export async function collectAgain(tx: Tx, key: number, nowMs: number): Promise<boolean> {
  const row = await tx
    .updateTable('items')
    .set({
      state: 'collecting',
      owner: null,
      issued_at: null,
      next_at: 0,
      tries: 0,
      gone_since: null,
      ...reasonColumns(null),
      updated_at: nowMs,
    })
    .where('key', '=', key)
    .where('state', 'in', ['done', 'failed', 'skipped', 'collecting'])
    .where('attempt', 'is not', null)
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

/** Waits for a next try end now: what may move does so at once. */
export async function endWaits(tx: Tx, batch: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({ next_at: 0, issued_at: null, updated_at: nowMs })
    .where('batch', '=', batch)
    .where('state', 'in', ['pending', 'ready', 'collecting'])
    .where('next_at', '>', 0)
    .where('owner', 'is', null)
    .execute();
}

/** Outputs that are gone no longer stand for their work, so that it can be paid again (design D6). */
export async function forgetOutputs(tx: Tx, attempts: readonly number[]): Promise<void> {
  if (attempts.length === 0) return;
  await tx
    .updateTable('attempts')
    .set({ has_output: 0 })
    .where('id', 'in', attempts)
    .where('state', '=', 'settled')
    .execute();
}

/** A skipped item whose paid task is still at the vendor, or ended well: followed or collected again, at no cost. */
export async function rejoinItem(
  tx: Tx,
  at: BatchRef,
  item: { readonly key: number; readonly item: string },
  by: string,
  nowMs: number,
): Promise<boolean> {
  const row = await tx
    .selectFrom('items')
    .innerJoin('attempts', 'attempts.id', 'items.attempt')
    .select(['attempts.state', 'attempts.has_output as hasOutput'])
    .where('items.key', '=', item.key)
    .where('items.state', '=', 'skipped')
    .executeTakeFirst();
  if (row === undefined) return false;
  if (row.state !== 'bound') return row.hasOutput === 1 && collectAgain(tx, item.key, nowMs);
  await tx
    .updateTable('items')
    .set({ state: 'queued', ...reasonColumns(null), updated_at: nowMs })
    .where('key', '=', item.key)
    .where('state', '=', 'skipped')
    .execute();
  await recordAct(tx, { ...at, item: item.item }, 'retried', by, 'followed again', nowMs);
  return true;
}
