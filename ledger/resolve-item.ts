import type { Mapping } from '../schemas/manifest-item.ts';
import { reasonColumns, type ItemReason } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';

/** What an item's swap rule became once the people of its video were known. */
export type Resolved =
  | { readonly kind: 'ready'; readonly mappings: readonly Mapping[]; readonly workKey: string }
  | { readonly kind: 'needs-pick'; readonly reason: ItemReason }
  | { readonly kind: 'skipped'; readonly reason: ItemReason }
  | { readonly kind: 'failed'; readonly reason: ItemReason };

/** *pending | analyzing -> ready | needs-pick | skipped | failed*, for one analysis. Returns whether this call did it. */
export async function resolveItem(
  tx: Tx,
  item: number,
  found: { readonly analysis: number; readonly people: number },
  resolved: Resolved,
  nowMs: number,
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
    .where('state', 'in', ['pending', 'analyzing'])
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * A ready item follows the same work under way or done elsewhere: it may poll, settle and collect that attempt, ends
 * `done` with `reused_from` and is charged nothing (design D6).
 */
export async function attachItem(tx: Tx, item: number, attempt: number, nowMs: number): Promise<boolean> {
  const holder = await tx.selectFrom('attempts').select(['state', 'item']).where('id', '=', attempt).executeTakeFirst();
  if (holder === undefined) return false;
  const state = holder.state === 'settled' ? 'collecting' : holder.state === 'uncertain' ? 'uncertain' : 'queued';
  const row = await tx
    .updateTable('items')
    .set({ state, attempt, attached: holder.item === item ? 0 : 1, issued_at: null, owner: null, next_at: 0, tries: 0, updated_at: nowMs })
    .where('key', '=', item)
    .where('state', '=', 'ready')
    .returning('key')
    .executeTakeFirst();
  return row !== undefined;
}
