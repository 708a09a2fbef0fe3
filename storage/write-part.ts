/** Bytes on their way to a final name. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CompletePart } from './final-name.ts';
import { StorageError, type ByteSource, type PutOptions } from './output-store.ts';
import { droppedPartName, keptPartName } from './part-file.ts';

/**
 * Writes, hashes, syncs and checks a temporary file beside `path`. The file is private to this call, so that two downloads
 * of one output never write into each other; kept bytes are taken over by a rename, which only one can win. When something
 * breaks the file goes, unless `part` asks to keep it and its bytes may still be good.
 */
export async function writePart(
  path: string,
  key: string,
  stream: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<CompletePart> {
  const folder = dirname(path);
  const keptName = options.part === undefined ? null : keptPartName(key, options.part);
  const from = options.part?.from ?? 0;
  const partPath = join(folder, droppedPartName(key));
  if (from > 0) await takeOver(keptName === null ? null : join(folder, keptName), partPath, key);
  try {
    const { bytes, sha256 } = await append(partPath, from, stream);
    if (options.expectedBytes !== undefined && bytes !== options.expectedBytes) {
      throw new StorageError(
        'truncated',
        `"${key}": ${bytes} bytes came, ${options.expectedBytes} were announced; nothing was stored.`,
      );
    }
    const refusal = await checked(partPath, bytes, options);
    if (refusal !== null) throw new StorageError('refused', `"${key}": ${refusal}`);
    return { path: partPath, bytes, sha256, keep: false };
  } catch (error) {
    const bad = error instanceof StorageError && (error.code === 'refused' || error.code === 'truncated');
    const settle = keptName === null || bad ? unlink(partPath) : rename(partPath, join(folder, keptName));
    await settle.catch(() => undefined);
    throw error;
  }
}

async function takeOver(keptPath: string | null, partPath: string, key: string): Promise<void> {
  try {
    if (keptPath === null) throw Object.assign(new Error('never kept'), { code: 'ENOENT' });
    await rename(keptPath, partPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new StorageError('missing', `"${key}": the bytes kept earlier are gone; fetch it from its beginning.`);
  }
}

async function append(partPath: string, from: number, stream: AsyncIterable<Uint8Array>) {
  const hash = createHash('sha256');
  if (from > 0) await hashKept(partPath, from, hash);
  const handle = await open(partPath, from > 0 ? 'r+' : 'w');
  try {
    if (from > 0) await handle.truncate(from);
    let bytes = from;
    for await (const chunk of stream) {
      hash.update(chunk);
      await writeAll(handle, chunk, bytes);
      bytes += chunk.byteLength;
    }
    // Before the name: a name without its bytes is what a power cut must never leave.
    await handle.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength;) {
    const { bytesWritten } = await handle.write(chunk, written, chunk.byteLength - written, position + written);
    written += bytesWritten;
  }
}

async function hashKept(partPath: string, from: number, hash: Hash): Promise<void> {
  const { size } = await stat(partPath);
  if (size < from) throw new StorageError('refused', `only ${size} bytes were kept, not ${from}`);
  for await (const chunk of createReadStream(partPath, { end: from - 1 })) hash.update(chunk as Buffer);
}

async function checked(partPath: string, bytes: number, { check }: PutOptions): Promise<string | null> {
  if (check === undefined) return null;
  const handle = await open(partPath, 'r');
  try {
    const source: ByteSource = {
      bytes,
      async read(offset, length) {
        const buffer = new Uint8Array(Math.max(0, Math.min(length, bytes - offset)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, offset);
        return buffer.subarray(0, bytesRead);
      },
    };
    return await check(source);
  } finally {
    await handle.close();
  }
}
