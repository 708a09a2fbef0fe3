/** Pictures of people and faces: small, and believed only by their first bytes. */
import type { FetchFailure } from './outcome.ts';
import { outcomeOfError } from './outcome.ts';
import type { Egress, FetchOptions } from './fetch-checked.ts';

export const PREVIEW_MAX_BYTES = 2 * 1024 * 1024;

export type PictureMedia = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif';
export type PictureExtension = 'jpg' | 'png' | 'webp' | 'gif';

export type PreviewOutcome =
  | {
      readonly kind: 'picture';
      readonly media: PictureMedia;
      readonly extension: PictureExtension;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'not-a-picture'; readonly reason: string }
  | FetchFailure;

const ascii = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');

/**
 * JPEG, PNG, WebP or GIF by signature, whatever the server claims; null for anything else. SVG and HTML are text that a
 * browser would run, and so are never taken for pictures.
 */
function pictureOf(bytes: Uint8Array): { media: PictureMedia; extension: PictureExtension } | null {
  if (ascii(bytes, 0, 3) === '\xFF\xD8\xFF') return { media: 'image/jpeg', extension: 'jpg' };
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1A\n') return { media: 'image/png', extension: 'png' };
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP')
    return { media: 'image/webp', extension: 'webp' };
  if (/^GIF8[79]a/.test(ascii(bytes, 0, 6))) return { media: 'image/gif', extension: 'gif' };
  return null;
}

/** A preview picture, at most 2 MB. A dead or hostile one is an outcome, never an error: the report shows a placeholder. */
export async function fetchPreview(
  egress: Egress,
  url: string,
  options: Omit<FetchOptions, 'maxBytes' | 'range' | 'ifRange' | 'method'>,
): Promise<PreviewOutcome> {
  const answer = await egress.fetchChecked(url, { ...options, maxBytes: PREVIEW_MAX_BYTES });
  if (answer.kind !== 'ok') return answer;
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      if (chunks.length === 1 && chunk.byteLength >= 12 && pictureOf(chunk) === null) break;
    }
  } catch (error) {
    return outcomeOfError(error);
  }
  const bytes = new Uint8Array(Buffer.concat(chunks));
  const picture = pictureOf(bytes);
  if (picture === null) {
    const claimed = answer.headers['content-type'] ?? 'no media type';
    return {
      kind: 'not-a-picture',
      reason: `neither JPEG, PNG, WebP nor GIF (the server says ${claimed.slice(0, 60)})`,
    };
  }
  return { kind: 'picture', ...picture, bytes };
}
