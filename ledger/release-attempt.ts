import { sql } from 'kysely';
import { lockAttempt, moveFollowers, reasonColumns, type AttemptRow, type ItemReason } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';
import { unresolveReady } from './resolve-item.ts';

export type AfterRelease =
  /** Claimed again from `nextAtMs` on; `countsTry` for refusals that may lie in the item. */
  | { readonly kind: 'again'; readonly nextAtMs: number; readonly countsTry?: boolean }
  | { readonly kind: 'fail'; readonly reason: ItemReason }
  /** What stood against it concerns its own item alone: those that follow it claim for themselves. */
  | { readonly kind: 'fail-own'; readonly reason: ItemReason }
  /** The vendor no longer knows the analysis: the video is analysed anew. */
  | { readonly kind: 'reanalyse' };

/**
 * *reserved | sending -> refused*: certainly not created. Gives back the place and the money. A released probe may be
 * claimed again. Returns whether this call did it.
 */
export async function releaseAttempt(
  tx: Tx,
  attempt: number,
  from: 'reserved' | 'sending',
  why: { readonly code: string; readonly vendorText?: string | null; readonly after: AfterRelease },
  nowMs: number,
): Promise<boolean> {
  const locked = await lockAttempt(tx, attempt);
  if (locked === null || locked.row.state !== from) return false;
  const { row } = locked;
  await tx
    .updateTable('accounts')
    .set({
      open_tasks: sql`open_tasks - ${row.counted_open}`,
      reserved: sql`reserved - ${from === 'reserved' ? 1 : 0}`,
      ...(row.is_probe === 1 ? { probe: sql`case when probe = 2 then 1 else probe end` } : {}),
    })
    .where('id', '=', row.account)
    .execute();
  await giveBackMoney(tx, row);
  await tx
    .updateTable('videos')
    .set({ creating: sql`creating - 1` })
    .where('id', '=', row.video)
    .execute();
  await tx
    .updateTable('attempts')
    .set({
      state: 'refused',
      settled_at: nowMs,
      code: why.code,
      vendor_text: why.vendorText ?? null,
      charged: 0,
      counted_open: 0,
      unpriced: 0,
    })
    .where('id', '=', attempt)
    .execute();
  await afterRelease(tx, row, why.after, nowMs);
  return true;
}

/** Takes back what the claim set aside on the batch. */
export async function giveBackMoney(tx: Tx, row: AttemptRow): Promise<void> {
  await tx
    .updateTable('batches')
    .set({
      committed: sql`committed - ${row.expected}`,
      open_tasks: sql`open_tasks - ${row.counted_open}`,
      unpriced: sql`unpriced - ${row.unpriced}`,
    })
    .where('id', '=', row.batch)
    .execute();
}

/** Moves the item of an attempt that came to nothing, and all that follow it. */
export async function afterRelease(tx: Tx, row: AttemptRow, after: AfterRelease, nowMs: number): Promise<void> {
  switch (after.kind) {
    case 'again':
      // Followers of other batches claim for themselves; the item itself waits out what refused it.
      if (after.countsTry === true)
        await tx
          .updateTable('items')
          .set({ tries: sql`tries + 1` })
          .where('key', '=', row.item)
          .execute();
      await moveFollowers(
        tx,
        row.id,
        { state: 'ready', attempt: null, attached: 0, next_at: Math.round(after.nextAtMs) },
        nowMs,
      );
      // While it was uncertain its video may have been analysed anew; with numbers of before it could never be claimed.
      await unresolveReady(tx, row.video, nowMs);
      return;
    case 'fail':
      await moveFollowers(tx, row.id, { state: 'failed', ...reasonColumns(after.reason) }, nowMs);
      return;
    case 'fail-own':
      await tx
        .updateTable('items')
        .set({ state: 'failed', ...reasonColumns(after.reason), updated_at: nowMs })
        .where('key', '=', row.item)
        .where('attempt', '=', row.id)
        .where('state', '=', 'submitting')
        .execute();
      await moveFollowers(tx, row.id, { state: 'ready', attempt: null, attached: 0 }, nowMs);
      return;
    case 'reanalyse':
      await tx
        .updateTable('videos')
        .set({ analysis: null })
        .where('id', '=', row.video)
        .where('analysis', '=', row.analysis)
        .execute();
      await moveFollowers(
        tx,
        row.id,
        { state: 'pending', attempt: null, attached: 0, analysis: null, mappings: null, work_key: null },
        nowMs,
      );
      await unresolveReady(tx, row.video, nowMs);
      return;
    default:
      after satisfies never;
  }
}
