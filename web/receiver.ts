import fastify, { type FastifyInstance } from 'fastify';
import type { Receipt, ReceivedCallback } from '../operations/receive-callback.ts';

export interface ReceiverParts {
  /** Stores a message raw; resolves once it is on the disk. Must not look into it. */
  readonly store: (message: ReceivedCallback) => Promise<Receipt>;
  /** What `/health` says: whether the ledger can be read, and which one it is. */
  readonly health: () => Promise<{ readonly ok: boolean; readonly ledger: string }>;
}

/** Real messages have less than 2 KB. */
export const BODY_LIMIT_BYTES = 65_536;
const REQUEST_TIMEOUT_MS = 15_000;
const CONNECTIONS_AT_MOST = 1_000;
/** A moment in which a queue of a thousand messages is written. */
const RETRY_AFTER_S = '5';

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * `POST /callback/:token` takes the vendor's callbacks. The answer is exactly 200 once the message is stored, whatever it
 * says: anything else would have it sent again for ever (fault 83), and nothing about it is checked before the answer, so
 * that its time tells nothing either (fault 66). 413 above the cap, 503 when it could not be stored.
 */
export function createReceiver(parts: ReceiverParts): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: REQUEST_TIMEOUT_MS * 2,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
  });
  app.server.maxConnections = CONNECTIONS_AT_MOST;
  // Whatever its type, a message is bytes: to parse it is for those who act on it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers(HEADERS);
    done();
  });
  app.setNotFoundHandler((_, reply) => reply.code(404).send());
  app.setErrorHandler((error: { readonly statusCode?: number }, _, reply) => reply.code(statusOf(error)).send());
  app.post<{ Params: { token: string } }>('/callback/:token', async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const receipt = await parts.store({ token: request.params.token, body });
    if (receipt === 'stored') return reply.code(200).send();
    return reply.code(503).header('retry-after', RETRY_AFTER_S).send();
  });
  app.get('/health', async (_, reply) => {
    const { ok, ledger } = await parts.health();
    return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'ledger unreachable', ledger });
  });
  return app;
}

/** Ours to say: too large, unreadable, or a fault of this program, for which the message is to be sent again. */
function statusOf(error: { readonly statusCode?: number }): number {
  const status = error.statusCode ?? 503;
  return status >= 400 && status < 500 ? status : 503;
}
