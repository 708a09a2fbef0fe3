import { Credentials, type AkoolAuth, type Authorisation } from './credentials.ts';
import { interpret, interpretCreate, quotable, type Context } from './interpret.ts';
import type { CreateOutcome, Outcome, Problem } from './outcome.ts';
import {
  readAnalysis,
  readNumber,
  readTask,
  type AnalysisDetail,
  type Body,
  type Phase,
  type TaskDetail,
} from './read.ts';
import { socketWire, type Wire } from './socket-wire.ts';
import type { Exchange } from './transport.ts';
import { PATHS, type AnalyzeRequest, type CreateRequest, type TokenRequest } from './wire.ts';

export interface AkoolClientOptions {
  /** Scheme, host and, where there is one, a path prefix. */
  readonly baseUrl: string;
  readonly auth: AkoolAuth;
  /** Milliseconds for one whole exchange, from sending to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Milliseconds to open a create's own connection. Default: 10 s, or `timeoutMs` where that is less. */
  readonly connectTimeoutMs?: number;
  /** PEM of a further certificate authority for https. */
  readonly ca?: string;
  /** Wall clock in milliseconds, for dates in answers. */
  readonly clock?: { now(): number };
  /** How exchanges travel. Sockets when left out; simulations have a network of their own. */
  readonly wire?: Wire;
}

/** An analysis that was accepted. */
export interface SubmittedAnalysis {
  readonly id: string;
  readonly phase: Phase;
  readonly createdAtMs: number | null;
}

/** An open, silent connection for one create. Every one must end in `write` or `discard`. */
export interface PreparedCreate {
  readonly kind: 'open';
  /** False once the server was seen to have closed it. */
  readonly usable: boolean;
  /**
   * Writes the first byte before it returns and resolves with the outcome. It cannot be cancelled. Call at most once.
   * Where the server had already closed the connection the outcome is `refused`, nothing was sent.
   */
  write(request: CreateRequest): Promise<CreateOutcome>;
  /** Closes it unsent. */
  discard(): void;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * The vendor's v4 head-swap calls. Every method makes one exchange and resolves to what happened, vendor refusals and
 * broken connections included: nothing is thrown, retried or waited for here. The single exception is a Bearer token
 * called expired (1101): it is fetched anew once and a read or analysis repeated.
 */
export class AkoolClient {
  readonly #options: AkoolClientOptions;
  readonly #wire: Wire;
  readonly #credentials: Credentials;
  readonly #secrets: readonly string[];
  /** The last two: an answer to a call with the one before may still come. */
  #tokens: readonly string[] = [];

  constructor(options: AkoolClientOptions) {
    this.#options = options;
    this.#secrets = options.auth.kind === 'api-key' ? [options.auth.key] : [options.auth.clientSecret];
    this.#wire = options.wire ?? socketWire(options);
    this.#credentials = new Credentials(options.auth, () => this.getToken());
  }

