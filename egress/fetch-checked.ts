/** The one way out of the program that is not a vendor call. */
import { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { refusalOfUrl, type Permissions } from './address-rules.ts';
import { checkedAgent, resolveBySystem, type Resolve } from './connect.ts';
import {
  EgressError,
  networkFailed,
  outcomeOfError,
  refused,
  type FetchFailure,
  type FetchOutcome,
} from './outcome.ts';
import { postChecked, type PostOptions, type PostOutcome } from './post-checked.ts';
import { contentRangeOf, resumedBody, type BodyPart } from './resumed-body.ts';

const MAX_REDIRECTS = 3;
const REDIRECTS = [301, 302, 303, 307, 308];
const MAX_FRUITLESS_RESUMES = 2;

export interface FetchOptions extends Permissions {
  readonly method?: 'GET' | 'HEAD';
  /** Refuses a body that is or turns out larger. */
  readonly maxBytes: number;
  /** Longest wait for a connection, for headers, and between two pieces of the body. */
  readonly timeoutMs: number;
  /** Longest time for all of it, the body included; default ten times `timeoutMs`. */
  readonly totalMs?: number;
  /** Part of the file: first byte, and last byte (inclusive) unless up to the end. */
  readonly range?: { readonly start: number; readonly end?: number };
  /** With `range`: the validator of the bytes already here; the whole file comes (200) when it changed. */
  readonly ifRange?: string;
  readonly signal?: AbortSignal;
}

export interface Egress {
  fetchChecked(url: string, options: FetchOptions): Promise<FetchOutcome>;
  postChecked(url: string, options: PostOptions): Promise<PostOutcome>;
  close(): Promise<void>;
}

export interface EgressOptions {
  readonly resolve?: Resolve;
  readonly connectTimeoutMs?: number;
  readonly ca?: string;
}

type Exchange = { readonly kind: 'answer'; readonly url: URL; readonly response: Dispatcher.ResponseData };

/** Keeps connections alive until `close`. Connections made under different permissions are never shared. */
export function createEgress({ resolve = resolveBySystem, connectTimeoutMs = 10_000, ca }: EgressOptions = {}): Egress {
  const agents = new Map<boolean, Agent>();
  const agentFor = (allowPrivate: boolean): Agent => {
    const known = agents.get(allowPrivate);
    if (known !== undefined) return known;
    const agent = checkedAgent({ resolve, connectTimeoutMs, allowPrivate, ...(ca === undefined ? {} : { ca }) });
    agents.set(allowPrivate, agent);
    return agent;
  };
  return {
    fetchChecked: (url, options) => fetchChecked(url, options, agentFor(options.allowPrivate ?? false)),
    postChecked: (url, options) => postChecked(url, options, agentFor(options.allowPrivate ?? false)),
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
      agents.clear();
    },
  };
}

async function fetchChecked(text: string, options: FetchOptions, agent: Agent): Promise<FetchOutcome> {
  if (!URL.canParse(text)) return refused('bad-url', 'this is not a URL');
  const deadline = AbortSignal.timeout(options.totalMs ?? options.timeoutMs * 10);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  const send = (url: URL, headers: Record<string, string>) => exchange(url, headers, { options, agent, signal });

  const answer = await send(new URL(text), rangeHeaders(options));
  if (answer.kind !== 'answer') return answer;
  const { response, url } = answer;
  const headers = plainHeaders(response.headers);
  const status = response.statusCode;
  if (status !== 200 && status !== 206) {
    discard(response);
    return { kind: 'http', status, retryAfterMs: retryAfterMsOf(headers['retry-after'], Date.now()) };
  }
  const declared = Number(headers['content-length'] ?? Number.NaN);
  const bytes = Number.isSafeInteger(declared) && declared >= 0 ? declared : null;
  if (options.method === 'HEAD') {
    discard(response);
    return { kind: 'ok', status, headers, bytes, url: url.href, body: Readable.from([]) };
  }
  if (bytes !== null && bytes > options.maxBytes) {
    discard(response);
    return refused('too-big', `${bytes} bytes, more than the ${options.maxBytes} allowed`);
  }
  const parts = resumedBody(partOf(response, headers), {
    start: status === 206 ? (contentRangeOf(headers['content-range'])?.start ?? 0) : 0,
    maxBytes: options.maxBytes,
    maxFruitless: MAX_FRUITLESS_RESUMES,
    continueAt: async (from, validator) => {
      const last = options.range?.end ?? '';
      const more = await send(url, { range: `bytes=${from}-${last}`, 'if-range': validator });
      if (more.kind === 'answer') return partOf(more.response, plainHeaders(more.response.headers));
      throw new EgressError(
        more.kind === 'http' ? networkFailed('closed', `the transfer broke, then HTTP ${more.status}`) : more,
      );
    },
  });
  const body = Readable.from(parts, { objectMode: false });
  // A body that is let go before its first read has not started the generator, which then cannot clean up after itself.
  body.once('close', () => response.body.destroy());
  response.body.on('error', () => undefined);
  return { kind: 'ok', status, headers, bytes, url: url.href, body };
}

interface ExchangeContext {
  readonly options: FetchOptions;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** One request and the redirects it leads to, every hop checked like the first. */
async function exchange(
  from: URL,
  headers: Record<string, string>,
  { options, agent, signal }: ExchangeContext,
): Promise<Exchange | FetchFailure> {
  let url = from;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const refusal = refusalOfUrl(url, options);
    if (refusal !== null)
      return refused(hop === 0 ? 'address' : 'redirect', hop === 0 ? refusal : `redirected: ${refusal}`);
    let response: Dispatcher.ResponseData;
    try {
      response = await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: options.method ?? 'GET',
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'headswap-fleet', ...headers },
        headersTimeout: options.timeoutMs,
        bodyTimeout: options.timeoutMs,
        signal,
      });
    } catch (error) {
      if (options.signal?.aborted === true) return networkFailed('aborted', 'stopped on request');
      return outcomeOfError(signal.aborted ? signal.reason : error);
    }
    const location = plainHeaders(response.headers)['location'];
    if (!REDIRECTS.includes(response.statusCode) || location === undefined) return { kind: 'answer', url, response };
    discard(response);
    if (!URL.canParse(location, url.href)) return refused('redirect', 'redirected to something that is not a URL');
    url = new URL(location, url.href);
  }
  return refused('redirect', `redirected more than ${MAX_REDIRECTS} times`);
}

function rangeHeaders({ range, ifRange }: FetchOptions): Record<string, string> {
  if (range === undefined) return {};
  const headers = { range: `bytes=${range.start}-${range.end ?? ''}` };
  return ifRange === undefined ? headers : { ...headers, 'if-range': ifRange };
}

function partOf(response: Dispatcher.ResponseData, headers: Readonly<Record<string, string>>): BodyPart {
  return { status: response.statusCode, headers, stream: response.body as AsyncIterable<Uint8Array> };
}

/** Repeated headers are joined, as HTTP defines. */
function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

/** Lets go of a body nobody wants: reads a little so that the connection can be kept, then cuts it. */
function discard(response: Dispatcher.ResponseData): void {
  response.body.dump({ limit: 16_384 }).catch(() => undefined);
}

/** Milliseconds, never negative; null for what is neither seconds nor a date. */
export function retryAfterMsOf(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}
