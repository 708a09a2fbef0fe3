/** `tolerate`: how many items of a batch may fail before creates stop. Pure. */

export type Tolerance =
  | { readonly kind: 'share'; readonly percent: number }
  | { readonly kind: 'count'; readonly items: number };

export const TOLERANCE_PATTERN = '^([0-9]{1,9}|100%|[0-9]{1,2}(\\.[0-9]{1,3})?%)$';

/** `5%` or `20`; null for anything else. */
export function parseTolerance(text: string): Tolerance | null {
  const percent = /^(\d{1,3}(?:\.\d{1,3})?)%$/u.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) <= 100 ? { kind: 'share', percent: Number(percent) } : null;
  return /^\d{1,9}$/u.test(text) ? { kind: 'count', items: Number(text) } : null;
}

/** The number of faults that is still tolerated. One more stops the batch. */
export function toleratedFaults(tolerance: Tolerance, items: number): number {
  switch (tolerance.kind) {
    case 'count':
      return tolerance.items;
    case 'share':
      // In whole items: 5 % of 30 is 1.
      return Math.floor((tolerance.percent * items) / 100 + 1e-9);
    default:
      return tolerance satisfies never;
  }
}

/**
 * Failures whose cause lies in the item: its video, its face, its rule, its task. Not among them: credit, account, pace and
 * outage causes, which hold everybody and fail no item, and rows that never could be read (`M`), which were accepted as bad.
 */
export const ITEM_FAULT_CODES: readonly string[] = [
  'P103',
  'P104',
  'P105',
  'P106',
  'P107',
  'P201',
  'P202',
  'P203',
  'P204',
  'P205',
  'D102',
];
