import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
import type { AccountRow } from './tables.ts';

/**
 * Counts refusals: connections that never opened, and refusals of content in a row (design D5, D7). A create that was
 * answered, if only with a refusal, ends a row of lost answers. Returns the row after it. The account must be locked.
 */
export async function noteUnreachable(
  tx: Tx,
  account: string,
  problem: { readonly code: number | null; readonly reason: string | null },
  about: { readonly call: 'create' | 'analyze'; readonly failsItem: boolean },
): Promise<AccountRow> {
  const unreached = problem.reason === null ? 0 : 1;
  const last = problem.code === null ? null : String(problem.code);
  return tx
    .updateTable('accounts')
    .set({
      unwell_in_a_row: unreached === 1 ? sql`unwell_in_a_row + 1` : 0,
      ...(about.call === 'create' && problem.code !== null ? { uncertain_in_a_row: 0 } : {}),
      ...(about.failsItem
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

/**
 * Tasks whose holds will come free by themselves soon. Claims that were not sent hold nothing, and what is uncertain or
 * stalled may never settle.
 */
export async function aboutToSettle(db: Tx, account: string): Promise<number> {
  const row = await db
    .selectFrom('attempts')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('account', '=', account)
    .where('state', 'in', ['sending', 'bound'])
    .where('counted_open', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}
