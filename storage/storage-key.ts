/** Which keys may exist. Stricter than any file system, so that a key valid here is valid everywhere we might move. */
import { StorageError } from './output-store.ts';

const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f<>:"|?*\\]/;
const MAX_SEGMENT_BYTES = 180;
const MAX_KEY_BYTES = 900;

/** Null for a usable key, else what is wrong with it. */
export function faultOfKey(key: string): string | null {
  if (key === '') return 'is empty';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  if (key.startsWith('/')) return 'is absolute';
  if (FORBIDDEN.test(key)) return 'holds a character that file names may not have everywhere';
  if (!key.isWellFormed()) return 'holds half a Unicode character';
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty part';
    if (segment === '..' || segment === '.') return `leaves its folder by "${segment}"`;
    if (segment.startsWith('.')) return `has a part that starts with a dot ("${segment}")`;
    if (/[. ]$/.test(segment)) return `has a part that ends with a dot or blank ("${segment}")`;
    if (RESERVED.test(segment)) return `has a part that Windows reserves ("${segment}")`;
    if (Buffer.byteLength(segment) > MAX_SEGMENT_BYTES) return `has a part longer than ${MAX_SEGMENT_BYTES} bytes`;
  }
  return null;
}

/** The parts of a key; throws `bad-key` for one that must not exist. */
export function segmentsOf(key: string): readonly string[] {
  const fault = faultOfKey(key);
  if (fault !== null)
    throw new StorageError('bad-key', `The output path "${key.slice(0, 120)}" ${fault}; nothing was written.`);
  return key.split('/');
}