  /** Asks for the people in a video. The URL must be used literally again in the create. */
  submitAnalysis(videoUrl: string, options: CallOptions = {}): Promise<Outcome<SubmittedAnalysis>> {
    const body: AnalyzeRequest = { video_url: videoUrl, type: 'head' };
    return this.#call('analyze', 'POST', PATHS.analyze, body, options, ({ data }) => {
      const { id, phase } = readAnalysis(data);
      return id === null ? null : { id, phase, createdAtMs: readNumber(data['create_time']) };
    });
  }

  /** Reads an analysis by the id `submitAnalysis` gave. */
  analysisDetail(id: string, options: CallOptions = {}): Promise<Outcome<AnalysisDetail>> {
    const path = `${PATHS.analysisDetail}?_id=${encodeURIComponent(id)}`;
    return this.#call('read', 'GET', path, null, options, ({ data }) => this.#spoken(readAnalysis(data)));
  }

  /** Reads a paid task by the id a create or a callback gave. */
  taskDetail(id: string, options: CallOptions = {}): Promise<Outcome<TaskDetail>> {
    const path = `${PATHS.taskDetail}?_id=${encodeURIComponent(id)}`;
    return this.#call('read', 'GET', path, null, options, ({ data }) => this.#spoken(readTask(data)));
  }

  /** A detail whose reason may be shown: the vendor's words can echo keys and signed addresses there too. */
  #spoken<T extends { readonly errorReason: string | null }>(detail: T): T {
    const { errorReason } = detail;
    return errorReason === null ? detail : { ...detail, errorReason: quotable(errorReason, this.#context().secrets) };
  }

  /** Credits of the account, as the vendor counts them now. Free; also the probe of key and reachability. */
  balance(options: CallOptions = {}): Promise<Outcome<number>> {
    return this.#call('read', 'GET', PATHS.balance, null, options, ({ data }) => readNumber(data['credit']));
  }

  /** Fetches a Bearer token; calls do so by themselves. */
  async getToken(): Promise<Outcome<string>> {
    const { auth } = this.#options;
    if (auth.kind !== 'bearer') throw new TypeError('getToken needs bearer credentials, this client has an API key');
    const body: TokenRequest = { clientId: auth.clientId, clientSecret: auth.clientSecret };
    const exchange = await this.#exchange('POST', PATHS.getToken, {}, body, {});
    const token = interpret(exchange, 'read', this.#context(), ({ top }) =>
      typeof top['token'] === 'string' && top['token'] !== '' ? top['token'] : null,
    );
    if (token.kind === 'ok') this.#tokens = [token.value, ...this.#tokens].slice(0, 2);
    return token;
  }

  /**
   * Opens the connection of one create. A failure to open, or to get a token, is the outcome `refused`: nothing was
   * sent.
   */
  async prepareCreate(): Promise<PreparedCreate | ({ readonly kind: 'refused' } & Problem)> {
    const authorised = await this.#credentials.authorise();
    if (authorised.kind !== 'ok') return { ...authorised, kind: 'refused' };
    const { timeoutMs, baseUrl, connectTimeoutMs, ca } = this.#options;
    const connection = await this.#wire.openCreate({
      url: new URL(baseUrl.replace(/\/$/, '') + PATHS.create),
      headers: { ...JSON_HEADERS, 'content-type': 'application/json', ...authorised.value.header },
      connectTimeoutMs: connectTimeoutMs ?? Math.min(timeoutMs, 10_000),
      timeoutMs,
      ca,
    });
    if ('kind' in connection) {
      const failed = interpretCreate(connection, this.#context());
      if (failed.kind === 'refused') return failed;
      throw new Error(`an unopened connection was taken for ${failed.kind}`);
    }
    return {
      kind: 'open',
      get usable() {
        return connection.usable;
      },
      // Not async: the first byte must be written in the caller's tick.
      write: (request) =>
        connection.write(JSON.stringify(request)).then((exchange) => this.#settleCreate(exchange, authorised.value)),
      discard: () => connection.discard(),
    };
  }

  /** Closes kept connections. */
  close(): Promise<void> {
    return this.#wire.close();
  }

  #context(): Context {
    const nowMs = this.#options.clock?.now() ?? Date.now();
    return { nowMs, secrets: [...this.#secrets, ...this.#tokens].filter((secret) => secret !== '') };
  }

  #settleCreate(exchange: Exchange, authorisation: Authorisation): CreateOutcome {
    const outcome = interpretCreate(exchange, this.#context());
    if (outcome.kind === 'created') authorisation.accepted();
    // Refused before creation: with a fresh token, which the next `prepareCreate` fetches, it may be tried again.
    if (outcome.kind === 'refused' && outcome.code === 1101 && authorisation.expired())
      return { ...outcome, consequence: RETRY_WITH_FRESH_TOKEN };
    return outcome;
  }

  async #call<T>(
    call: 'read' | 'analyze',
    method: 'GET' | 'POST',
    path: string,
    body: object | null,
    options: CallOptions,
    parse: (envelope: Extract<Body, { kind: 'envelope' }>) => T | null,
  ): Promise<Outcome<T>> {
    for (;;) {
      const authorised = await this.#credentials.authorise();
      if (authorised.kind !== 'ok') return authorised;
      const exchange = await this.#exchange(method, path, authorised.value.header, body, options);
      const outcome = interpret(exchange, call, this.#context(), parse);
      if (outcome.kind === 'refused' && outcome.code === 1101 && authorised.value.expired()) continue;
      if (outcome.kind === 'ok') authorised.value.accepted();
      return outcome;
    }
  }

  #exchange(
    method: 'GET' | 'POST',
    path: string,
    auth: Readonly<Record<string, string>>,
    body: object | null,
    options: CallOptions,
  ): Promise<Exchange> {
    return this.#wire.exchange({
      method,
      path,
      headers: { ...JSON_HEADERS, ...(body === null ? {} : { 'content-type': 'application/json' }), ...auth },
      body: body === null ? null : JSON.stringify(body),
      signal: options.signal,
    });
  }
}

const JSON_HEADERS = { accept: 'application/json', 'user-agent': 'headswap-fleet' } as const;

const RETRY_WITH_FRESH_TOKEN = {
  kind: 'wait-and-retry',
  because: 'transient',
  retryAfterMs: 0,
  maxTries: null,
} as const;
