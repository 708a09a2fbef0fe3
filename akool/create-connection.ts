import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

import { armDeadline } from './deadline.ts';
import type { TransportReason } from './outcome.ts';
import { errorCode, MAX_RESPONSE_BYTES, type Exchange } from './transport.ts';

export interface CreateConnectionOptions {
  /** Full URL of the create call. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for name, TCP and TLS. */
  readonly connectTimeoutMs: number;
  /** Milliseconds from the first byte written to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly ca?: string | undefined;
}

/**
 * A connection of its own for one create, open and silent until `write` (design D6). Nothing is shared or reused: a
 * kept connection that the server closes in the same moment could not tell "refused" from "uncertain".
 */
export class CreateConnection {
  readonly #socket: net.Socket;
  readonly #options: CreateConnectionOptions;
  readonly #request: http.ClientRequest;
  #state: 'open' | 'sending' | 'closed' = 'open';
  #onEnd: (exchange: Exchange) => void = () => {};
  #httpStatus: number | null = null;

  private constructor(socket: net.Socket, options: CreateConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#request = http.request({
      method: 'POST',
      host: options.url.hostname,
      port: options.url.port === '' ? null : options.url.port,
      path: options.url.pathname + options.url.search,
      headers: { ...options.headers },
      createConnection: () => socket,
    });
    this.#request.on('error', (error) => this.#end('reset', errorCode(error)));
    this.#request.on('close', () => this.#end('reset', 'closed without an answer'));
    this.#request.on('response', (response) => this.#receive(response));
  }

  /** Opens TCP and, for https, TLS. Failing here means that nothing was sent. */
  static async open(options: CreateConnectionOptions): Promise<CreateConnection | (Exchange & { kind: 'broken' })> {
    const opened = await openSocket(options);
    if (!(opened instanceof net.Socket)) return opened;
    const connection = new CreateConnection(opened, options);
    // The request takes the socket over in the next tick; only then does `write` reach the wire at once.
    await new Promise<void>((resolve) => connection.#request.once('socket', () => resolve()));
    return connection;
  }

  /** False once the server closed it or it was used. */
  get usable(): boolean {
    return this.#state === 'open' && this.#socket.writable && !this.#socket.readableEnded;
  }

  /**
   * Hands headers and body to the kernel before it returns, so that what the caller checked in this tick still holds
   * for the first byte. Cannot be aborted. Call once.
   */
  write(body: string): Promise<Exchange> {
    if (!this.usable) {
      this.discard();
      return Promise.resolve(
        broken('closed-before-send', 'no', null, 'the server closed the connection while it waited'),
      );
    }
    this.#state = 'sending';
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const disarm = armDeadline(
      this.#options.timeoutMs,
      () => this.#state === 'closed',
      () => this.#end('deadline', `no complete answer in ${this.#options.timeoutMs} ms`),
    );
    this.#onEnd = (exchange) => {
      disarm();
      resolve(exchange);
    };
    const bytes = Buffer.from(body, 'utf8');
    this.#request.setHeader('content-length', bytes.length);
    this.#request.end(bytes);
    return promise;
  }

  /** Closes it unsent. */
  discard(): void {
    if (this.#state === 'sending') return;
    this.#state = 'closed';
    this.#request.destroy();
    this.#socket.destroy();
  }

  #receive(response: http.IncomingMessage): void {
    if (this.#state !== 'sending') {
      // An answer before the request (a time-out page): this connection is spent, nothing was sent.
      this.discard();
      return;
    }
    this.#httpStatus = response.statusCode ?? null;
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_RESPONSE_BYTES) this.#end('too-large', `more than ${MAX_RESPONSE_BYTES} bytes`);
      else chunks.push(chunk);
    });
    response.on('error', (error) => this.#end('reset', errorCode(error)));
    response.on('end', () => {
      this.#finish({
        kind: 'answer',
        httpStatus: response.statusCode ?? 0,
        body: Buffer.concat(chunks).toString('utf8'),
        retryAfter: response.headers['retry-after'],
        date: response.headers.date,
      });
    });
  }

  #end(reason: TransportReason, detail: string): void {
    if (this.#state === 'open') this.discard();
    else this.#finish(broken(reason, 'maybe', this.#httpStatus, detail));
  }

  #finish(exchange: Exchange): void {
    if (this.#state !== 'sending') return;
    this.#state = 'closed';
    this.#onEnd(exchange);
    this.#request.destroy();
    this.#socket.destroy();
  }
}

function openSocket(options: CreateConnectionOptions): Promise<net.Socket | (Exchange & { kind: 'broken' })> {
  const { url } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return new Promise((resolve) => {
    const socket = secure
      ? tls.connect({
          host,
          port,
          // An address is no server name (RFC 6066); the certificate is then checked against the address.
          ...(net.isIP(host) === 0 ? { servername: host } : {}),
          ALPNProtocols: ['http/1.1'],
          ...(options.ca === undefined ? {} : { ca: options.ca }),
        })
      : net.connect({ host, port });
    socket.setNoDelay(true);
    let settled = false;
    const settle = (result: net.Socket | (Exchange & { kind: 'broken' })): void => {
      if (settled) return;
      settled = true;
      disarm();
      socket.removeListener('error', onError);
      if (result !== socket) socket.destroy();
      resolve(result);
    };
    const onError = (error: Error): void => settle(broken('connect', 'no', null, errorCode(error)));
    const disarm = armDeadline(
      options.connectTimeoutMs,
      () => settled,
      () => settle(broken('connect', 'no', null, `not open in ${options.connectTimeoutMs} ms`)),
    );
    socket.on('error', onError);
    socket.once(secure ? 'secureConnect' : 'connect', () => settle(socket));
    socket.once('close', () => settle(broken('connect', 'no', null, 'closed while opening')));
  });
}

function broken(
  reason: TransportReason,
  sent: 'no' | 'maybe',
  httpStatus: number | null,
  detail: string,
): Exchange & { kind: 'broken' } {
  return { kind: 'broken', reason, sent, httpStatus, detail };
}
