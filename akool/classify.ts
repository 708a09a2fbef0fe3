import type { Call, Consequence, TransportReason } from './outcome.ts';
import { ACCOUNT_SENTENCE } from './wire.ts';

/**
 * The one place that says what a code, an HTTP status or a broken connection means (design D5-D7). A code counts as
 * *refused* on create only when it is listed here as preceding creation; everything else is uncertain.
 */

type Meaning =
  | 'throttled'
  | 'credits'
  | 'authorisation'
  | 'unpaid'
  | 'input'
  | 'missing'
  | 'permission'
  | 'processing'
  | 'unclear';

interface CodeRow {
  readonly meaning: Meaning;
  /** The documented meaning and why it is read this way. */
  readonly why: string;
  /** The vendor page that documents it: EC error codes, OV head-swap overview, AUTH authentication, CS character swap. */
  readonly source: string;
}

const row = (meaning: Meaning, why: string, source = 'EC'): CodeRow => ({ meaning, why, source });

/** Bounded tries of a call that fails for reasons that may lie in its input. */
const PROCESSING_TRIES = 3;
const UNCLEAR_TRIES = 5;

export const CODES: ReadonlyMap<number, CodeRow> = new Map([
  [1003, row('input', 'parameter error; about the account when it says the account sentence', 'OV')],
  [1004, row('authorisation', 'requires verification: of the account, no request can cure it')],
  [1005, row('throttled', 'too frequent; the only rate signal, answered before work starts')],
  [1006, row('credits', 'insufficient quota')],
  [1007, row('input', 'too many faces')],
  [1008, row('missing', 'content does not exist')],
  [1009, row('permission', 'permission denied; on a read possibly another team’s object')],
  [1010, row('missing', 'content cannot be operated')],
  [1011, row('unclear', 'content already operated: could mean that an earlier create was accepted')],
  [1013, row('input', 'use audio in video')],
  [1014, row('missing', 'resource does not exist or is not ours', 'OV')],
  [1015, row('processing', 'video processing error, try again later; sometimes load, sometimes the input', 'CS')],
  [1016, row('unclear', 'face swapping error: may come after creation')],
  [1017, row('input', 'audio not created')],
  [1101, row('authorisation', 'illegal or expired token', 'AUTH')],
  [1102, row('authorisation', 'token empty', 'AUTH')],
  [1103, row('unpaid', 'not paid or overdue')],
  [1104, row('credits', 'insufficient credits, or holds tie them up', 'OV')],
  [1105, row('unclear', 'avatar processing error; other product')],
  [1108, row('unclear', 'image processing error; other product, time of creation unknown')],
  [1109, row('authorisation', 'account does not exist: an invalid key in the vendor’s own demo')],
  [1110, row('unclear', 'audio processing error; other product')],
  [1111, row('unclear', 'avatar callback error; other product')],
  [1112, row('unclear', 'voice processing error; other product')],
  [1200, row('authorisation', 'account blocked')],
  [1201, row('unclear', 'audio creation error; other product')],
  [1202, row('input', 'lip-sync same-language limit; other product')],
  [1203, row('input', 'video must have audio; other product')],
  [1204, row('input', 'video too long')],
  [1205, row('unclear', 'video creation error: may come after creation')],
  [1206, row('unclear', 'background change error; other product')],
  [1207, row('input', 'video too large')],
  [1208, row('input', 'video cannot be parsed')],
  [1209, row('input', 'video encoding not supported')],
  [1210, row('input', 'too many frames per second')],
  [1211, row('unclear', 'lip-sync creation error; other product')],
  [1212, row('unclear', 'sentiment analysis failed; other product')],
  [1213, row('unpaid', 'subscription required')],
  [1214, row('unclear', 'live avatar in processing; other product')],
  [1215, row('unclear', 'live avatar busy; other product')],
  [1216, row('input', 'live avatar session missing; other product')],
  [1217, row('unclear', 'live avatar callback error; other product')],
  [1218, row('unclear', 'live avatar processing error; other product')],
  [1219, row('input', 'live avatar closed; other product')],
  [1220, row('input', 'live avatar upload error; other product')],
  [1221, row('unpaid', 'account not subscribed')],
  [1222, row('unclear', 'resource already exists: could mean that an earlier create was accepted')],
  [1223, row('input', 'live avatar limit exceeded; other product')],
  [1232, row('input', 'knowledge base; other product')],
  [1233, row('input', 'knowledge base; other product')],
  [1234, row('input', 'knowledge base; other product')],
  [1235, row('input', 'knowledge base; other product')],
  [1236, row('input', 'knowledge base; other product')],
  [2001, row('unclear', 'server error: a create may have gone through', 'OV')],
]);

