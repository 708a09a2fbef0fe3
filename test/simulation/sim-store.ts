import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { StorageError, type OutputStore, type PutOptions, type Stored } from '../../storage/output-store.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';

/** The store's contents: what has its final name. Outlives every process. */
export type Files = Map<string, Buffer>;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * A folder that all workers mount, in memory, as one process sees it: a file has its final name at once and whole, or not at
 * all, as the contract of the port has it. What it is made of on a real disk has tests of its own.
 */
export function simStore(files: Files, process: SimProcess, dice: FaultDice): OutputStore {
  const name = async (key: string, bytes: Buffer): Promise<Stored> => {
    await process.sleep(dice.between(0, 2));
    const known = files.get(key);
    if (known !== undefined && !known.equals(bytes))
      throw new StorageError('exists', `"${key}" exists with other content`);
    files.set(key, bytes);
    return { bytes: bytes.length, sha256: sha256(bytes), adopted: known !== undefined };
  };
  const of = (key: string): Buffer => {
    const bytes = files.get(key);
    if (bytes === undefined) throw new StorageError('missing', `"${key}" is not in memory`);
    return bytes;
  };
  return {
    place: 'memory',
    async put(key, stream, options = {}) {
      if (dice.happens('store: full')) throw new StorageError('disk-full', 'memory is full');
      if (dice.happens('store: unavailable')) throw new StorageError('unavailable', 'memory is read-only');
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      await checked(bytes, options);
      return name(key, bytes);
    },
    partOf: () => Promise.resolve(null),
    dropParts: () => Promise.resolve(),
    head: (key) => Promise.resolve(files.has(key) ? { bytes: of(key).length } : null),
    read: async (key) => Promise.resolve(Readable.from([of(key)])),
    hash: (key) => Promise.resolve(files.has(key) ? sha256(of(key)) : null),
    link: async (from, to) => name(to, of(from)),
    delete: (key) => Promise.resolve(files.delete(key)),
    freeBytes: () => Promise.resolve(null),
    pathOf: () => null,
    async *list(prefix) {
      for (const [key, bytes] of await Promise.resolve([...files]))
        if (key.startsWith(prefix)) yield { key, bytes: bytes.length };
    },
    sweepParts: () => Promise.resolve(0),
  };
}

async function checked(bytes: Buffer, { expectedBytes, check }: PutOptions): Promise<void> {
  if (expectedBytes !== undefined && bytes.length !== expectedBytes)
    throw new StorageError('truncated', `${bytes.length} of ${expectedBytes} bytes came`);
  const why = await check?.({
    bytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  });
  if (why !== null && why !== undefined) throw new StorageError('refused', why);
}
