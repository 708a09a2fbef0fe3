import type { YamlMap, YamlScalar, YamlTree } from './yaml-tree.ts';

/** What a plain scalar means under the YAML 1.2 core schema. `no`, `on` and dates are texts there. */
export function plainKind(text: string): 'null' | 'boolean' | 'number' | 'text' {
  if (/^(|~|null|Null|NULL)$/u.test(text)) return 'null';
  if (/^(true|True|TRUE|false|False|FALSE)$/u.test(text)) return 'boolean';
  if (/^([-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|0o[0-7]+|0x[0-9a-f]+)$/iu.test(text)) return 'number';
  return 'text';
}

export function isNull(tree: YamlTree): boolean {
  return tree.kind === 'scalar' && tree.plain && plainKind(tree.text) === 'null';
}

/**
 * The tree as the JSON-like value that its schema is checked against. A number becomes a number only under the keys named
 * in `numeric`; everywhere else it stays the text it was written as, so that `010` is never 10 or 8.
 */
export function toData(tree: YamlTree, numeric: ReadonlySet<string>, key = ''): unknown {
  switch (tree.kind) {
    case 'scalar':
      return scalarData(tree, numeric.has(key));
    case 'list':
      return tree.items.map((item) => toData(item, numeric, key));
    case 'map': {
      const data: Record<string, unknown> = {};
      for (const pair of tree.pairs) {
        const value = toData(pair.value, numeric, pair.key.text);
        // `__proto__` has to become an own key, to be refused like any other unknown key.
        if (pair.key.text === '__proto__') Object.defineProperty(data, '__proto__', { value, enumerable: true });
        else data[pair.key.text] = value;
      }
      return data;
    }
    default:
      return tree satisfies never;
  }
}

function scalarData(tree: YamlScalar, asNumber: boolean): unknown {
  if (!tree.plain) return tree.text;
  const kind = plainKind(tree.text);
  if (kind === 'null') return null;
  if (kind === 'boolean') return tree.text.toLowerCase() === 'true';
  return kind === 'number' && asNumber ? Number(tree.text) : tree.text;
}

export function pairOf(map: YamlMap, key: string): YamlMap['pairs'][number] | null {
  return map.pairs.find((pair) => pair.key.text === key) ?? null;
}
export function valueOf(map: YamlMap, key: string): YamlTree | null {
  return pairOf(map, key)?.value ?? null;
}
/** A scalar's text as written; null for nothing, lists and mappings. */
export function textOf(tree: YamlTree | null): string | null {
  return tree === null || tree.kind !== 'scalar' || isNull(tree) ? null : tree.text;
}
