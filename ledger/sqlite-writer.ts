import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { isBusy } from './sqlite-connection.ts';
import type { Tables } from './tables.ts';

type Job = {
  readonly run: (tx: Kysely<Tables>, nowMs: number) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
};

/** Jobs that arrive within this time share one transaction, so that one fsync serves them all. */
const GROUP_COMMIT_MS = 2;
/** A lock held longer than this is no neighbour's transaction: say so instead of waiting for ever. */
const BUSY_AT_MOST_MS = 60_000;

/**
 * The one writer of a process (design D15). Jobs share a transaction, each in its own savepoint, so a job that throws
 * undoes only itself. The lock is taken with `begin immediate`; while another process holds it, the attempt is repeated
 * after 1-11 ms without blocking the loop. Callers hear of success only after the commit.
 */
export class SqliteWriter {
  readonly #raw: DatabaseSync;
  readonly #db: Kysely<Tables>;
  readonly #now: () => number;
  readonly #busyAtMostMs: number;
  #queue: Job[] = [];
  #armed = false;
  #closed = false;
  #busySince: number | null = null;
  #drained: (() => void) | null = null;

  constructor(raw: DatabaseSync, db: Kysely<Tables>, now: () => number, busyAtMostMs = BUSY_AT_MOST_MS) {
    this.#busyAtMostMs = busyAtMostMs;
    this.#raw = raw;
    this.#db = db;
    this.#now = now;
  }

  write<T>(run: (tx: Kysely<Tables>, nowMs: number) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the ledger is closed'));
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ run, resolve: resolve as (value: unknown) => void, reject });
      this.#arm(GROUP_COMMIT_MS);
    });
  }

  /** Takes no more jobs; resolves when those already handed in have been committed or refused. */
  close(): Promise<void> {
    this.#closed = true;
    if (!this.#armed) return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  #arm(delayMs: number): void {
    if (this.#armed) return;
    this.#armed = true;
    setTimeout(() => void this.#flush(), delayMs);
  }

  async #flush(): Promise<void> {
    try {
      this.#raw.exec('begin immediate');
    } catch (error) {
      this.#busySince ??= performance.now();
      if (isBusy(error) && performance.now() - this.#busySince < this.#busyAtMostMs) {
        setTimeout(() => void this.#flush(), 1 + Math.random() * 10);
        return;
      }
      const told = isBusy(error) ? new LedgerBusy(error) : error;
      for (const job of this.#queue.splice(0)) job.reject(told);
      this.#next();
      return;
    }
    this.#busySince = null;
    const jobs = this.#queue.splice(0);
    const results: { ok: boolean; value: unknown }[] = [];
    try {
      for (const job of jobs) results.push(await this.#savepoint(job));
      this.#raw.exec('commit');
    } catch (error) {
      this.#rollback();
      for (const job of jobs) job.reject(error);
      this.#next();
      return;
    }
    jobs.forEach((job, index) => {
      const result = results[index];
      if (result?.ok === true) job.resolve(result.value);
      else job.reject(result?.value);
    });
    this.#next();
  }

  async #savepoint(job: Job): Promise<{ ok: boolean; value: unknown }> {
    this.#raw.exec('savepoint job');
    try {
      const value = await job.run(this.#db, this.#now());
      this.#raw.exec('release job');
      return { ok: true, value };
    } catch (error) {
      try {
        this.#raw.exec('rollback to job');
        this.#raw.exec('release job');
      } catch {
        // The database gave up the whole transaction (disk full, I/O error): every job of it failed, for the first reason.
        throw error;
      }
      return { ok: false, value: error };
    }
  }

  #rollback(): void {
    try {
      this.#raw.exec('rollback');
    } catch {
      // The engine has rolled back by itself (disk full, I/O error): the first error is the one to tell.
    }
  }

  #next(): void {
    this.#armed = false;
    this.#busySince = null;
    if (this.#queue.length > 0) this.#arm(GROUP_COMMIT_MS);
    else this.#drained?.();
  }
}

/** Another process has held the ledger's lock for a minute; nothing was written. */
class LedgerBusy extends Error {
  override readonly name = 'LedgerBusy';
  constructor(cause: unknown) {
    super(
      'the ledger has been locked by another process for a minute; nothing was written: end the process that holds it (a backup, a database browser), then run the command again',
      { cause },
    );
  }
}
