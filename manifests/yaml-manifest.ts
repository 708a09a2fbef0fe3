import { Type } from 'typebox';
import { NO_SETTINGS, SETTING_FIELDS, type RawSettings, type RawSwap } from '../schemas/item-fields.ts';
import { FromEntrySchema, ItemEntrySchema, ManifestHeadSchema, MatrixEntrySchema } from '../schemas/manifest.ts';
import { NOT_YET_MANIFEST } from '../schemas/not-yet.ts';
import type { RawItem } from './build-item.ts';
import type { Axis, Combination } from './expand-matrix.ts';
import type { RawFace } from './face-book.ts';
import { treeSchema, type SchemaFault } from './schema-faults.ts';
import { isNull, pairOf, textOf, valueOf } from './yaml-data.ts';
import { readYamlTree, type YamlMap, type YamlTree } from './yaml-tree.ts';

/** An entry of `items`, in the order of the file. `faults` are those of its shape; with any, the rest is not to be used. */
export type YamlEntry = { readonly tree: YamlTree; readonly path: string; readonly faults: readonly SchemaFault[] } & (
  | { readonly kind: 'item'; readonly raw: RawItem }
  | {
      readonly kind: 'matrix';
      readonly raw: RawItem;
      readonly axes: readonly Axis[];
      readonly excludes: readonly Combination[];
    }
  | { readonly kind: 'from'; readonly from: string }
);

export interface YamlManifest {
  readonly batch: { readonly text: string; readonly tree: YamlTree } | null;
  readonly project: string | null;
  readonly account: string | null;
  readonly budget: {
    readonly credits: number | null;
    readonly perItem: number | null;
    readonly tolerate: string | null;
  };
  readonly defaults: { readonly raw: RawSettings; readonly tree: YamlTree } | null;
  readonly faces: readonly {
    readonly raw: RawFace;
    readonly key: YamlTree;
    readonly tree: YamlTree;
    readonly path: string;
  }[];
  readonly entries: readonly YamlEntry[];
}

const NUMERIC = ['version', 'credits', 'per_item'];
const head = treeSchema(ManifestHeadSchema, { numeric: NUMERIC, ownWords: (path) => path !== '/tolerate' });
const entrySchemas = {
  item: treeSchema(ItemEntrySchema, { ownWords: () => true }),
  matrix: treeSchema(MatrixEntrySchema, { ownWords: () => true }),
  from: treeSchema(FromEntrySchema, { ownWords: () => true }),
} as const;
const notAMapping = treeSchema(Type.Object({}), {});

/** Reads a manifest's YAML as far as its shape goes. Faults returned here are about the manifest as a whole. */
export function readYamlManifest(text: string): { manifest: YamlManifest | null; faults: SchemaFault[] } {
  const { tree, faults: syntax } = readYamlTree(text);
  const faults: SchemaFault[] = syntax.map((fault) => ({ ...fault, path: '' }));
  if (tree === null) {
    if (faults.length === 0)
      faults.push({
        code: 'M005',
        message: 'the manifest is empty',
        help: 'add version: 1 and items; `headswap init` writes a start',
        start: 0,
        end: 1,
        path: '',
      });
    return { manifest: null, faults };
  }
  if (tree.kind !== 'map') {
    faults.push({
      code: 'M103',
      message: 'a manifest is a mapping with version and items',
      help: 'start with version: 1',
      start: tree.start,
      end: tree.start + 1,
      path: '',
    });
    return { manifest: null, faults };
  }
  const items = valueOf(tree, 'items');
  const known = {
    ...tree,
    pairs: tree.pairs.filter((pair) => !NOT_YET_MANIFEST.some((field) => field.key === pair.key.text)),
  };
  for (const field of NOT_YET_MANIFEST) {
    const pair = pairOf(tree, field.key);
    if (pair !== null)
      faults.push({
        code: 'M106',
        message: `"${field.key}" (${field.what}) is not available yet`,
        help: 'remove it until then',
        start: pair.key.start,
        end: pair.key.end,
        path: `/${field.key}`,
      });
  }
  faults.push(...head.check(withoutItems(known)));
  if (items?.kind === 'list' && items.items.length === 0)
    faults.push({
      code: 'M005',
      message: 'there are no items',
      help: 'add at least one item',
      start: items.start,
      end: items.end,
      path: '/items',
    });
  const budget = asMap(valueOf(tree, 'budget'));
  const defaults = asMap(valueOf(tree, 'defaults'));
  const batch = valueOf(tree, 'batch');
  const batchText = textOf(batch);
  return {
    faults,
    manifest: {
      batch: batch === null || batchText === null ? null : { text: batchText, tree: batch },
      project: textOf(valueOf(tree, 'project')),
      account: textOf(valueOf(tree, 'account')),
      budget: {
        credits: numberOf(budget, 'credits'),
        perItem: numberOf(budget, 'per_item'),
        tolerate: textOf(valueOf(tree, 'tolerate')),
      },
      defaults: defaults === null ? null : { raw: readSettings(defaults), tree: defaults },
      faces: readFaces(asMap(valueOf(tree, 'faces')), '/faces'),
      entries: items?.kind === 'list' ? items.items.map((entry, index) => readEntry(entry, `/items/${index}`)) : [],
    },
  };
}

