/**
 * The closed lists of states (contract section 7). A state is text in the ledger, in `status` and in the report; nothing
 * else spells one out.
 */

/** States in which an item still has something before it. */
export const OPEN_ITEM_STATES = [
  'pending',
  'analyzing',
  'needs-pick',
  'ready',
  'submitting',
  'uncertain',
  'queued',
  'processing',
  'collecting',
] as const;

/** States in which an item has ended. */
export const ENDED_ITEM_STATES = ['done', 'failed', 'skipped', 'cancelled'] as const;

export const ITEM_STATES = [...OPEN_ITEM_STATES, ...ENDED_ITEM_STATES] as const;
export type ItemState = (typeof ITEM_STATES)[number];
export type EndedItemState = (typeof ENDED_ITEM_STATES)[number];

/** `stopped`: nothing drives it. `waiting`: only a person or money can move it. */
export const BATCH_STATES = ['running', 'paused', 'stopped', 'waiting', 'finished', 'cancelled'] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/**
 * The life of one intent to create a paid task (design D6).
 *
 * - `reserved`: a place and the money are set aside; nothing was sent. Left by sending, or released (`refused`).
 * - `sending`: the first byte may have been written; entered by compare-and-set, once, by one process.
 * - `bound`: the vendor's task id is known.
 * - `settled`: the task ended; what it cost is booked.
 * - `refused`: certainly not created.
 * - `uncertain`: not known whether created; never sent again by itself.
 * - `abandoned`: a person said what to do about an uncertain one; a late id is still recorded as its orphan.
 */
export const ATTEMPT_STATES = ['reserved', 'sending', 'bound', 'settled', 'refused', 'uncertain', 'abandoned'] as const;
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** Gates (design D5). The first group belongs to an account, the second to a batch; a production window can be either's. */
export const ACCOUNT_GATES = [
  'credits',
  'vendor-unwell',
  'authorisation',
  'plan',
  'unpaid',
  'uncertain',
  'disk',
  'refused-alike',
  'window',
] as const;
export const BATCH_GATES = ['pause', 'stopped', 'budget', 'cancelled', 'window', 'tolerance'] as const;
export type AccountGate = (typeof ACCOUNT_GATES)[number];
export type BatchGate = (typeof BATCH_GATES)[number];
export type GateName = AccountGate | BatchGate;

export function isEnded(state: ItemState): state is EndedItemState {
  return (ENDED_ITEM_STATES as readonly string[]).includes(state);
}
