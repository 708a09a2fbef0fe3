import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Tables } from './tables.ts';

/** Statements kept prepared per connection; the ledger's own number about a hundred. */
const PREPARED_AT_MOST = 400;

/**
 * One SQLite connection: WAL, synchronous FULL (free with group commit), `busy_timeout` 0 so that a lock held by another
 * process never blocks the event loop (design D15); whoever writes retries asynchronously. Readers meet a lock only while
 * another process recovers the WAL after a crash, for milliseconds: they may wait `busyMs` for it rather than fail.
 */
export function openConnection(file: string, busyMs = 0): { raw: DatabaseSync; db: Kysely<Tables> } {
  const raw = new DatabaseSync(file, { timeout: busyMs });
  const prepared = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    if (prepared.size >= PREPARED_AT_MOST) prepared.clear();
    const statement = raw.prepare(text);
    const made: SqliteStatement = {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
      run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
      iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])) as IterableIterator<unknown>,
    };
    prepared.set(text, made);
    return made;
  };
  const database = { close: () => raw.close(), prepare };
  return { raw, db: new Kysely<Tables>({ dialect: new SqliteDialect({ database }) }) };
}

/** SQLITE_BUSY and SQLITE_LOCKED, with their extended codes. */
export function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: number } | null)?.errcode;
  return code !== undefined && ((code & 0xff) === 5 || (code & 0xff) === 6);
}
