import { classify } from './classify.ts';
import type { Call, CreateOutcome, Outcome, Problem } from './outcome.ts';
import { readBody, readCreated, type Body } from './read.ts';
import { readRetryAfterMs } from './retry-after.ts';
import type { Exchange } from './transport.ts';
import { SUCCESS_CODE } from './wire.ts';

type Envelope = Extract<Body, { kind: 'envelope' }>;

/** What an interpretation needs besides the exchange. */
export interface Context {
  /** Wall clock in milliseconds. */
  readonly nowMs: number;
  /** Never repeated in a message, though the vendor may echo them. */
  readonly secrets: readonly string[];
}

/** Turns an exchange into an outcome of a read or an analysis. `parse` gives null when the answer lacks its id. */
export function interpret<T>(
  exchange: Exchange,
  call: 'read' | 'analyze',
  context: Context,
  parse: (envelope: Envelope) => T | null,
): Outcome<T> {
  const answer = weigh(exchange, call, context);
  if (answer.kind !== 'success') return answer;
  const value = parse(answer.envelope);
  return value === null
    ? { kind: 'transport', sent: 'maybe', ...withoutId(answer.httpStatus, call) }
    : { kind: 'ok', value };
}

/** Turns an exchange into the outcome of a create. */
export function interpretCreate(exchange: Exchange, context: Context): CreateOutcome {
  const answer = weigh(exchange, 'create', context);
  if (answer.kind === 'success') {
    const task = readCreated(answer.envelope.data);
    return task === null ? { kind: 'uncertain', ...withoutId(answer.httpStatus, 'create') } : { kind: 'created', task };
  }
  const { code, httpStatus, reason, message, consequence } = answer;
  const kind = consequence.kind === 'uncertain' ? 'uncertain' : 'refused';
  return { kind, code, httpStatus, reason, message, consequence };
}

type Weighed =
  | { readonly kind: 'success'; readonly envelope: Envelope; readonly httpStatus: number }
  | Exclude<Outcome<never>, { kind: 'ok' }>;

function weigh(exchange: Exchange, call: Call, context: Context): Weighed {
  if (exchange.kind === 'broken') {
    const { reason, sent, httpStatus, detail } = exchange;
    const consequence = classify({ kind: 'transport', reason, sent }, call);
    return {
      kind: 'transport',
      sent,
      code: null,
      httpStatus,
      reason,
      message: `${SAID[reason]} (${detail})`,
      consequence,
    };
  }
  const { httpStatus } = exchange;
  const retryAfterMs = readRetryAfterMs(exchange.retryAfter, exchange.date, context.nowMs);
  const body = readBody(exchange.body);
  if (body.kind === 'envelope') {
    if (body.code === SUCCESS_CODE) return { kind: 'success', envelope: body, httpStatus };
    const consequence = classify({ kind: 'code', code: body.code, msg: body.msg, httpStatus, retryAfterMs }, call);
    const message = `the vendor answered ${body.code} "${quotable(body.msg, context.secrets)}" (HTTP ${httpStatus})`;
    return { kind: 'refused', code: body.code, httpStatus, reason: null, message, consequence };
  }
  const notFoundBody = body.kind === 'no-code' && body.notFound;
  const consequence = classify({ kind: 'http', status: httpStatus, notFoundBody, retryAfterMs }, call);
  const decided = notFoundBody || httpStatus === 429 || httpStatus === 401 || httpStatus === 403;
  if (decided) {
    const message = notFoundBody
      ? 'the address answers, but not with this API (unknown route); check base_url'
      : `HTTP ${httpStatus} without a code`;
    return { kind: 'refused', code: null, httpStatus, reason: null, message, consequence };
  }
  const what = body.kind === 'not-json' ? 'no JSON' : 'JSON without an integer code';
  const hint = httpStatus >= 300 && httpStatus < 400 ? '; redirects are not followed, check base_url' : '';
  return {
    kind: 'transport',
    sent: 'maybe',
    code: null,
    httpStatus,
    reason: 'not-an-envelope',
    message: `HTTP ${httpStatus} with ${what}${hint}`,
    consequence,
  };
}

const SAID = {
  connect: 'connection never opened',
  'closed-before-send': 'connection closed before sending',
  reset: 'connection cut after sending began',
  deadline: 'no answer in time',
  aborted: 'cancelled',
  'too-large': 'answer too large',
  'not-an-envelope': 'not an answer of this API',
  'no-id': 'success without an id',
} as const;

function withoutId(httpStatus: number, call: Call): Problem {
  return {
    code: SUCCESS_CODE,
    httpStatus,
    reason: 'no-id',
    message: `the vendor answered ${SUCCESS_CODE} without an id`,
    consequence: classify({ kind: 'transport', reason: 'no-id', sent: 'maybe' }, call),
  };
}

/** The vendor's words without secrets and addresses (which can be signed), at a length that fits a line. */
export function quotable(text: string, secrets: readonly string[]): string {
  const unsecret = secrets.reduce((left, secret) => left.replaceAll(secret, '[secret]'), text);
  const oneLine = unsecret.replace(/\s+/g, ' ').replace(/\bhttps?:\/\/[^\s"'<>]+/gi, '[url]');
  return oneLine.length > 300 ? `${oneLine.slice(0, 300)}…` : oneLine;
}
