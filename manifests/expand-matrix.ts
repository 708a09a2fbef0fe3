import { MAX_MATRIX_ITEMS } from '../schemas/manifest.ts';
import { SETTING_FIELDS, type RawSwap } from '../schemas/item-fields.ts';
import type { RawItem } from './build-item.ts';
import { quoted, type Fault } from './fault.ts';
import { didYouMean } from './nearest-name.ts';
import { fillTemplate, parseTemplate, type TemplatePart } from './placeholders.ts';

export interface Axis {
  readonly name: string;
  readonly values: readonly string[];
}
export type Combination = ReadonlyMap<string, string>;

const AXIS_NAME = /^\p{L}[\p{L}\p{M}\p{N}._-]{0,59}$/u;
const TAKEN = new Set(['id', 'batch', 'exclude']);
const MAX_RAW_COMBINATIONS = 1_000_000;

/** All combinations in the order they are written (the last axis turns fastest), less the excluded ones. */
export function combine(
  axes: readonly Axis[],
  excludes: readonly Combination[],
): { combinations: Combination[]; faults: Fault[] } {
  const faults = [
    ...axes.flatMap(axisFaults),
    ...excludes.flatMap((exclude, index) => excludeFaults(exclude, index, axes)),
  ];
  const raw = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (raw > MAX_RAW_COMBINATIONS) faults.push(tooMany(raw));
  if (faults.length > 0) return { combinations: [], faults };
  const used = excludes.map(() => false);
  const combinations: Combination[] = [];
  for (let n = 0; n < raw; n++) {
    const combination = nth(axes, n);
    let excluded = false;
    for (const [index, exclude] of excludes.entries()) {
      if (!matches(combination, exclude)) continue;
      excluded = true;
      used[index] = true;
    }
    if (excluded) continue;
    combinations.push(combination);
    if (combinations.length > MAX_MATRIX_ITEMS) return { combinations: [], faults: [tooMany(raw)] };
  }
  for (const [index, hit] of used.entries()) {
    if (!hit)
      faults.push({
        code: 'M131',
        field: 'matrix',
        pair: index,
        message: 'this exclude matches no combination',
        help: 'correct or remove it',
      });
  }
  if (combinations.length === 0)
    faults.push({ code: 'M131', field: 'matrix', message: 'every combination is excluded', help: 'remove an exclude' });
  return { combinations, faults };
}

function nth(axes: readonly Axis[], n: number): Combination {
  const combination = new Map<string, string>();
  let rest = n;
  for (const axis of axes.toReversed()) {
    combination.set(axis.name, axis.values[rest % axis.values.length] ?? '');
    rest = Math.floor(rest / axis.values.length);
  }
  return combination;
}

function matches(combination: Combination, exclude: Combination): boolean {
  for (const [name, value] of exclude) if (combination.get(name) !== value) return false;
  return exclude.size > 0;
}

function axisFaults(axis: Axis): Fault[] {
  const faults: Fault[] = [];
  if (TAKEN.has(axis.name) || !AXIS_NAME.test(axis.name)) {
    faults.push({
      code: 'M130',
      field: 'matrix',
      message: `${quoted(axis.name)} cannot be the name of an axis`,
      help: 'start with a letter; id, batch and exclude are taken',
    });
  }
  const twice = axis.values.find((value, index) => axis.values.indexOf(value) !== index);
  if (axis.values.length <= 5_000 && twice !== undefined) {
    faults.push({
      code: 'M130',
      field: 'matrix',
      message: `the axis ${quoted(axis.name)} has ${quoted(twice)} twice`,
      help: 'remove one',
    });
  }
  return faults;
}

/** `pair` is the index of the exclude. */
function excludeFaults(exclude: Combination, index: number, axes: readonly Axis[]): Fault[] {
  if (exclude.size === 0)
    return [
      {
        code: 'M131',
        field: 'matrix',
        pair: index,
        message: 'this exclude names no axis',
        help: 'name at least one axis and value',
      },
    ];
  return [...exclude].flatMap(([name, value]): Fault[] => {
    const axis = axes.find((candidate) => candidate.name === name);
    const known = axis?.values ?? axes.map((candidate) => candidate.name);
    if (axis?.values.includes(value) === true) return [];
    const message =
      axis === undefined
        ? `there is no axis ${quoted(name)}`
        : `the axis ${quoted(name)} has no value ${quoted(value)}`;
    return [
      {
        code: 'M131',
        field: 'matrix',
        pair: index,
        message,
        help: didYouMean(axis === undefined ? name : value, known, 'Known here'),
      },
    ];
  });
}

