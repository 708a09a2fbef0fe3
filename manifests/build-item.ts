import type { ManifestItem, Resolution, SwapRule } from '../schemas/manifest-item.ts';
import { RESOLUTIONS } from '../schemas/manifest-item.ts';
import type { Requirement } from '../schemas/requirement.ts';
import {
  ID_PATTERN,
  MAX_TEXT,
  MODELS,
  WHEN_PEOPLE_DIFFER,
  type RawSettings,
  type RawSwap,
} from '../schemas/item-fields.ts';
import { consentFault } from './consent.ts';
import { VERSION_PLACE } from '../schemas/output-version.ts';
import { inField, quoted, type Fault } from './fault.ts';
import { nearestName } from './nearest-name.ts';
import { BUILT_IN_OUTPUT, faceInName, fillOutput } from './output-path.ts';
import { facesOfRule, readSwap, type SwapContext, type SwapReading } from './swap-rule.ts';

/** One entry as written: a row, a YAML item, or one item of a matrix. */
export interface RawItem extends RawSettings {
  readonly id: string | null;
  readonly video: string | null;
}

export interface ItemContext extends SwapContext {
  readonly batch: string;
  readonly project: string | null;
  /** From nearest to farthest: the manifest's `defaults`, those of headswap.yaml. */
  readonly defaults: readonly RawSettings[];
  /** Rules that were already read, since sheets repeat the same few cells. */
  readonly rules: Map<string, SwapReading>;
  /** What every face must have (`require` in headswap.yaml), and the day it is asked on (`YYYY-MM-DD`). */
  readonly require?: readonly Requirement[];
  readonly today?: string;
}

export type ItemBuild = Omit<ManifestItem, 'file' | 'line' | 'cells'>;
export type ItemReading =
  | { readonly ok: true; readonly item: ItemBuild }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const ID = new RegExp(ID_PATTERN, 'u');