/** HTTP statuses given before a request is looked at: nothing was created. */
const REFUSING_STATUS: ReadonlySet<number> = new Set([401, 403, 429]);

/** What came back, reduced to what can decide. */
export type Signal =
  | {
      readonly kind: 'code';
      readonly code: number;
      readonly msg: string;
      /** Decides only beside an unlisted code. */
      readonly httpStatus: number;
      readonly retryAfterMs: number | null;
    }
  /** An answer without a body code. `notFoundBody`: it was the unknown-route answer. */
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly notFoundBody: boolean;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: 'transport'; readonly reason: TransportReason; readonly sent: 'no' | 'maybe' };

/** The consequence of a signal for a call. Total: whatever is not listed falls in the cautious class. */
export function classify(signal: Signal, call: Call): Consequence {
  switch (signal.kind) {
    case 'code':
      if (!CODES.has(signal.code) && REFUSING_STATUS.has(signal.httpStatus))
        return classifyHttp(signal.httpStatus, false, signal.retryAfterMs, call);
      return classifyCode(signal.code, signal.msg, signal.retryAfterMs, call);
    case 'http':
      return classifyHttp(signal.status, signal.notFoundBody, signal.retryAfterMs, call);
    case 'transport':
      return signal.sent === 'no' ? transient(null) : unlessCreate(call, null);
  }
}

function classifyCode(code: number, msg: string, retryAfterMs: number | null, call: Call): Consequence {
  const meaning = CODES.get(code)?.meaning ?? 'unclear';
  switch (meaning) {
    case 'throttled':
      return throttled(retryAfterMs);
    case 'credits':
    case 'authorisation':
    case 'unpaid':
      return { kind: 'gate', gate: meaning };
    case 'permission':
      return call === 'read' ? { kind: 'not-found' } : { kind: 'gate', gate: 'authorisation' };
    case 'processing':
      return transient(retryAfterMs, call === 'read' ? null : PROCESSING_TRIES);
    case 'input':
    case 'missing':
      if (code === 1003 && saysAccount(msg)) return { kind: 'gate', gate: 'plan' };
      if (call === 'create' && saysAnalysisMissing(msg)) return { kind: 'reanalyse' };
      if (call !== 'read') return { kind: 'fail-item' };
      // A read never fails an item: only the status of its analysis or task does.
      return meaning === 'missing' ? { kind: 'not-found' } : transient(retryAfterMs);
    case 'unclear':
      if (call === 'create') return { kind: 'uncertain' };
      return transient(retryAfterMs, call === 'analyze' && code !== 2001 ? UNCLEAR_TRIES : null);
  }
}

function classifyHttp(status: number, notFoundBody: boolean, retryAfterMs: number | null, call: Call): Consequence {
  if (status === 429) return throttled(retryAfterMs);
  if (status === 401 || status === 403) return { kind: 'gate', gate: 'authorisation' };
  if (notFoundBody) return { kind: 'misconfigured' };
  return unlessCreate(call, retryAfterMs);
}

function unlessCreate(call: Call, retryAfterMs: number | null): Consequence {
  return call === 'create' ? { kind: 'uncertain' } : transient(retryAfterMs);
}

function throttled(retryAfterMs: number | null): Consequence {
  return { kind: 'wait-and-retry', because: 'throttled', retryAfterMs, maxTries: null };
}

function transient(retryAfterMs: number | null, maxTries: number | null = null): Consequence {
  return { kind: 'wait-and-retry', because: 'transient', retryAfterMs, maxTries };
}

/** First listed case in which text decides: 1003 that speaks about the account, not the item. */
function saysAccount(msg: string): boolean {
  return normalised(msg).includes(normalised(ACCOUNT_SENTENCE));
}

/** Second listed case: a refused create that says the video's analysis is not (or no longer) there. */
function saysAnalysisMissing(msg: string): boolean {
  const text = normalised(msg);
  return (
    /\b(analysis|analyze|analyse|analyzed|analysed)\b/.test(text) &&
    /\b(not (been )?(found|exist|completed?|finished|analy[sz]ed)|does not exist|no (completed )?analysis|missing|expired|first)\b/.test(
      text,
    )
  );
}

function normalised(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}
