/** Edit distance with transpositions, cut off at `limit`. Both texts are short: names and keys. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, (before[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? limit + 1;
}

/** A suggestion is not worth comparing more names than this. */
const MOST_KNOWN = 2_000;

/** The known name that was probably meant, or null. Case, blanks, `-` and `_` do not count as differences. */
export function nearestName(written: string, known: Iterable<string>): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]+/gu, '');
  const wanted = plain(written.slice(0, 60));
  if (wanted === '') return null;
  const limit = wanted.length <= 3 ? 1 : wanted.length <= 7 ? 2 : 3;
  let best: string | null = null;
  let bestDistance = limit + 1;
  let looked = 0;
  for (const name of known) {
    if (++looked > MOST_KNOWN) break;
    const found = distance(wanted, plain(name.slice(0, 60)), Math.min(limit, bestDistance - 1));
    if (found < bestDistance) [best, bestDistance] = [name, found];
    if (bestDistance === 0) break;
  }
  return best;
}

/** `did you mean "ana"?`, or the known names when there are few, or null. */
export function didYouMean(written: string, known: readonly string[], label: string): string | null {
  const nearest = nearestName(written, known);
  const listed = known.length > 0 && known.length <= 12 ? `${label}: ${known.join(', ')}` : null;
  if (nearest === null) return listed;
  return `did you mean "${nearest}"?${listed === null ? '' : ` ${listed}`}`;
}
