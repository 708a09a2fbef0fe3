import { chmodSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A lock that at most one open handle on this host holds, and that the kernel takes back when its process dies. */
export interface DirectoryLock {
  /** True if this handle holds the lock now, by this call or an earlier one. Never waits; costs about 10 µs. */
  tryTake(): boolean;
  release(): void;
  /** Releases and forgets the file. */
  close(): void;
}

/** Result code of a statement that met another's lock. */
const SQLITE_BUSY = 5;

/**
 * Opens `file` as a lock. Node has no flock, and lock files with a pid inside need a takeover that two can win; what an
 * SQLite transaction holds is a kernel lock (fcntl), which needs none. `immediate`, not `exclusive`: of two that try at
 * the same moment one always succeeds, where `exclusive` can refuse both. Nobody may open this file by other means:
 * closing any other descriptor of it in this process would drop the lock.
 */
export function openDirectoryLock(file: string): DirectoryLock {
  const database = new DatabaseSync(file, { timeout: 0 });
  // The transaction never writes, so its journal would only be a stray empty file.
  database.exec('pragma journal_mode = memory');
  chmodSync(file, 0o600);
  let held = false;
  const release = (): void => {
    if (held) database.exec('rollback');
    held = false;
  };
  return {
    tryTake: () => {
      if (held) return true;
      try {
        database.exec('begin immediate');
        held = true;
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      }
      return held;
    },
    release,
    close: () => {
      release();
      database.close();
    },
  };
}
