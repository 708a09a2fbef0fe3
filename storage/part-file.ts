/** Temporary names: `.<file>.<key digest>.<part name>.<validator>.part`, in the folder of the final name. */
import { createHash, randomUUID } from 'node:crypto';
import { basename } from 'node:path';

const PART_SUFFIX = '.part';
/** An ETag longer than this is not worth keeping bytes for: the name would not fit. */
const MAX_VALIDATOR_BYTES = 60;

const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

function prefixOf(key: string, name: string): string {
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 8);
  const readable = basename(key)
    .replaceAll(/[^\w.-]/g, '_')
    .slice(0, 40);
  return `.${readable}.${digest}.${encode(name).slice(0, 60)}.`;
}

/** A name for bytes that can be gone on from; null when the validator is too long for one. */
export function keptPartName(key: string, part: { readonly name: string; readonly validator: string }): string | null {
  if (Buffer.byteLength(part.validator) > MAX_VALIDATOR_BYTES) return null;
  return prefixOf(key, part.name) + encode(part.validator) + PART_SUFFIX;
}

/** A name nobody else uses, for bytes that are dropped when something breaks. */
export function droppedPartName(key: string): string {
  return prefixOf(key, randomUUID()) + PART_SUFFIX;
}

export function isPartName(fileName: string): boolean {
  return fileName.startsWith('.') && fileName.endsWith(PART_SUFFIX);
}

/** The validator of a kept part, when this file name is one of that key and part name. */
export function validatorOfPart(fileName: string, key: string, name: string): string | null {
  const prefix = prefixOf(key, name);
  if (!fileName.startsWith(prefix) || !fileName.endsWith(PART_SUFFIX)) return null;
  return Buffer.from(fileName.slice(prefix.length, -PART_SUFFIX.length), 'base64url').toString('utf8');
}
