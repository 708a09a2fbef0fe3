import { Value } from 'typebox/value';

import { ACCOUNT_SENTENCE, AnalyzeRequest, CreateRequest } from '../akool/wire.ts';
import { createdData, analysisData, ok, refusal, type Answer } from './answer.ts';
import { pickMs, type Span } from './chance.ts';
import type { WorkAction } from './fault-plan.ts';
import type { Price, Settled } from './options.ts';
import type { AnalysisRecord, TaskRecord } from './records.ts';
import type { Team, VendorState } from './vendor-state.ts';
import { peopleIn, secondsOf } from './video-name.ts';

/** What the two accepting calls need of their surroundings. */
export interface Request {
  readonly team: Team;
  readonly body: unknown;
  readonly now: number;
  readonly origin: string;
  readonly from: string;
  readonly work: readonly WorkAction[];
}

/** Takes an analysis, or says with a code why not. */
export function acceptAnalysis(state: VendorState, settings: Settled, request: Request): Answer {
  const { body, now, team, work } = request;
  if (!Value.Check(AnalyzeRequest, body)) return parameterError(AnalyzeRequest, body);
  const video = body.video_url;
  const seconds = secondsOf(video);
  const badLength = settings.durationGate !== 'off' && (seconds < 3 || seconds > 20);
  if (badLength && settings.durationGate === 'sync')
    return refusal(1204, 'Video duration must be between 3 and 20 seconds');
  const count = find(work, 'people')?.count ?? peopleIn(video, settings.people);
  const people = Array.from({ length: count }, (_, objId) => objId);
  const failure = badLength ? { kind: 'fail' as const, reason: 'video duration is not supported' } : find(work, 'fail');
  const id = state.newId(now);
  const record: AnalysisRecord = {
    id,
    internalId: state.newId(now),
    team: team.id,
    uid: team.uid,
    video,
    ...course(settings.analysisMs, settings.seed, id, request),
    ...ending(failure),
    // Everybody moves up by one: no number keeps its person.
    people: find(work, 'reorder') === undefined ? people : people.map((person) => (person + 1) % count),
    detected: find(work, 'detected')?.count ?? count,
  };
  state.record({ t: 'analysis', ...record });
  return ok(analysisData({ ...record, begunAt: null, endedAt: null }, now, request.origin), 'Analyze success');
}

/** Takes a paid task and its hold, or says with a code why not. */
export function acceptTask(state: VendorState, settings: Settled, request: Request): Answer {
  const { body, now, team, work } = request;
  if (hasMoreThanFive(body)) return refusal(1003, 'Up to 5 characters can be replaced at one time.');
  if (!Value.Check(CreateRequest, body)) return parameterError(CreateRequest, body);
  if (!settings.supported) return refusal(1003, ACCOUNT_SENTENCE);
  const analysis = state.usableAnalysis(body.video_url, team, now);
  if (analysis === null) return refusal(1003, 'The analysis of this video_url does not exist or is not completed');
  const numbers = body.mappings.map((mapping) => mapping.obj_id);
  if (new Set(numbers).size < numbers.length) return refusal(1003, 'Parameter error: duplicate obj_id');
  const absent = numbers.find((objId) => objId >= analysis.people.length);
  if (absent !== undefined) return refusal(1003, `Parameter error: obj_id ${absent} is not part of the result`);
  if (state.balance(team) < settings.hold) return refusal(1104);
  const seconds = secondsOf(body.video_url);
  const id = state.newId(now);
  const record: TaskRecord = {
    id,
    internalId: state.newId(now),
    team: team.id,
    uid: team.uid,
    body,
    token: tokenOf(body.webhookUrl),
    from: request.from,
    ...course(settings.taskMs, settings.seed, id, request),
    ...ending(find(work, 'fail')),
    videoSeconds: seconds,
    hold: settings.hold,
    price: priceOf(settings.prices[body.resolution], seconds),
  };
  state.record({ t: 'create', ...record });
  return ok(createdData(record));
}

/** When it begins and ends: a fifth of the time is spent queueing. */
function course(span: Span, seed: number, id: string, request: Request) {
  // The counter part of the id, so that a seed means the same course whatever the date.
  const lengthMs = pickMs(span, seed, 'course', id.slice(16));
  const at = request.now;
  const stall = find(request.work, 'stall');
  const extraMs = stall === undefined ? 0 : (stall.ms ?? Infinity);
  const beginsIn = lengthMs / 5 + (stall?.status === 1 ? extraMs : 0);
  return { at, begunAt: finite(at + beginsIn), endedAt: finite(at + lengthMs + extraMs) };
}

function finite(at: number): number | null {
  return Number.isFinite(at) ? Math.round(at) : null;
}

function ending(failure: (WorkAction & { kind: 'fail' }) | undefined) {
  if (failure === undefined) return { ends: 'completed' as const, reason: null, errorCode: null };
  const reason = failure.reason === undefined ? 'processing failed, please check the inputs' : failure.reason;
  return { ends: 'failed' as const, reason, errorCode: failure.errorCode ?? null };
}

function priceOf(price: Price, seconds: number): number {
  return typeof price === 'number' ? price : Math.ceil(seconds / price.perStartedSeconds) * price.credits;
}

function tokenOf(webhookUrl: string | undefined): string | null {
  if (webhookUrl === undefined) return null;
  return new URL(webhookUrl).pathname.split('/').findLast((segment) => segment !== '') ?? null;
}

function hasMoreThanFive(body: unknown): boolean {
  const mappings: unknown = typeof body === 'object' && body !== null && 'mappings' in body ? body.mappings : null;
  return Array.isArray(mappings) && mappings.length > 5;
}

function parameterError(shape: typeof AnalyzeRequest | typeof CreateRequest, body: unknown): Answer {
  const first = Value.Errors(shape, body)[0];
  return refusal(1003, `Parameter error: ${first?.instancePath ?? ''} ${first?.message ?? ''}`);
}

function find<K extends WorkAction['kind']>(work: readonly WorkAction[], kind: K) {
  return work.find((action): action is Extract<WorkAction, { kind: K }> => action.kind === kind);
}
