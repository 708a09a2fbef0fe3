/** Outputs in a folder. */
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readdir, realpath, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { existingPath, lexicalPath, writablePath } from './contained-path.ts';
import { giveFinalName, sha256OfFile } from './final-name.ts';
import { StorageError, storageErrorOf, type OutputStore, type PutOptions, type Stored } from './output-store.ts';
import { isPartName, validatorOfPart } from './part-file.ts';
import { writePart } from './write-part.ts';

/** `root` is absolute; it is made when the first output arrives, and not made again if it vanishes later. */
export function openFileStore(root: string): OutputStore {
  const place = `folder ${root}`;
  let made = false;
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storageErrorOf(error, place);
    }
  };
  const makeRoot = async () => {
    if (!made) await mkdir(root, { recursive: true });
    made = true;
  };
  /** Null also when the root itself is not there yet. */
  const find = async (key: string): Promise<string | null> => {
    const path = (await exists(root)) ? await existingPath(root, key) : (lexicalPath(root, key), null);
    return path !== null && (await isFile(path)) ? path : null;
  };
  const keptParts = async (key: string, name: string) => {
    const path = (await exists(root)) ? await existingPath(root, key) : null;
    if (path === null || !(await exists(dirname(path)))) return [];
    return (await readdir(dirname(path))).flatMap((fileName) => {
      const validator = validatorOfPart(fileName, key, name);
      return validator === null ? [] : [{ path: join(dirname(path), fileName), validator }];
    });
  };

  const store: OutputStore = {
    place,
    put: (key, stream, options = {}) =>
      guarded(async () => {
        try {
          lexicalPath(root, key);
          await makeRoot();
          await refuseWhenFull(store, options, place);
          const path = await writablePath(root, key);
          const part = await writePart(path, key, stream, options);
          return await giveFinalName(part, path, key);
        } finally {
          // Refused before its first byte, a download would hold its connection for ever.
          if (stream instanceof Readable) stream.destroy();
        }
      }),
    partOf: (key, name) =>
      guarded(async () => {
        const [kept] = await keptParts(key, name);
        return kept === undefined ? null : { bytes: (await stat(kept.path)).size, validator: kept.validator };
      }),
    dropParts: (key, name) =>
      guarded(async () => {
        for (const { path } of await keptParts(key, name)) await unlink(path).catch(() => undefined);
      }),
    head: (key) =>
      guarded(async () => {
        const path = await find(key);
        return path === null ? null : { bytes: (await stat(path)).size };
      }),
    read: (key) =>
      guarded(async () => {
        const path = await find(key);
        if (path === null) throw missing(key, place);
        return createReadStream(path);
      }),
    hash: (key) =>
      guarded(async () => {
        const path = await find(key);
        return path === null ? null : (await sha256OfFile(path)).sha256;
      }),
    link: (fromKey, toKey) =>
      guarded(async (): Promise<Stored> => {
        const from = await find(fromKey);
        if (from === null) throw missing(fromKey, place);
        const known = await sha256OfFile(from);
        const path = await writablePath(root, toKey);
        return giveFinalName({ path: from, ...known, keep: true }, path, toKey);
      }),
    delete: (key) =>
      guarded(async () => {
        const path = await find(key);
        if (path !== null) await unlink(path);
        return path !== null;
      }),
    freeBytes: () =>
      guarded(async () => {
        const { bavail, bsize } = await statfs(await nearestExisting(root));
        return bavail * bsize;
      }),
    pathOf: (key) => lexicalPath(root, key),
    async *list(prefix) {
      for await (const { relative, path, name } of filesUnder(root)) {
        if (!relative.startsWith(prefix) || isPartName(name)) continue;
        const found = await statOrNull(path);
        if (found !== null) yield { key: relative, bytes: found.size };
      }
    },
    sweepParts: (olderThanMs, nowMs) =>
      guarded(async () => {
        let swept = 0;
        for await (const { path, name } of filesUnder(root)) {
          if (!isPartName(name) || (await stat(path)).mtimeMs > nowMs - olderThanMs) continue;
          await unlink(path);
          swept += 1;
        }
        return swept;
      }),
  };
  return store;
}

/** Known to be too big: says so before a byte is fetched, rather than at the last one. */
async function refuseWhenFull(store: OutputStore, { expectedBytes, part }: PutOptions, place: string): Promise<void> {
  if (expectedBytes === undefined) return;
  const free = await store.freeBytes();
  const needed = expectedBytes - (part?.from ?? 0);
  if (free === null || free >= needed) return;
  const message = `${place} has ${free} bytes left and ${needed} are needed. Nothing was lost; free some space and it goes on by itself.`;
  throw new StorageError('disk-full', message);
}

function missing(key: string, place: string): StorageError {
  return new StorageError('missing', `"${key}" is not in ${place}`);
}

async function exists(path: string): Promise<boolean> {
  return (await statOrNull(path)) !== null;
}

async function isFile(path: string): Promise<boolean> {
  return (await statOrNull(path))?.isFile() ?? false;
}

async function statOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

async function nearestExisting(path: string): Promise<string> {
  return (await exists(path)) ? realpath(path) : nearestExisting(dirname(path));
}

/** Plain files only, in a stable order; links are not followed. Memory stays with one folder at a time. */
async function* filesUnder(
  root: string,
  relative = '',
): AsyncGenerator<{ readonly relative: string; readonly path: string; readonly name: string }> {
  const folder = join(root, relative);
  if (!(await exists(folder))) return;
  const entries = (await readdir(folder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const inside = relative === '' ? entry.name : `${relative}/${entry.name}`;
    if (entry.isDirectory()) yield* filesUnder(root, inside);
    else if (entry.isFile()) yield { relative: inside, path: join(folder, entry.name), name: entry.name };
  }
}
