/** The one step in which a file gets its final name, and never somebody else's. */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StorageError, type Stored } from './output-store.ts';
import { droppedPartName } from './part-file.ts';

/** A complete, synced file. `keep`: it has a final name of its own and stays. */
export interface CompletePart {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly keep: boolean;
}

/** Places that have no hard links, or none across here (FAT, some network shares, a full link count). */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK', 'ENOSYS'];

/**
 * `link` is the file system's own compare-and-set: it fails when the name is taken, where `rename` would overwrite.
 * Taken by the same content is adopted; by other content is `exists`.
 */
export async function giveFinalName(part: CompletePart, path: string, key: string): Promise<Stored> {
  const known = { bytes: part.bytes, sha256: part.sha256 };
  try {
    await linkOrCopy(part, path, key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const there = await sha256OfFile(path);
    await drop(part);
    if (there.sha256 === part.sha256) return { ...known, adopted: true };
    const message = `"${key}" is already there with other content, and an output is never overwritten. Nothing was changed; move that file away, then collect again.`;
    throw new StorageError('exists', message, { cause: error });
  }
  await drop(part);
  await syncFolder(dirname(path));
  return { ...known, adopted: false };
}

async function drop(part: CompletePart): Promise<void> {
  if (!part.keep) await unlink(part.path);
}

async function linkOrCopy(part: CompletePart, path: string, key: string): Promise<void> {
  try {
    await link(part.path, path);
  } catch (error) {
    if (!NO_LINKS.includes(String((error as NodeJS.ErrnoException).code))) throw error;
    await copyThenLink(part.path, path, key);
  }
}

/** Without links the exclusive copy is the best there is: only this case can leave a final name half written by a power cut. */
async function copyThenLink(from: string, path: string, key: string): Promise<void> {
  const near = join(dirname(path), droppedPartName(key));
  await copyFile(from, near, constants.COPYFILE_EXCL);
  try {
    await sync(near);
    await link(near, path).catch(async (error: unknown) => {
      if (!NO_LINKS.includes(String((error as NodeJS.ErrnoException).code))) throw error;
      await copyFile(near, path, constants.COPYFILE_EXCL);
      await sync(path);
    });
  } finally {
    await unlink(near);
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the new name itself durable. Not every system lets a folder be synced; the file's bytes are safe either way. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Length and sha256 (lower-case hex) of what is on the disk now. */
export async function sha256OfFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(createReadStream(path), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}
