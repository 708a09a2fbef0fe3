import { STATUS } from './wire.ts';

/**
 * The tolerant reader: numbers may arrive as text, keys may be missing or new, HTTP status and texts decide nothing.
 * Meaning is strict: only status numbers, ids and URLs decide.
 */

type Json = Readonly<Record<string, unknown>>;

/** What a response body is, before anybody asks whether it is good news. */
export type Body =
  | { readonly kind: 'envelope'; readonly code: number; readonly msg: string; readonly data: Json; readonly top: Json }
  /** JSON without an integer `code`; `notFound` is the unknown-route answer `{"status":404,...}`. */
  | { readonly kind: 'no-code'; readonly notFound: boolean }
  | { readonly kind: 'not-json' };

export function readBody(text: string): Body {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'not-json' };
  }
  if (!isObject(value)) return { kind: 'no-code', notFound: false };
  const code = readInteger(value['code']);
  if (code === null) return { kind: 'no-code', notFound: readInteger(value['status']) === 404 };
  return {
    kind: 'envelope',
    code,
    msg: typeof value['msg'] === 'string' ? value['msg'] : '',
    data: isObject(value['data']) ? value['data'] : {},
    top: value,
  };
}

export interface Person {
  readonly objId: number;
  readonly previewUrl: string;
}

/**
 * - `queued`, `processing`: status 1, 2.
 * - `not-yet`: an unknown status, an empty answer, or status 3 without what makes it complete (design D11).
 * - `completed`, `failed`: status 3 with its result, status 4.
 */
export type Phase = 'queued' | 'processing' | 'not-yet' | 'completed' | 'failed';

export interface AnalysisDetail {
  /** Null when the answer carried none. */
  readonly id: string | null;
  readonly phase: Phase;
  readonly status: number | null;
  /** 0 to 100, approximate. */
  readonly progress: number | null;
  readonly videoUrl: string | null;
  /** In the vendor's order; complete only in phase `completed`. */
  readonly people: readonly Person[];
  /** The vendor's words and number, verbatim; they may say `success`. They decide nothing. */
  readonly errorReason: string | null;
  readonly errorCode: number | null;
  /** What contradicts the documentation, in our words, for an alarm; free of URLs. */
  readonly oddities: readonly string[];
}

export interface TaskDetail {
  readonly id: string | null;
  readonly phase: Phase;
  readonly status: number | null;
  readonly progress: number | null;
  readonly sourceVideoUrl: string | null;
  readonly resolution: string | null;
  /** Milliseconds since the epoch, by the vendor's clock. */
  readonly createdAtMs: number | null;
  readonly videoSeconds: number | null;
  /** Credits billed (`deduction_duration`). */
  readonly charge: number | null;
  /** The output's URL, non-empty only in phase `completed`. */
  readonly outputUrl: string | null;
  readonly fileName: string | null;
  readonly errorReason: string | null;
  readonly errorCode: number | null;
  readonly oddities: readonly string[];
}

export interface CreatedTask {
  readonly id: string;
  /** Credits locked (`deduction_lock_duration`). */
  readonly hold: number | null;
  readonly videoSeconds: number | null;
  readonly createdAtMs: number | null;
  readonly status: number | null;
}

export function readAnalysis(data: Json): AnalysisDetail {
  const oddities: string[] = [];
  const status = readStatus(data, oddities);
  const result = data['analysis_result'];
  const people = isObject(result) ? readPeople(result, oddities) : null;
  if (status === STATUS.completed && people === null) oddities.push('status 3 without a readable analysis_result');
  return {
    id: readText(data['_id']),
    phase: phaseOf(status, people !== null),
    status,
    progress: readNumber(data['progress']),
    videoUrl: readText(data['video_url']),
    people: people ?? [],
    errorReason: readText(data['error_reason']),
    errorCode: readNumber(data['error_code']),
    oddities,
  };
}

export function readTask(data: Json): TaskDetail {
  const oddities: string[] = [];
  const status = readStatus(data, oddities);
  const url = readText(data['video_url']);
  const outputUrl = url !== null && /^https?:\/\//i.test(url) ? url : null;
  if (status === STATUS.completed && outputUrl === null) oddities.push('status 3 without an output URL');
  const phase = phaseOf(status, outputUrl !== null);
  return {
    id: readText(data['_id']),
    phase,
    status,
    progress: readNumber(data['progress']),
    sourceVideoUrl: readText(data['source_video_url']),
    resolution: readText(data['resolution']),
    createdAtMs: readNumber(data['create_time']),
    videoSeconds: readNumber(data['video_duration']),
    charge: readNumber(data['deduction_duration']),
    outputUrl: phase === 'completed' ? outputUrl : null,
    fileName: readText(data['file_name']),
    errorReason: readText(data['error_reason']),
    errorCode: readNumber(data['error_code']),
    oddities,
  };
}

/** Null when there is no usable id: then nobody knows what was created. */
export function readCreated(data: Json): CreatedTask | null {
  const id = readText(data['_id']);
  if (id === null) return null;
  return {
    id,
    hold: readNumber(data['deduction_lock_duration']),
    videoSeconds: readNumber(data['video_duration']),
    createdAtMs: readNumber(data['create_time']),
    status: readInteger(data['status']),
  };
}

/** A finite number, also when it arrives as text; else null. */
export function readNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || !/^\s*[-+]?\d+(\.\d+)?\s*$/.test(value)) return null;
  return Number(value);
}

function readInteger(value: unknown): number | null {
  const number = readNumber(value);
  return number !== null && Number.isSafeInteger(number) ? number : null;
}

function readText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function readStatus(data: Json, oddities: string[]): number | null {
  const status = readInteger(data['status']);
  if (Object.keys(data).length === 0) oddities.push('empty data for an id that should be known');
  else if (status === null) oddities.push('no readable status');
  else if (status < STATUS.queue || status > STATUS.failed) oddities.push(`unknown status ${status}`);
  return status;
}

/**
 * Null when the list of people is missing or has an entry without a usable number: people are chosen by number and by
 * count, so a list that cannot be read whole must not be used in part.
 */
function readPeople(result: Json, oddities: string[]): readonly Person[] | null {
  const detected = readInteger(result['detected_objects']);
  const media: unknown = result['media'];
  if (!Array.isArray(media)) return detected === 0 ? [] : null;
  const people: Person[] = [];
  for (const entry of media as readonly unknown[]) {
    const objId = isObject(entry) ? readInteger(entry['obj_id']) : null;
    if (!isObject(entry) || objId === null || objId < 0 || people.some((person) => person.objId === objId)) {
      oddities.push('a person without a number of their own');
      return null;
    }
    people.push({ objId, previewUrl: readText(entry['img_url']) ?? '' });
  }
  // Documented samples contradict themselves here (3 detected, 1 listed), so the list decides.
  if (detected !== null && detected !== people.length)
    oddities.push(`${detected} people detected, ${people.length} listed`);
  return people;
}

function phaseOf(status: number | null, complete: boolean): Phase {
  switch (status) {
    case STATUS.queue:
      return 'queued';
    case STATUS.processing:
      return 'processing';
    case STATUS.completed:
      return complete ? 'completed' : 'not-yet';
    case STATUS.failed:
      return 'failed';
    default:
      return 'not-yet';
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
