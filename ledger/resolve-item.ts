import type { Updateable } from 'kysely';
import type { Mapping } from '../schemas/manifest-item.ts';
import { lockAttempt, reasonColumns, type AttemptRow, type ItemReason } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';
import type { ItemTable } from './tables.ts';

/** What an item's swap rule became once the people of its video were known. */
export type Resolved =
  | { readonly kind: 'ready'; readonly mappings: readonly Mapping[]; readonly workKey: string }
  | { readonly kind: 'needs-pick'; readonly reason: ItemReason }
  | { readonly kind: 'skipped'; readonly reason: ItemReason }
  | { readonly kind: 'failed'; readonly reason: ItemReason };

/** *pending | analyzing -> ready | needs-pick | skipped | failed*, for one analysis (`from` needs-pick: decided by eye). Returns whether this call did it. */
export async function resolveItem(
  tx: Tx,
  item: number,
  found: { readonly analysis: number; readonly people: number },
  resolved: Resolved,
  nowMs: number,
  from: readonly ('pending' | 'analyzing' | 'needs-pick')[] = ['pending', 'analyzing'],
): Promise<boolean> {
  const outcome =
    resolved.kind === 'ready'
      ? {
          state: 'ready' as const,
          mappings: JSON.stringify(resolved.mappings),
          work_key: resolved.workKey,
          next_at: 0,
          tries: 0,
          ...reasonColumns(null),
        }
      : { state: resolved.kind, ...reasonColumns(resolved.reason) };
  const row = await tx
    .updateTable('items')
    .set({ ...outcome, analysis: found.analysis, people_found: found.people, updated_at: nowMs })
    .where('key', '=', item)
    .where('state', 'in', from)
    // An analysis that was replaced since it was read would leave the item ready with numbers that no claim accepts.
    .where((e) =>
      e.exists(
        e
          .selectFrom('videos')
          .select('videos.id')
          .whereRef('videos.id', '=', 'items.video')
          .where('videos.analysis', '=', found.analysis),
      ),
    )
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

/** Ready items of a video whose numbers come from another analysis than its present one are resolved again. */
export async function unresolveReady(tx: Tx, video: number, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({ state: 'pending', analysis: null, mappings: null, work_key: null, next_at: 0, updated_at: nowMs })
    .where('video', '=', video)
    .where('state', '=', 'ready')
    .where((e) =>
      e.not(
        e.exists(
          e
            .selectFrom('videos')
            .select('videos.id')
            .whereRef('videos.id', '=', 'items.video')
            .whereRef('videos.analysis', '=', 'items.analysis'),
        ),
      ),
    )
    .execute();
}

/**
 * A ready item follows the same work under way or done elsewhere: it may poll, settle and collect that attempt, ends
 * `done` with `reused_from` and is charged nothing (design D6). False when that attempt has ended without an output
 * meanwhile: the item stays ready and claims for itself.
 */
export async function attachItem(tx: Tx, item: number, attempt: number, nowMs: number): Promise<boolean> {
  const holder = (await lockAttempt(tx, attempt))?.row;
  if (holder === undefined) return false;
  const state = stateOfFollower(holder);
  if (state === null) return false;
  const reason = state === 'uncertain' ? await reasonOfItem(tx, holder.item) : {};
  const row = await tx
    .updateTable('items')
    .set({
      ...reason,
      state,
      attempt,
      attached: holder.item === item ? 0 : 1,
      issued_at: null,
      owner: null,
      next_at: 0,
      tries: 0,
      updated_at: nowMs,
    })
    .where('key', '=', item)
    .where('state', '=', 'ready')
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

/** Null: the attempt can give nothing any more. */
function stateOfFollower(attempt: AttemptRow): 'queued' | 'uncertain' | 'collecting' | null {
  switch (attempt.state) {
    case 'reserved':
    case 'sending':
    case 'bound':
      return 'queued';
    case 'uncertain':
      return 'uncertain';
    case 'settled':
      return attempt.has_output === 1 ? 'collecting' : null;
    case 'refused':
    case 'abandoned':
      return null;
    default:
      return attempt.state satisfies never;
  }
}

/** Whoever follows an uncertain attempt shows why it is uncertain. */
async function reasonOfItem(tx: Tx, item: number): Promise<Updateable<ItemTable>> {
  const row = await tx
    .selectFrom('items')
    .select(['reason_code', 'reason_message', 'reason_vendor', 'reason_next'])
    .where('key', '=', item)
    .executeTakeFirst();
  return row ?? {};
}
