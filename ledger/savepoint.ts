import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';

/** Thrown inside `savepoint` to take back what was done since; carries what the caller is told instead. */
export class TakeBack<T> extends Error {
  readonly result: T;
  constructor(result: T) {
    super('taken back');
    this.result = result;
  }
}

/** Runs `body` in a savepoint of `tx`. A thrown `TakeBack` undoes the body and becomes the result; other errors go on. */
export async function savepoint<T>(tx: Tx, body: () => Promise<T>): Promise<T> {
  await sql`savepoint step`.execute(tx);
  try {
    const result = await body();
    await sql`release savepoint step`.execute(tx);
    return result;
  } catch (error) {
    await sql`rollback to savepoint step`.execute(tx);
    await sql`release savepoint step`.execute(tx);
    if (error instanceof TakeBack) return error.result as T;
    throw error;
  }
}
