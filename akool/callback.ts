import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from 'node:crypto';

import { Value } from 'typebox/value';

import { readNumber } from './read.ts';
import { CallbackEnvelope, type CallbackData } from './wire.ts';

/** The pair that signs and encrypts callbacks; the secret is the former name of the API key. */
export interface CallbackSecrets {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A decrypted callback: a hint to ask the vendor, never a fact (the signature holds no secret). */
export interface OpenedCallback {
  readonly taskId: string;
  /** 2, 3 or 4 as documented; null when not readable. */
  readonly status: number | null;
  readonly type: string | null;
  readonly url: string | null;
  readonly credits: number | null;
}

export type CallbackReading =
  | { readonly kind: 'ok'; readonly callback: OpenedCallback }
  /** `why` is a fixed phrase: no part of the message is repeated. */
  | { readonly kind: 'rejected'; readonly why: string };

/**
 * Verifies and decrypts a callback body. AES-128, -192 or -256 by the secret's length, IV from the first 16 bytes of the
 * client id, ordinary padding: what real messages use, where the vendor's page contradicts itself (vendor.md 6.3).
 */
export function openCallback(secrets: CallbackSecrets, body: string): CallbackReading {
  let envelope: unknown;
  try {
    envelope = JSON.parse(body);
  } catch {
    return rejected('the body is no JSON');
  }
  if (!Value.Check(CallbackEnvelope, envelope)) return rejected('the body is no callback envelope');
  const expected = sign(secrets.clientId, String(envelope.timestamp), String(envelope.nonce), envelope.dataEncrypt);
  if (!equal(expected, envelope.signature)) return rejected('the signature does not fit this client id');
  const plain = decrypt(secrets, envelope.dataEncrypt);
  if (plain === null) return rejected('the message cannot be decrypted with this secret');
  const callback = readPlain(plain);
  return callback === null ? rejected('the decrypted message names no task') : { kind: 'ok', callback };
}

/** Signs and encrypts a callback as the vendor does. Throws when the secret is no AES key (16, 24 or 32 bytes). */
export function sealCallback(
  secrets: CallbackSecrets,
  data: CallbackData,
  stamp: { readonly timestampMs: number; readonly nonce: string },
): CallbackEnvelope {
  const algorithm = algorithmFor(secrets.clientSecret);
  if (algorithm === null) throw new RangeError('a client secret has 16, 24 or 32 bytes');
  const cipher = createCipheriv(algorithm, secrets.clientSecret, initialVector(secrets.clientId));
  const dataEncrypt = Buffer.concat([cipher.update(JSON.stringify(data), 'utf8'), cipher.final()]).toString('base64');
  return {
    signature: sign(secrets.clientId, String(stamp.timestampMs), stamp.nonce, dataEncrypt),
    dataEncrypt,
    timestamp: stamp.timestampMs,
    nonce: stamp.nonce,
  };
}

/** SHA-1 over the four values as text, sorted by code units (never by locale). */
function sign(...values: readonly string[]): string {
  return createHash('sha1').update(values.toSorted(byCodeUnit).join(''), 'utf8').digest('hex');
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function equal(expected: string, given: string): boolean {
  // Hashing first makes the lengths equal, which the constant-time comparison needs.
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(expected), digest(given.toLowerCase()));
}

function decrypt(secrets: CallbackSecrets, dataEncrypt: string): string | null {
  const algorithm = algorithmFor(secrets.clientSecret);
  if (algorithm === null) return null;
  try {
    const decipher = createDecipheriv(algorithm, secrets.clientSecret, initialVector(secrets.clientId));
    return Buffer.concat([decipher.update(dataEncrypt, 'base64'), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function algorithmFor(secret: string): 'aes-128-cbc' | 'aes-192-cbc' | 'aes-256-cbc' | null {
  switch (Buffer.byteLength(secret, 'utf8')) {
    case 16:
      return 'aes-128-cbc';
    case 24:
      return 'aes-192-cbc';
    case 32:
      return 'aes-256-cbc';
    default:
      return null;
  }
}

function initialVector(clientId: string): Buffer {
  const vector = Buffer.alloc(16);
  Buffer.from(clientId, 'utf8').copy(vector, 0, 0, 16);
  return vector;
}

function readPlain(plain: string): OpenedCallback | null {
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const data = value as Readonly<Record<string, unknown>>;
  const text = (key: string): string | null => {
    const found = data[key];
    return typeof found === 'string' && found !== '' ? found : null;
  };
  const taskId = text('_id');
  if (taskId === null) return null;
  return {
    taskId,
    status: readNumber(data['status']),
    type: text('type'),
    url: text('url'),
    credits: readNumber(data['deduction_credit']),
  };
}

function rejected(why: string): CallbackReading {
  return { kind: 'rejected', why };
}
