import { migrate } from '../../ledger/migrations.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { openConnection } from '../../ledger/sqlite-connection.ts';
import { SqliteWriter } from '../../ledger/sqlite-writer.ts';

let made = 0;

/** A name under which several handles of this process share one ledger in memory; it is gone with the last of them. */
export function freshMemory(): string {
  made += 1;
  return `file:/simulation-${made}?vfs=memdb`;
}

/**
 * A handle on a ledger in memory: the program's own connections, writer and migrations, only the file is none. Two handles are
 * what two processes have. No commit waits for a disk, and no read asks the system for locks, which is most of what a
 * statement of a small ledger costs.
 */
export async function openMemoryLedger(memory: string, clock: () => number): Promise<Ledger> {
  const writing = openConnection(memory);
  const writer = new SqliteWriter(writing.raw, writing.db, clock);
  await writer.write((tx) => migrate(tx, 'sqlite'));
  const reading = openConnection(memory);
  reading.raw.exec('pragma query_only = on');
  return {
    id: '51a51a51a51a51a5',
    ledger8: '51a51a51',
    dialect: 'sqlite',
    location: 'memory',
    isNew: true,
    db: reading.db,
    now: () => Promise.resolve(clock()),
    write: (job) => writer.write(job),
    async close() {
      await reading.db.destroy();
      await writing.db.destroy();
    },
  };
}
