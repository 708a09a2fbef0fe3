/**
 * Real paths under a root. A key is text; what a folder on the disk really is can change its meaning, so every folder on
 * the way is looked at before anything is made in it, and a link in the place of the file itself is refused.
 */
import { lstat, mkdir, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StorageError } from './output-store.ts';
import { segmentsOf } from './storage-key.ts';

/** The path of a key, nothing looked at. */
export function lexicalPath(root: string, key: string): string {
  return join(root, ...segmentsOf(key));
}

/** The path of a key that exists or may be read; throws `outside` when links lead out of the root. */
export async function existingPath(root: string, key: string): Promise<string | null> {
  return walk(root, key, false);
}

/** The same for writing: makes the folders on the way. The root itself is not made: a vanished share must not grow again. */
export async function writablePath(root: string, key: string): Promise<string> {
  const path = await walk(root, key, true);
  if (path === null) throw new StorageError('unavailable', `${root} is gone`);
  return path;
}

async function walk(root: string, key: string, make: boolean): Promise<string | null> {
  const segments = segmentsOf(key);
  const realRoot = await realpath(root);
  let folder = realRoot;
  for (const segment of segments.slice(0, -1)) {
    const next = join(folder, segment);
    if ((await kindOf(next)) === null) {
      if (!make) return null;
      await mkdirOnce(next);
    }
    folder = await realpath(next);
    if (folder !== realRoot && !folder.startsWith(realRoot + sep)) throw outside(key, next);
  }
  const path = join(folder, segments.at(-1) ?? '');
  if ((await kindOf(path)) === 'link') throw outside(key, path);
  return path;
}

function outside(key: string, path: string): StorageError {
  const message = `"${key}" would leave the storage folder: ${path} is a link. Nothing was written; remove the link or choose another output path.`;
  return new StorageError('outside', message);
}

async function kindOf(path: string): Promise<'link' | 'other' | null> {
  try {
    return (await lstat(path)).isSymbolicLink() ? 'link' : 'other';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function mkdirOnce(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // Another download into the same folder was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
