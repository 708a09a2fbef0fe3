/** The law of totals (contract section 7), in the one place that status, summaries and the report share. */
import { ITEM_STATES, isEnded, type ItemState } from './states.ts';
import type { Totals } from './report.ts';

/** What keeps an open item from moving by itself, besides needing a pick; null for what moves. */
export type HeldBy = 'budget' | 'stalled';

/** A number of items alike: what `group by state, held_by` gives, or one item with `count` left out. */
export interface ItemCount {
  readonly state: ItemState;
  readonly heldBy: HeldBy | null;
  readonly count?: number;
}

/** The totals key an item counts under. Exactly one, so that the sum over the keys is the number of items. */
export function totalsKeyOf(state: ItemState, heldBy: HeldBy | null): Exclude<keyof Totals, 'items' | 'by_state'> {
  if (isEnded(state)) return state;
  if (state === 'uncertain') return 'uncertain';
  if (state === 'needs-pick' || heldBy !== null) return 'waiting';
  return 'pending';
}

/**
 * Totals of a batch: `items = done + failed + skipped + cancelled + waiting + uncertain + pending`, and `by_state` with
 * one key per state, zeros included.
 */
export function totalsOf(counts: Iterable<ItemCount>): Totals {
  const byState = Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Totals['by_state'];
  const totals: Totals = {
    items: 0,
    done: 0,
    failed: 0,
    skipped: 0,
    cancelled: 0,
    waiting: 0,
    uncertain: 0,
    pending: 0,
    by_state: byState,
  };
  for (const { state, heldBy, count = 1 } of counts) {
    totals.items += count;
    totals[totalsKeyOf(state, heldBy)] += count;
    byState[state] += count;
  }
  return totals;
}
