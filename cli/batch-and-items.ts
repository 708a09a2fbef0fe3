/** `BATCH ITEM...` where BATCH may be left out: a single word is then an item of the only open batch (contract section 3). */
export function batchAndItems(
  first: string,
  others: readonly string[],
): { readonly batch: string | undefined; readonly items: readonly string[] } {
  return others.length === 0 ? { batch: undefined, items: [first] } : { batch: first, items: others };
}
