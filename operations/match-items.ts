import { EXIT } from '../schemas/exit-codes.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';

/** A shell's pattern over item ids: `*` any text, `?` one character. */
function globRegExp(pattern: string): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/gu, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 'u');
}

function isGlob(pattern: string): boolean {
  return /[*?]/u.test(pattern);
}

/**
 * The items that ids and globs name, in the order of the sheet. OperationError exit 2 when one of them names nothing, so that
 * a typing error never passes for "nothing to do".
 */
export function matchItems<T extends { readonly id: string }>(
  items: readonly T[],
  patterns: readonly string[],
  batch: string,
): T[] {
  const chosen = new Set<T>();
  const byId = new Map(items.map((item) => [item.id, item]));
  for (const pattern of patterns) {
    const exact = byId.get(pattern);
    const found =
      exact === undefined && isGlob(pattern)
        ? items.filter((item) => globRegExp(pattern).test(item.id))
        : exact === undefined
          ? []
          : [exact];
    if (found.length === 0) {
      throw new OperationError(EXIT.usage, {
        message: `no item of ${batch} is called "${pattern}"`,
        charged: NOTHING_CHARGED,
        next: `\`headswap status ${batch} --items\` lists them`,
      });
    }
    for (const item of found) chosen.add(item);
  }
  return items.filter((item) => chosen.has(item));
}
