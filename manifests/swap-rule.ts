import type { Face, PersonChoice, SwapRule } from '../schemas/manifest-item.ts';
import { FACE_NAME_PATTERN, type RawPair, type RawSwap } from '../schemas/item-fields.ts';
import type { FaceBook } from './face-book.ts';
import { quoted, type ValueFault } from './fault.ts';
import { didYouMean } from './nearest-name.ts';

interface SpottedPair extends RawPair {
  readonly spot: { pair?: number; keyFrom?: number; valueFrom?: number };
}

export type SwapReading =
  | { readonly ok: true; readonly rule: SwapRule; readonly text: string }
  | { readonly ok: false; readonly faults: readonly ValueFault[] };

export interface SwapContext {
  readonly faces: FaceBook;
  readonly checkAddress: (url: string) => ValueFault | null;
}

const NUMBER = /^(0|[1-9]\d{0,3})$/u;
const NAME = new RegExp(FACE_NAME_PATTERN, 'u');
const IS_ADDRESS = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//u;
/** Names and `keep` together: far more than a video shows, few enough to tell each one's fault. */
const MOST_PAIRS = 60;
const FORMS = 'a face or URL, pick, skip, all:face, or numbers with faces such as 0:ana 1:bo';

/** Reads a swap rule (contract section 6, cell grammar). */
export function readSwap(raw: RawSwap, context: SwapContext): SwapReading {
  if (raw.kind === 'pairs' && raw.pairs.length > MOST_PAIRS)
    return failed({
      code: 'M115',
      message: `the rule names ${raw.pairs.length} people`,
      help: 'one task replaces 1 to 5 people',
    });
  if (raw.kind === 'pairs')
    return pairsRule(
      raw.pairs.map((pair, index) => ({ ...pair, spot: { pair: index } })),
      context,
    );
  const lead = raw.text.length - raw.text.trimStart().length;
  const text = raw.text.trim();
  if (text === '') return failed({ code: 'M116', message: 'there is no swap rule', help: `write ${FORMS}` });
  const word = text.toLowerCase();
  if (word === 'pick' || word === 'skip') return { ok: true, rule: { kind: word }, text: word };
  if (word === 'keep') return { ok: true, rule: { kind: 'skip' }, text: 'keep' };
  if (!/^(all|\d+)\s*:/iu.test(text)) {
    const single = readFace(text, { from: lead, length: text.length }, context);
    if (!single.ok) return isTangledList(text) ? failed(tangled(text)) : single;
    return { ok: true, rule: { kind: 'only', face: single.face }, text: single.face.name };
  }
  const pairs = splitCell(text, lead);
  return Array.isArray(pairs) ? pairsRule(pairs, context) : failed(pairs);
}

/** `n:x {sep n:x}` with blanks allowed around the colon. An URL may hold commas: a separator counts only before another `n:`. */
function splitCell(text: string, lead: number): SpottedPair[] | ValueFault {
  const everyone = /^(all)(\s*:\s*)(\S+)$/iu.exec(text);
  if (everyone !== null) {
    const [, key = '', colon = '', value = ''] = everyone;
    return [{ key, value, spot: { keyFrom: lead, valueFrom: lead + key.length + colon.length } }];
  }
  const pairs: SpottedPair[] = [];
  const starts = [...text.matchAll(/(?:^|[\s,;]+)(all|\d+)(\s*:\s*)/giu)];
  if (starts.length > MOST_PAIRS)
    return { code: 'M115', message: `the rule names ${starts.length} people`, help: 'one task replaces 1 to 5 people' };
  for (const [index, match] of starts.entries()) {
    const key = match[1] ?? '';
    const valueAt = match.index + match[0].length;
    const end = starts[index + 1]?.index ?? text.length;
    const value = text.slice(valueAt, end).replace(/[\s,;]+$/u, '');
    const keyAt = match.index + match[0].lastIndexOf(key, match[0].length - (match[2] ?? '').length - 1);
    if (/[\s]/u.test(value)) {
      return {
        code: 'M113',
        message: `cannot read ${quoted(value)} in the swap rule`,
        help: `write ${FORMS}`,
        from: lead + valueAt,
        length: value.length,
      };
    }
    pairs.push({ key, value, spot: { keyFrom: lead + keyAt, valueFrom: lead + valueAt } });
  }
  return pairs;
}

function isTangledList(text: string): boolean {
  return /[\s,;]/u.test(text) && !IS_ADDRESS.test(text);
}
function tangled(text: string): ValueFault {
  return {
    code: 'M113',
    message: `cannot read the swap rule ${quoted(text)}`,
    help: /\d\s*:/u.test(text) ? `write ${FORMS}` : 'several faces need the numbers of the people: 0:ana 1:bo',
  };
}

