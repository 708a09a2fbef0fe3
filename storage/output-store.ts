/** The port behind which outputs are kept. Keys are relative paths with `/`: `spring/sh010.mp4`. */
import type { Readable } from 'node:stream';

/** Random access to a file that is complete but has no final name yet. */
export interface ByteSource {
  readonly bytes: number;
  /** Fewer bytes than asked for only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface PutOptions {
  /** Length of the whole file when the sender said it; anything else is refused as truncated. */
  readonly expectedBytes?: number;
  /** Looks at the complete bytes before they get their name; a text refuses them. */
  readonly check?: (file: ByteSource) => Promise<string | null>;
  /**
   * Keeps what was written when the transfer or the disk gives up, under a name made of these two; `from` says that the
   * stream begins at that byte of what was kept. `validator` is the sender's ETag: other bytes have another one.
   */
  readonly part?: { readonly name: string; readonly validator: string; readonly from: number };
}

export interface Stored {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** True when a file with the same content was already there under this key. */
  readonly adopted: boolean;
}

export interface OutputStore {
  /** For people: `folder /data/out`. */
  readonly place: string;
  /**
   * Streams into a temporary name, checks, hashes, syncs, and gives the final name in one step. Never overwrites: the same
   * content is adopted, other content is `exists`. Errors of the stream pass through unchanged; ours are `StorageError`s.
   */
  put(key: string, stream: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<Stored>;
  /** Bytes kept from an earlier `put` with this part name, to go on from; null when there are none. */
  partOf(key: string, name: string): Promise<{ readonly bytes: number; readonly validator: string } | null>;
  /** Lets go of what was kept under this part name: the sender has other bytes by now, or cannot go on from there. */
  dropParts(key: string, name: string): Promise<void>;
  head(key: string): Promise<{ readonly bytes: number } | null>;
  read(key: string): Promise<Readable>;
  /** sha256 of what is stored now, lower-case hex; null when nothing is. */
  hash(key: string): Promise<string | null>;
  /** The same content under a second key, as a link where the place can, else as a copy. */
  link(fromKey: string, toKey: string): Promise<Stored>;
  /** True when there was something to delete. */
  delete(key: string): Promise<boolean>;
  /** Null where the place has no end. */
  freeBytes(): Promise<number | null>;
  /** The local path of a key, null where there is none (object stores). Says nothing about existence. */
  pathOf(key: string): string | null;
  /** Keys under a prefix (`''` for all), without temporary names. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly bytes: number }>;
  /** Removes temporary files not touched for this long; how many. */
  sweepParts(olderThanMs: number, nowMs: number): Promise<number>;
}

/**
 * `disk-full` and `unavailable` concern everybody who stores here: creates stop, nothing fails. The others concern one key:
 * `bad-key` and `outside` are refused before anything is written, `exists` means other content has the name, `truncated` and
 * `refused` mean that the bytes are not what they should be.
 */
export type StorageFault =
  | 'bad-key'
  | 'outside'
  | 'exists'
  | 'missing'
  | 'truncated'
  | 'refused'
  | 'disk-full'
  | 'unavailable';

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageFault;
  constructor(code: StorageFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const FULL = ['ENOSPC', 'EDQUOT'];

/** Names an error of the file system; anything that is not one passes through. */
export function storageErrorOf(error: unknown, place: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  const code = String(error.code);
  if (FULL.includes(code)) {
    const message = `${place} is full (${code}). Nothing was lost; free some space and it goes on by itself.`;
    return new StorageError('disk-full', message, { cause: error });
  }
  const what =
    code === 'EROFS' ? 'is read-only' : code === 'EACCES' || code === 'EPERM' ? 'refuses writing' : 'cannot be used';
  const message = `${place} ${what} (${code}). Nothing was lost; put the folder or its permissions right and it goes on by itself.`;
  return new StorageError('unavailable', message, { cause: error });
}
