import { migrate } from '../../ledger/migrations.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { openConnection } from '../../ledger/sqlite-connection.ts';
import { SqliteWriter } from '../../ledger/sqlite-writer.ts';

type Connection = ReturnType<typeof openConnection>;

let shared: Promise<Connection> | null = null;

/**
 * An empty ledger in memory, by the program's own connection and migrations. One serves all seeds of this process, one after
 * the other, so that its statements are prepared once.
 */
export async function emptyMemory(spoil?: (statement: string) => string): Promise<Connection> {
  if (spoil !== undefined) return makeMemory(spoil);
  shared ??= makeMemory((statement) => statement);
  const connection = await shared;
  const tables = connection.raw
    .prepare(`select name from sqlite_master where type = 'table' and name not in ('ledger_meta', 'sqlite_sequence')`)
    .all();
  const empty = tables.map(({ name }) => `delete from "${String(name)}";`).join('');
  connection.raw.exec(
    `begin; ${empty} delete from sqlite_sequence; delete from ledger_meta where name <> 'version'; commit`,
  );
  return connection;
}

/** `spoil` rewrites statements (see planted-bugs.ts). */
async function makeMemory(spoil: (statement: string) => string): Promise<Connection> {
  const connection = openConnection(':memory:');
  const prepare = connection.raw.prepare.bind(connection.raw);
  connection.raw.prepare = (statement) => prepare(spoil(statement));
  connection.raw.exec('begin');
  await migrate(connection.db, 'sqlite');
  connection.raw.exec('commit');
  return connection;
}

/**
 * A process's handle on it, with a writer of its own. All handles share one connection: a transaction runs from its begin to
 * its commit while nothing else does, since time stands still meanwhile, so no handle can meet another's lock or see what it
 * has not committed. What they do meet on a real file has tests of its own (test/ledger).
 */
export function memoryLedger({ raw, db }: Connection, clock: () => number): Ledger {
  const writer = new SqliteWriter(raw, db, clock);
  return {
    id: '51a51a51a51a51a5',
    ledger8: '51a51a51',
    dialect: 'sqlite',
    location: 'memory',
    isNew: true,
    db,
    now: () => Promise.resolve(clock()),
    write: (job) => writer.write(job),
    close: () => Promise.resolve(),
  };
}