function pairsRule(pairs: readonly SpottedPair[], context: SwapContext): SwapReading {
  const faults: ValueFault[] = [];
  const people = new Map<number, PersonChoice>();
  let everyone: { face: Face | null } | null = null;
  if (pairs.length === 0) faults.push({ code: 'M113', message: 'the swap rule names nobody', help: `write ${FORMS}` });
  for (const pair of pairs) {
    const choice = readChoice(pair, context);
    if (!choice.ok) faults.push(...choice.faults);
    const key = pair.key.trim().toLowerCase();
    const known = key === 'all' ? everyone !== null : people.has(Number(key));
    if (key !== 'all' && !NUMBER.test(key)) {
      faults.push({
        code: 'M113',
        message: `${quoted(pair.key)} is no number of a person`,
        help: 'people are numbered 0, 1, 2, ... as the analysis gives them; or write all',
        ...keySpot(pair),
      });
    } else if (known) {
      faults.push({
        code: 'M113',
        message: `person ${key} is named twice`,
        help: 'name each person once',
        ...keySpot(pair),
      });
    } else if (key === 'all') {
      everyone = { face: choice.ok ? choice.face : null };
    } else {
      people.set(Number(key), { objId: Number(key), face: choice.ok ? choice.face : null });
    }
  }
  if (everyone !== null && people.size > 0) {
    faults.push({ code: 'M113', message: '`all` and numbers exclude each other', help: 'write one or the other' });
  }
  const choices = [...people.values()].toSorted((a, b) => a.objId - b.objId);
  const mapped = choices.filter((choice) => choice.face !== null).length;
  if (mapped > 5)
    faults.push({
      code: 'M115',
      message: `the rule replaces ${mapped} people, more than 5`,
      help: 'one task replaces 1 to 5 people; use two items with different outputs',
    });
  if (faults.length > 0) return { ok: false, faults };
  if (everyone !== null) {
    const rule: SwapRule = everyone.face === null ? { kind: 'skip' } : { kind: 'all', face: everyone.face };
    return { ok: true, rule, text: `all:${everyone.face?.name ?? 'keep'}` };
  }
  const text = choices.map((choice) => `${choice.objId}:${choice.face?.name ?? 'keep'}`).join(' ');
  return { ok: true, rule: mapped === 0 ? { kind: 'skip' } : { kind: 'by-number', people: choices }, text };
}

type FaceReading = { ok: true; face: Face } | { ok: false; faults: ValueFault[] };
type ChoiceReading = { ok: true; face: Face | null } | { ok: false; faults: ValueFault[] };

function readChoice(pair: SpottedPair, context: SwapContext): ChoiceReading {
  const value = pair.value.trim();
  const spot = valueSpot(pair);
  if (value.toLowerCase() === 'keep') return { ok: true, face: null };
  if (value === '')
    return failed({
      code: 'M113',
      message: `nothing is said for ${quoted(pair.key)}`,
      help: 'name a face, an URL, or keep',
      ...spot,
    });
  return readFace(value, spot, context);
}

function readFace(
  text: string,
  spot: { pair?: number; from?: number; length?: number },
  context: SwapContext,
): FaceReading {
  if (IS_ADDRESS.test(text) || /^(file:|[a-zA-Z]:[\\/]|\/|~\/|\.{1,2}\/|\\\\)/u.test(text)) {
    const fault = context.checkAddress(text);
    if (fault === null) return { ok: true, face: { name: text, url: text, consent: null, until: null } };
    const from = (spot.from ?? 0) + (fault.from ?? 0);
    return failed({ ...fault, ...spot, from, length: fault.length ?? text.length });
  }
  const face = context.faces.find(text);
  if (face !== null) return { ok: true, face };
  const reserved = ['pick', 'skip', 'all'].includes(text.toLowerCase());
  if (reserved)
    return failed({
      code: 'M113',
      message: `"${text}" stands alone, not with a person`,
      help: `write ${FORMS}`,
      ...spot,
    });
  if (!NAME.test(text))
    return failed({ code: 'M113', message: `cannot read ${quoted(text)} as a face`, help: `write ${FORMS}`, ...spot });
  const names = context.faces.names;
  const help =
    didYouMean(text, names, 'Known faces') ??
    (names.length === 0
      ? 'no faces are defined: add them under faces:, in faces.csv beside the sheet, or use an URL'
      : `${names.length} faces are defined, none is near this name`);
  return failed({ code: 'M112', message: `unknown face ${quoted(text)}`, help, ...spot });
}

/** Faces that a rule names, each once, in order. */
export function facesOfRule(rule: SwapRule): readonly Face[] {
  switch (rule.kind) {
    case 'only':
    case 'all':
      return [rule.face];
    case 'by-number': {
      const faces = new Map(rule.people.flatMap(({ face }) => (face === null ? [] : [[face.url, face] as const])));
      return [...faces.values()];
    }
    case 'pick':
    case 'skip':
      return [];
    default:
      return rule satisfies never;
  }
}

function keySpot(pair: SpottedPair): { pair?: number; key?: boolean; from?: number; length?: number } {
  const { spot } = pair;
  if (spot.pair !== undefined) return { pair: spot.pair, key: true };
  return { from: spot.keyFrom ?? 0, length: pair.key.length };
}
function valueSpot(pair: SpottedPair): { pair?: number; from?: number; length?: number } {
  const { spot } = pair;
  if (spot.pair !== undefined) return { pair: spot.pair };
  return { from: spot.valueFrom ?? 0, length: Math.max(1, pair.value.length) };
}
function failed(fault: ValueFault): { ok: false; faults: ValueFault[] } {
  return { ok: false, faults: [fault] };
}
