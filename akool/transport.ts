import { Agent } from 'undici';

import { armDeadline } from './deadline.ts';
import type { TransportReason } from './outcome.ts';

/** Largest response body read: an envelope has a few kilobytes. */
export const MAX_RESPONSE_BYTES = 1_048_576;

/** A complete HTTP answer, whatever it says; or why there is none. Never thrown. */
export type Exchange =
  | {
      readonly kind: 'answer';
      readonly httpStatus: number;
      readonly body: string;
      readonly retryAfter: string | undefined;
      readonly date: string | undefined;
    }
  | {
      readonly kind: 'broken';
      readonly reason: TransportReason;
      readonly sent: 'no' | 'maybe';
      /** Known when the headers arrived. */
      readonly httpStatus: number | null;
      /** An error code such as ECONNREFUSED; no address, no key. */
      readonly detail: string;
    };

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query on the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportOptions {
  readonly baseUrl: string;
  /** Milliseconds from the call to the last byte of the body. */
  readonly timeoutMs: number;
  /** PEM of a further certificate authority. */
  readonly ca?: string | undefined;
  /** Keep-alive connections at most; further requests wait for one within their deadline. Default 16. */
  readonly connections?: number | undefined;
}

/**
 * One HTTP exchange per call over keep-alive connections: no retry, no redirect, no waiting. For everything but creates
 * (see `create-connection.ts`).
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #agent: Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agent = new Agent({
      connections: options.connections ?? 16,
      pipelining: 1,
      keepAliveTimeout: 20_000,
      // One deadline over everything replaces these: an idle time-out never ends a slow drip.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: options.timeoutMs, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    });
  }

  exchange(request: HttpRequest): Promise<Exchange> {
    return new Promise((resolve) => {
      const cut = new AbortController();
      let done = false;
      let httpStatus: number | null = null;
      const finish = (exchange: Exchange): void => {
        if (done) return;
        done = true;
        disarm();
        request.signal?.removeEventListener('abort', onAbort);
        resolve(exchange);
      };
      const breakOff = (reason: TransportReason, sent: 'no' | 'maybe', detail: string): void => {
        finish({ kind: 'broken', reason, sent, httpStatus, detail });
        cut.abort();
      };
      const onAbort = (): void => breakOff('aborted', 'maybe', 'cancelled');
      const disarm = armDeadline(
        this.#options.timeoutMs,
        () => done,
        () => breakOff('deadline', 'maybe', `no complete answer in ${this.#options.timeoutMs} ms`),
      );
      if (request.signal?.aborted === true) {
        breakOff('aborted', 'no', 'cancelled');
        return;
      }
      request.signal?.addEventListener('abort', onAbort, { once: true });
      this.#receive(request, cut.signal, (status) => (httpStatus = status), breakOff).then(
        (answer) => answer !== null && finish(answer),
        (error: unknown) => {
          const code = errorCode(error);
          if (neverConnected(code)) breakOff('connect', 'no', code);
          else breakOff('reset', 'maybe', code);
        },
      );
    });
  }

  /** Closes idle connections and cuts what runs. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #receive(
    request: HttpRequest,
    signal: AbortSignal,
    onStatus: (status: number) => void,
    breakOff: (reason: TransportReason, sent: 'maybe', detail: string) => void,
  ): Promise<Exchange | null> {
    const base = new URL(this.#options.baseUrl);
    const response = await this.#agent.request({
      origin: base.origin,
      path: base.pathname.replace(/\/$/, '') + request.path,
      method: request.method,
      headers: request.headers,
      body: request.body,
      signal,
    });
    onStatus(response.statusCode);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_RESPONSE_BYTES) {
        breakOff('too-large', 'maybe', `more than ${MAX_RESPONSE_BYTES} bytes`);
        return null;
      }
      chunks.push(chunk);
    }
    return {
      kind: 'answer',
      httpStatus: response.statusCode,
      body: Buffer.concat(chunks).toString('utf8'),
      retryAfter: single(response.headers['retry-after']),
      date: single(response.headers['date']),
    };
  }
}

const CONNECT_CODES = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function neverConnected(code: string): boolean {
  return (
    CONNECT_CODES.has(code) || code.startsWith('CERT_') || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL')
  );
}

/** Only the code: messages can hold addresses. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown error';
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
