import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
import type { AccountRow } from './tables.ts';

/**
 * Counts refusals: connections that never opened, and refusals of content in a row (design D5, D7). Returns the row after
 * it. The account must be locked.
 */
export async function noteUnreachable(
  tx: Tx,
  account: string,
  problem: { readonly code: number | null; readonly reason: string | null },
  failsItem: boolean,
): Promise<AccountRow> {
  const unreached = problem.reason === null ? 0 : 1;
  const last = problem.code === null ? null : String(problem.code);
  return tx
    .updateTable('accounts')
    .set({
      unwell_in_a_row: unreached === 1 ? sql`unwell_in_a_row + 1` : 0,
      ...(failsItem
        ? {
            refused_in_a_row: sql`case when last_refusal = ${last} then refused_in_a_row + 1 else 1 end`,
            last_refusal: last,
          }
        : {}),
    })
    .where('id', '=', account)
    .returningAll()
    .executeTakeFirstOrThrow();
}
