import { createHmac } from 'node:crypto';

/**
 * Headers of a message as standardwebhooks.com has them: HMAC-SHA-256 over id, time and body. The id stays the same when the
 * message is sent again, so that a receiver can tell. `secret` is `whsec_` and base64.
 */
export function signedHeaders(
  message: { readonly id: string; readonly atMs: number; readonly body: string },
  secret: string | null,
): Record<string, string> {
  const seconds = String(Math.floor(message.atMs / 1_000));
  const headers = { 'webhook-id': message.id, 'webhook-timestamp': seconds };
  if (secret === null) return headers;
  const key = Buffer.from(secret.replace(/^whsec_/u, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${message.id}.${seconds}.${message.body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
