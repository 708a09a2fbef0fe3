import { Kysely, PostgresDialect, sql } from 'kysely';
import { Pool, types } from 'pg';
import type { Tables } from './tables.ts';

/** pg gives bigint, count and sum as text; every number of ours fits a double exactly. */
const INT8 = 20;
const NUMERIC = 1700;
types.setTypeParser(INT8, Number);
types.setTypeParser(NUMERIC, Number);

/** Serialisation failure and deadlock: the transaction did nothing and may simply be run again. */
const RETRYABLE = new Set(['40001', '40P01']);
const RETRIES = 10;

export interface PostgresLedgerConnection {
  readonly db: Kysely<Tables>;
  now(): Promise<number>;
  write<T>(run: (tx: Kysely<Tables>, nowMs: number) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A pool on a PostgreSQL ledger. Times come from the database's clock, so several hosts agree. */
export function openPostgres(url: string): PostgresLedgerConnection {
  const pool = new Pool({ connectionString: url, max: 10 });
  // An idle connection that dies (server restart) is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {});
  // The same between two statements of a transaction: the next one fails, and whoever asked for it hears of it.
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    now: () => databaseNow(db),
    async write(run) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await db.transaction().execute(async (tx) => run(tx, await databaseNow(tx)));
        } catch (error) {
          if (attempt >= RETRIES || !RETRYABLE.has((error as { code?: string }).code ?? '')) throw error;
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * attempt));
        }
      }
    },
    close: () => db.destroy(),
  };
}

/** The database's clock, UTC milliseconds. */
export async function databaseNow(db: Kysely<Tables>): Promise<number> {
  const result = await sql<{ ms: number }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`.execute(
    db,
  );
  const row = result.rows[0];
  if (row === undefined) throw new Error('the ledger database did not tell its time');
  return row.ms;
}
