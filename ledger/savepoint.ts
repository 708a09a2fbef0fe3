import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';

const BEGIN = prepared<object>()((db) => sql`savepoint step`.compile(db));
const RELEASE = prepared<object>()((db) => sql`release savepoint step`.compile(db));

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
  await BEGIN.run(tx, {});
  try {
    const result = await body();
    await RELEASE.run(tx, {});
    return result;
  } catch (error) {
    await sql`rollback to savepoint step`.execute(tx);
    await RELEASE.run(tx, {});
    if (error instanceof TakeBack) return error.result as T;
    throw error;
  }
}
