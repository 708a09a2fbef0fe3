import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { migrate, type LedgerDialect } from './migrations.ts';
import { openPostgres } from './postgres-connection.ts';
import { isBusy, openConnection } from './sqlite-connection.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import type { Tables } from './tables.ts';

/** A transaction, or any place statements run. Inside `write` only the transaction handed in may be used. */
export type Tx = Kysely<Tables>;

/**
 * The database of intents and facts. `db` reads committed state; `write` runs a job in a transaction (several jobs of one
 * process may share one on SQLite) and resolves after its commit. `nowMs` is the database's clock in UTC milliseconds.
 */
export interface Ledger {
  readonly id: string;
  /** First 8 characters of the id: names queues and workflows, so that two ledgers never meet in one namespace. */
  readonly ledger8: string;
  readonly dialect: LedgerDialect;
  /** Where it is, for people: a path, or the URL without its password. */
  readonly location: string;
  /** It did not exist before it was opened: work paid elsewhere is not known here. */
  readonly isNew: boolean;
  readonly db: Tx;
  now(): Promise<number>;
  write<T>(job: (tx: Tx, nowMs: number) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface OpenLedgerOptions {
  /** `sqlite:PATH` (relative to `baseDir`) or `postgres://...`. */
  readonly url: string;
  readonly baseDir: string;
  /** SQLite only; PostgreSQL has its own clock. */
  readonly clock?: () => number;
  /** SQLite only: how long a write waits for another process's lock; default a minute. */
  readonly busyAtMostMs?: number;
}

export async function openLedger(options: OpenLedgerOptions): Promise<Ledger> {
  const { url } = options;
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgresLedger(url);
  if (url.startsWith('sqlite:')) return openSqliteLedger(options);
  throw new Error(`ledger "${url.split(':')[0]}:" is not known: use sqlite:PATH or postgres://...`);
}

/** The file of a SQLite ledger URL, absolute. */
export function sqliteFile(url: string, baseDir: string): string {
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  return isAbsolute(path) ? path : resolve(baseDir, path);
}

async function openSqliteLedger(options: OpenLedgerOptions): Promise<Ledger> {
  const { url, baseDir, clock = Date.now, busyAtMostMs } = options;
  const file = sqliteFile(url, baseDir);
  const existed = existsSync(file);
  mkdirSync(dirname(file), { recursive: true });
  const writing = openConnection(file);
  const writer = new SqliteWriter(writing.raw, writing.db, clock, busyAtMostMs);
  let names: Awaited<ReturnType<typeof identity>>;
  try {
    await untilFree(() => writing.raw.exec('pragma journal_mode = wal; pragma synchronous = full;'));
    await writer.write((tx) => migrate(tx, 'sqlite'));
    names = await identity((job) => writer.write(job));
  } catch (error) {
    writing.raw.close();
    throw error;
  }
  const reading = openConnection(file, READER_WAITS_MS);
  reading.raw.exec('pragma query_only = on');
  return {
    ...names,
    dialect: 'sqlite',
    location: file,
    isNew: !existed,
    db: reading.db,
    now: () => Promise.resolve(clock()),
    write: (job) => writer.write(job),
    async close() {
      await writer.close();
      await reading.db.destroy();
      await writing.db.destroy();
    },
  };
}

async function openPostgresLedger(url: string): Promise<Ledger> {
  const connection = openPostgres(url);
  let isNew = false;
  let names: Awaited<ReturnType<typeof identity>>;
  try {
    await connection.write(async (tx) => {
      await sql`select pg_advisory_xact_lock(7216841)`.execute(tx);
      const known = await sql<{ n: string | null }>`select to_regclass('ledger_meta')::text as n`.execute(tx);
      isNew = known.rows[0]?.n === null;
      await migrate(tx, 'postgres');
    });
    names = await identity((job) => connection.write(job));
  } catch (error) {
    await connection.close();
    throw error;
  }
  return {
    ...names,
    dialect: 'postgres',
    location: withoutPassword(url),
    isNew,
    db: connection.db,
    now: () => connection.now(),
    write: (job) => connection.write(job),
    close: () => connection.close(),
  };
}

/** The ledger's own id, made once and kept for its life. */
async function identity(write: Ledger['write']): Promise<{ id: string; ledger8: string }> {
  const id = await write(async (tx) => {
    await tx
      .insertInto('ledger_meta')
      .values({ name: 'id', value: randomBytes(16).toString('hex') })
      .onConflict((c) => c.column('name').doNothing())
      .execute();
    return (await tx.selectFrom('ledger_meta').select('value').where('name', '=', 'id').executeTakeFirstOrThrow())
      .value;
  });
  return { id, ledger8: id.slice(0, 8) };
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  return parsed.toString();
}

/** How long a read may block the loop while another process recovers the WAL. */
const READER_WAITS_MS = 100;

/** Runs a pragma that another process's lock may refuse for a moment. */
async function untilFree(run: () => void): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return run();
    } catch (error) {
      if (!isBusy(error) || tries > 1_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