const PLAIN_ID = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/u;
/** Numbers in scientific notation and dates: what spreadsheets make of ids such as 1E5 or 3-4. */
const RESHAPED =
  /^(\d+([.,]\d+)?e[+-]?\d+|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}[-. /](jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*\.?([-. /]\d{2,4})?|(jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*[-. /]\d{2,4})$/iu;

export function isValidId(text: string): boolean {
  return PLAIN_ID.test(text) || ID.test(text);
}
export function looksReshaped(id: string): boolean {
  return /\d/u.test(id) && RESHAPED.test(id.trim());
}

/** Gives an entry its meaning: precedence item > defaults > headswap.yaml's defaults > built-in (contract section 6). */
export function buildItem(raw: RawItem, context: ItemContext): ItemReading {
  const faults: Fault[] = [];
  const pick = (field: Exclude<keyof RawSettings, 'x' | 'swap'>): string | null => {
    if (raw[field] !== null) return raw[field];
    for (const layer of context.defaults) if (layer[field] !== null) return layer[field];
    return null;
  };
  const id = readId(raw.id, faults);
  const video = readVideo(raw.video, context, faults);
  const swap = readRule(raw.swap, context, faults);
  if (swap !== null && context.require !== undefined && context.require.length > 0)
    faults.push(...consentFaults(swap.rule, context.require, context.today ?? ''));
  const resolution = readResolution(pick('resolution'), faults);
  const model = readModel(pick('model'), faults);
  const keepOriginalSound = readBoolean(pick('keepOriginalSound'), faults);
  const whenPeopleDiffer = readWhenPeopleDiffer(pick('whenPeopleDiffer'), faults);
  const note = pick('note');
  const project = pick('project') ?? context.project;
  const templateId = pick('templateId');
  const check = pick('check');
  for (const [field, text] of [
    ['note', note],
    ['project', project],
    ['template_id', templateId],
    ['check', check],
  ] as const) {
    if (text !== null && text.length > MAX_TEXT) faults.push(tooLong(field, text));
  }
  const x = mergeOwnFields(raw, context, faults);
  const template = pick('output') ?? BUILT_IN_OUTPUT;
  const values: Record<string, string> = {
    batch: context.batch,
    id,
    project: project ?? '',
    resolution,
    date: context.today ?? '',
    face: swap !== null && template.includes('{face}') ? faceInName(swap.rule) : '',
    // Known only when it is collected: a second paid version of the item gets the next number.
    version: VERSION_PLACE,
    ...x,
  };
  const output = fillOutput(template, values);
  if (!output.ok && (faults.length === 0 || raw.output !== null)) faults.push(inField('output', output.fault));
  if (faults.length > 0 || swap === null || !output.ok) return { ok: false, faults };
  return {
    ok: true,
    item: {
      id,
      video,
      swap: swap.rule,
      rule: swap.text,
      settings: { resolution, model, keepOriginalSound, templateId },
      output: output.output,
      project,
      note,
      check,
      whenPeopleDiffer,
      x,
    },
  };
}

/** Faults of a `defaults` block itself, so that they are told once and not for every item. */
export function checkSettings(raw: RawSettings, context: SwapContext): Fault[] {
  const faults: Fault[] = [];
  if (raw.swap !== null) readRule(raw.swap, { ...context, defaults: [], rules: new Map() }, faults);
  readResolution(raw.resolution, faults);
  readModel(raw.model, faults);
  readBoolean(raw.keepOriginalSound, faults);
  readWhenPeopleDiffer(raw.whenPeopleDiffer, faults);
  return faults;
}

/** Faces of a rule that may not be used. */
function consentFaults(rule: SwapRule, require: readonly Requirement[], today: string): Fault[] {
  const faces = facesOfRule(rule);
  return faces.flatMap((face) => {
    const fault = consentFault(face, require, today);
    return fault === null ? [] : [inField('swap', fault)];
  });
}

function readId(raw: string | null, faults: Fault[]): string {
  const id = raw?.trim() ?? '';
  if (id === '') {
    faults.push({
      code: 'M102',
      field: 'id',
      message: 'the item has no id',
      help: 'give every item an id of its own; outputs and reports are named after it',
    });
  } else if (!isValidId(id)) {
    const help = looksReshaped(id)
      ? 'it looks like a number or date that a spreadsheet made of an id: format the column as text and correct it'
      : 'letters, digits, . _ - only, at most 100, not starting with a dot';
    faults.push({ code: 'M110', field: 'id', message: `${quoted(id)} cannot be an id`, help });
  }
  return id;
}

function readVideo(raw: string | null, context: SwapContext, faults: Fault[]): string {
  const video = raw?.trim() ?? '';
  if (video === '') {
    faults.push({
      code: 'M102',
      field: 'video',
      message: 'the item has no video',
      help: 'give the public http(s) URL of the video',
    });
    return '';
  }
  const fault = context.checkAddress(video);
  if (fault !== null) faults.push(inField('video', fault));
  return video;
}

function readRule(
  raw: RawSwap | null,
  context: SwapContext & Pick<ItemContext, 'defaults' | 'rules'>,
  faults: Fault[],
): Extract<SwapReading, { ok: true }> | null {
  const own = isBlank(raw) ? null : raw;
  const swap = own ?? context.defaults.find((layer) => !isBlank(layer.swap))?.swap ?? null;
  if (swap === null) {
    faults.push({
      code: 'M116',
      field: 'swap',
      message: 'the item has no swap rule, and there is no default',
      help: 'name a face, an URL, pick or skip; or set defaults.swap',
    });
    return null;
  }
  const key = swap.kind === 'text' ? swap.text : null;
  let reading = key === null ? undefined : context.rules.get(key);
  if (reading === undefined) {
    reading = readSwap(swap, context);
    if (key !== null && context.rules.size < 20_000) context.rules.set(key, reading);
  }
  if (reading.ok) return reading;
  // An inherited rule was checked where it is written; the item has no text of its own to mark.
  for (const fault of reading.faults) {
    faults.push(
      own === null
        ? { code: fault.code, field: null, message: fault.message, help: fault.help }
        : inField('swap', fault),
    );
  }
  return null;
}

function isBlank(swap: RawSwap | null): boolean {
  return swap === null || (swap.kind === 'text' && swap.text.trim() === '');
}

function readResolution(raw: string | null, faults: Fault[]): Resolution {
  const text = raw?.trim().toLowerCase() ?? '720p';
  const found = RESOLUTIONS.find((resolution) => resolution === text);
  if (found !== undefined) return found;
  const meant =
    RESOLUTIONS.find((resolution) => resolution.startsWith(text) && text !== '') ?? nearestName(text, RESOLUTIONS);
  const help =
    meant === null ? `write ${RESOLUTIONS.join(' or ')}` : `did you mean "${meant}"? Known: ${RESOLUTIONS.join(', ')}`;
  faults.push({ code: 'M120', field: 'resolution', message: `unknown resolution ${quoted(raw ?? '')}`, help });
  return '720p';
}

function readModel(raw: string | null, faults: Fault[]): string {
  const text = raw?.trim() ?? MODELS[0];
  if ((MODELS as readonly string[]).includes(text)) return text;
  faults.push({
    code: 'M120',
    field: 'model',
    message: `unknown model ${quoted(text)}`,
    help: `the vendor lists ${MODELS.join(', ')}`,
  });
  return text;
}

function readBoolean(raw: string | null, faults: Fault[]): boolean {
  const text = raw?.trim().toLowerCase() ?? 'true';
  if (text === 'true' || text === 'yes' || text === '1') return true;
  if (text === 'false' || text === 'no' || text === '0') return false;
  faults.push({
    code: 'M121',
    field: 'keep_original_sound',
    message: `${quoted(raw ?? '')} is neither yes nor no`,
    help: 'write true or false, yes or no, 1 or 0',
  });
  return true;
}

function readWhenPeopleDiffer(raw: string | null, faults: Fault[]): 'wait' | 'fail' {
  const text = raw?.trim().toLowerCase() ?? 'wait';
  const found = WHEN_PEOPLE_DIFFER.find((word) => word === text);
  if (found !== undefined) return found;
  faults.push({
    code: 'M120',
    field: 'when_people_differ',
    message: `${quoted(raw ?? '')} is not known here`,
    help: 'write wait or fail',
  });
  return 'wait';
}

const NO_OWN_FIELDS: Readonly<Record<string, string>> = Object.freeze({});
function mergeOwnFields(raw: RawItem, context: ItemContext, faults: Fault[]): Readonly<Record<string, string>> {
  let merged: Record<string, string> | null = null;
  // From the farthest layer to the item itself. Rows come by the million, so nothing is built that may stay empty.
  for (let index = context.defaults.length; index >= 0; index--) {
    const layer = index === 0 ? raw : context.defaults[index - 1];
    for (const key in layer?.x) {
      const value = layer.x[key] ?? '';
      if (value.length > MAX_TEXT) faults.push(tooLong(key, value));
      (merged ??= {})[key] = value;
    }
  }
  return merged ?? NO_OWN_FIELDS;
}

function tooLong(field: string, text: string): Fault {
  return {
    code: 'M125',
    field,
    message: `${field} has ${text.length} characters, more than ${MAX_TEXT}`,
    help: 'shorten it',
  };
}