/** The entries are checked one by one; the head's schema sees a list of empty mappings, or what stands there instead. */
function withoutItems(tree: YamlMap): YamlMap {
  const pairs = tree.pairs.map((pair) =>
    pair.key.text === 'items' && pair.value.kind === 'list' ? { ...pair, value: { ...pair.value, items: [] } } : pair,
  );
  return { ...tree, pairs };
}

function readEntry(tree: YamlTree, path: string): YamlEntry {
  const here = (faults: SchemaFault[]) => faults.map((fault) => ({ ...fault, path: path + fault.path }));
  if (tree.kind !== 'map')
    return {
      kind: 'item',
      tree,
      path,
      faults: here(notAMapping.check(tree)),
      raw: { id: null, video: null, ...NO_SETTINGS },
    };
  const from = pairOf(tree, 'from');
  if (from !== null) {
    const other = tree.pairs.find((pair) => pair.key.text !== 'from');
    const faults: SchemaFault[] =
      other === undefined
        ? here(entrySchemas.from.check(tree))
        : [
            {
              code: 'M107',
              message: '`from` stands alone in its entry',
              help: 'move the other fields to defaults, or to columns of the CSV',
              start: other.key.start,
              end: other.key.end,
              path: `${path}/${other.key.text}`,
            },
          ];
    return { kind: 'from', tree, path, faults, from: textOf(from.value) ?? '' };
  }
  const raw: RawItem = {
    id: textOf(valueOf(tree, 'id')),
    video: textOf(valueOf(tree, 'video')),
    ...readSettings(tree),
  };
  const matrix = valueOf(tree, 'matrix');
  if (matrix === null) return { kind: 'item', tree, path, faults: here(entrySchemas.item.check(tree)), raw };
  return { kind: 'matrix', tree, path, faults: here(entrySchemas.matrix.check(tree)), raw, ...readMatrix(matrix) };
}

function readMatrix(matrix: YamlTree): { axes: Axis[]; excludes: Combination[] } {
  if (matrix.kind !== 'map') return { axes: [], excludes: [] };
  const axes = matrix.pairs
    .filter((pair) => pair.key.text !== 'exclude')
    .map((pair) => ({
      name: pair.key.text,
      values: pair.value.kind === 'list' ? pair.value.items.map((item) => textOf(item) ?? '') : [],
    }));
  const exclude = valueOf(matrix, 'exclude');
  const excludes =
    exclude?.kind === 'list'
      ? exclude.items.map(
          (item) => new Map(asMap(item)?.pairs.map((pair) => [pair.key.text, textOf(pair.value) ?? ''])),
        )
      : [];
  return { axes, excludes };
}

/** The shared fields of an item or of `defaults`, as written. */
export function readSettings(map: YamlMap): RawSettings {
  const found: Record<string, string | null> = {};
  const x: Record<string, string> = {};
  let swap: RawSwap | null = null;
  for (const pair of map.pairs) {
    const name = pair.key.text;
    if (name === 'swap') swap = readSwapTree(pair.value);
    else if (Object.hasOwn(SETTING_FIELDS, name))
      found[SETTING_FIELDS[name as keyof typeof SETTING_FIELDS]] = textOf(pair.value);
    else if (name.startsWith('x_')) x[name] = textOf(pair.value) ?? '';
  }
  return { ...NO_SETTINGS, ...found, swap, x };
}

function readSwapTree(tree: YamlTree): RawSwap | null {
  if (tree.kind === 'map')
    return {
      kind: 'pairs',
      pairs: tree.pairs.map((pair) => ({ key: pair.key.text, value: textOf(pair.value) ?? '' })),
    };
  const text = textOf(tree);
  return text === null ? null : { kind: 'text', text };
}

/** The definitions under `faces`, of a manifest or of headswap.yaml. */
export function readFaces(map: YamlMap | null, path: string): YamlManifest['faces'] {
  return (map?.pairs ?? []).flatMap((pair) => {
    const name = pair.key.text;
    const place = { key: pair.key, tree: pair.value, path: `${path}/${name}` };
    if (pair.value.kind === 'map') {
      const { value } = pair;
      const raw = {
        name,
        image: textOf(valueOf(value, 'image')) ?? '',
        consent: textOf(valueOf(value, 'consent')),
        until: textOf(valueOf(value, 'until')),
      };
      return valueOf(value, 'image') === null ? [] : [{ raw, ...place }];
    }
    const image = textOf(pair.value);
    return image === null ? [] : [{ raw: { name, image, consent: null, until: null }, ...place }];
  });
}

export function asMap(tree: YamlTree | null): YamlMap | null {
  return tree?.kind === 'map' ? tree : null;
}

function numberOf(map: YamlMap | null, key: string): number | null {
  const tree = map === null ? null : valueOf(map, key);
  if (tree === null || tree.kind !== 'scalar' || isNull(tree)) return null;
  const value = Number(tree.text);
  return Number.isFinite(value) ? value : null;
}
