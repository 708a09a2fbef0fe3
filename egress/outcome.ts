/** How a checked fetch can end. */
import type { Readable } from 'node:stream';

export type RefusalCode = 'bad-url' | 'address' | 'redirect' | 'too-big';
export type NetworkFault = 'dns' | 'connect' | 'tls' | 'timeout' | 'closed' | 'aborted';

/** Nothing was, or nothing more will be, read: our own rules say no. Trying again changes nothing. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  readonly reason: string;
}

/** No usable answer. Trying again may help. */
export interface NetworkFailed {
  readonly kind: 'network';
  readonly fault: NetworkFault;
  readonly reason: string;
}

/** The server answered, but not with the file. */
export interface HttpFailed {
  readonly kind: 'http';
  readonly status: number;
  /** From `Retry-After` when it is a number of seconds or a date, else null. */
  readonly retryAfterMs: number | null;
}

export interface Fetched {
  readonly kind: 'ok';
  /** 200, or 206 when a range was asked for. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes the body should have by its headers, null when they do not say. */
  readonly bytes: number | null;
  /** Where it was found after redirects. May be signed: never log it. */
  readonly url: string;
  /** Read it to the end or destroy it. A broken transfer ends it with an `EgressError`. */
  readonly body: Readable;
}

export type FetchOutcome = Fetched | Refused | HttpFailed | NetworkFailed;
export type FetchFailure = Exclude<FetchOutcome, Fetched>;

/** The error a body stream ends with; `outcome` is what the fetch would have said had it known. */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly outcome: Refused | NetworkFailed;
  constructor(outcome: Refused | NetworkFailed, options?: ErrorOptions) {
    super(outcome.reason, options);
    this.outcome = outcome;
  }
}

export const refused = (code: RefusalCode, reason: string): Refused => ({ kind: 'refused', code, reason });
export const networkFailed = (fault: NetworkFault, reason: string): NetworkFailed => ({
  kind: 'network',
  fault,
  reason,
});

const CONNECT_CODES = [
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
];
const DNS_CODES = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA', 'ESERVFAIL'];
const TIMEOUT_CODES = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];

/** Names a thrown transport error. Messages are ours: those of the libraries may quote the (signed) URL. */
export function outcomeOfError(error: unknown): Refused | NetworkFailed {
  const cause = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (cause instanceof EgressError) return cause.outcome;
  if (!(cause instanceof Error)) return networkFailed('closed', 'the connection failed');
  const code = 'code' in cause ? String(cause.code) : '';
  if (cause.name === 'TimeoutError' || TIMEOUT_CODES.includes(code))
    return networkFailed('timeout', 'no answer in time');
  if (cause.name === 'AbortError' || code === 'UND_ERR_ABORTED') return networkFailed('aborted', 'stopped on request');
  if (DNS_CODES.includes(code)) return networkFailed('dns', `the host name could not be resolved (${code})`);
  if (CONNECT_CODES.includes(code)) return networkFailed('connect', `no connection (${code})`);
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code)) {
    return networkFailed('tls', `the server's certificate or TLS was not accepted (${code})`);
  }
  return networkFailed('closed', `the connection broke${code === '' ? '' : ` (${code})`}`);
}