function tooMany(raw: number): Fault {
  return {
    code: 'M132',
    field: 'matrix',
    message: `the entry would become ${raw.toLocaleString('en')} items, more than ${MAX_MATRIX_ITEMS.toLocaleString('en')}`,
    help: 'split the entry',
  };
}

/** Fills the placeholders of an entry. Parsed once; `fill` runs for every combination. */
export function createEntryFiller(
  entry: RawItem,
  axes: readonly Axis[],
): { faults: Fault[]; fill: (combination: Combination) => RawItem } {
  const names = axes.map((axis) => axis.name);
  const faults: Fault[] = [];
  const templates = new Map<string, TemplatePart[]>();
  const prepare = (field: string, text: string | null, spot: { pair?: number; key?: boolean } = {}) => {
    if (text === null) return;
    const parts = templates.get(text) ?? parseTemplate(text);
    templates.set(text, parts);
    if (field === 'output') return;
    for (const part of parts) {
      if ('text' in part || names.includes(part.name)) continue;
      faults.push({
        code: 'M123',
        field,
        message: `unknown placeholder {${part.name}}`,
        help: didYouMean(part.name, names, 'Axes') ?? 'a literal brace is written {{',
        from: part.from,
        length: part.length,
        ...spot,
      });
    }
  };
  const texts: [string, string | null][] = [['id', entry.id], ['video', entry.video], ...Object.entries(entry.x)];
  for (const [name, field] of Object.entries(SETTING_FIELDS)) if (field !== 'swap') texts.push([name, entry[field]]);
  for (const [field, text] of texts) prepare(field, text);
  if (entry.swap?.kind === 'text') prepare('swap', entry.swap.text);
  if (entry.swap?.kind === 'pairs') {
    for (const [index, pair] of entry.swap.pairs.entries()) {
      prepare('swap', pair.key, { pair: index, key: true });
      prepare('swap', pair.value, { pair: index });
    }
  }
  const fill = (combination: Combination): RawItem => {
    const fillText = (text: string) => fillTemplate(templates.get(text) ?? [], (name) => combination.get(name)).text;
    const maybe = (text: string | null) => (text === null ? null : fillText(text));
    return {
      id: maybe(entry.id),
      video: maybe(entry.video),
      swap: fillSwap(entry.swap, fillText),
      check: maybe(entry.check),
      resolution: maybe(entry.resolution),
      model: maybe(entry.model),
      keepOriginalSound: maybe(entry.keepOriginalSound),
      templateId: maybe(entry.templateId),
      output: entry.output === null ? null : fillAxesOnly(templates.get(entry.output) ?? [], combination),
      project: maybe(entry.project),
      note: maybe(entry.note),
      whenPeopleDiffer: maybe(entry.whenPeopleDiffer),
      x: Object.fromEntries(Object.entries(entry.x).map(([name, text]) => [name, fillText(text)])),
    };
  };
  return { faults, fill };
}

function fillSwap(swap: RawSwap | null, fillText: (text: string) => string): RawSwap | null {
  if (swap === null) return null;
  if (swap.kind === 'text') return { kind: 'text', text: fillText(swap.text) };
  return { kind: 'pairs', pairs: swap.pairs.map((pair) => ({ key: fillText(pair.key), value: fillText(pair.value) })) };
}

/** `output` is a template twice: axes now, {batch} and {id} when the item is built. What is filled in now is escaped for then. */
function fillAxesOnly(parts: readonly TemplatePart[], combination: Combination): string {
  const escape = (text: string) => text.replaceAll('{', '{{').replaceAll('}', '}}');
  return parts
    .map((part) => {
      if ('text' in part) return escape(part.text);
      const value = combination.get(part.name);
      return value === undefined ? `{${part.name}}` : escape(value);
    })
    .join('');
}
