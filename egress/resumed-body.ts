/**
 * A body that survives a cut transfer: what is missing is asked for again with `Range`, and accepted only when the server
 * proves that it is still the same file. This is the one retry of the HTTP layer.
 */
import { EgressError, networkFailed, outcomeOfError, refused, type NetworkFailed, type Refused } from './outcome.ts';

export interface BodyPart {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly stream: AsyncIterable<Uint8Array>;
}

export interface ResumeOptions {
  /** First byte of the first part within the file: not 0 when the caller asked for a range. */
  readonly start: number;
  readonly maxBytes: number;
  /** Cuts in a row without a single new byte that are still resumed. */
  readonly maxFruitless: number;
  /** Asks for the rest: `Range: bytes=<from>-`, `If-Range: <validator>`. */
  readonly continueAt: (from: number, validator: string) => Promise<BodyPart>;
}

/** A strong ETag, else `Last-Modified`; null when the server names neither and a cut transfer cannot be resumed. */
export function validatorOf(headers: Readonly<Record<string, string>>): string | null {
  const etag = headers['etag'];
  if (etag !== undefined) return etag.startsWith('W/') ? null : etag;
  return headers['last-modified'] ?? null;
}

/** Position of the first byte and the length of the whole file from `Content-Range`, null when it says neither. */
export function contentRangeOf(header: string | undefined): { start: number; total: number | null } | null {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header ?? '');
  if (match === null) return null;
  return { start: Number(match[1]), total: match[2] === '*' ? null : Number(match[2]) };
}

export async function* resumedBody(first: BodyPart, options: ResumeOptions): AsyncGenerator<Uint8Array, void, void> {
  const validator = validatorOf(first.headers);
  let part = first;
  let received = 0;
  let fruitless = 0;
  for (;;) {
    const before = received;
    const cut = yield* passOn(part, options.maxBytes, received, (bytes) => (received += bytes));
    if (cut === null) return;
    fruitless = received > before ? 0 : fruitless + 1;
    const mayResume = cut.kind === 'network' && (cut.fault === 'closed' || cut.fault === 'timeout');
    if (!mayResume || validator === null || fruitless > options.maxFruitless) throw new EgressError(cut);
    part = await options.continueAt(options.start + received, validator);
    const range = contentRangeOf(part.headers['content-range']);
    if (part.status !== 206 || range?.start !== options.start + received) {
      throw new EgressError(
        networkFailed('closed', `the transfer broke after ${received} bytes and cannot be resumed`),
      );
    }
  }
}

/** Passes one part on; null at its proper end, else why it broke. */
async function* passOn(
  part: BodyPart,
  maxBytes: number,
  already: number,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array, Refused | NetworkFailed | null, void> {
  let received = already;
  try {
    for await (const chunk of part.stream) {
      received += chunk.byteLength;
      if (received > maxBytes) return refused('too-big', `more than ${maxBytes} bytes`);
      count(chunk.byteLength);
      yield chunk;
    }
    return null;
  } catch (error) {
    return outcomeOfError(error);
  }
}
