import { sql } from 'kysely';
import { lockAccount } from './account-row.ts';
import type { JournalLine } from './journal.ts';
import { markUncertain } from './mark-uncertain.ts';
import type { Tx } from './open-ledger.ts';
import { releaseAttempt } from './release-attempt.ts';
import { UNMATCHED } from './rebuilt-attempt.ts';

/**
 * An attempt that a restored ledger shows as not sent, or as being sent, while the journal went on: whoever held it then was
 * about to send it, so it must not be sent again. Its journal's word counts; without one it is uncertain. Returns whether it
 * became uncertain here; ids that the journal knows are for the caller to bind.
 */
export async function settleOvertaken(
  tx: Tx,
  reserve: JournalLine,
  known: { readonly binds: readonly JournalLine[]; readonly settle: JournalLine | null },
  nowMs: number,
): Promise<boolean> {
  await lockAccount(tx, reserve.account);
  const row = await tx
    .selectFrom('attempts')
    .select(['id', 'state'])
    .where('token', '=', reserve.token)
    .executeTakeFirst();
  if (row === undefined || (row.state !== 'reserved' && row.state !== 'sending')) return false;
  if (known.settle?.outcome === 'refused') {
    const after = { kind: 'again', nextAtMs: 0 } as const;
    await releaseAttempt(tx, row.id, row.state, { code: 'journal', after }, nowMs);
    return false;
  }
  if (row.state === 'reserved') {
    await tx
      .updateTable('accounts')
      .set({ reserved: sql`reserved - 1` })
      .where('id', '=', reserve.account)
      .execute();
    await tx
      .updateTable('attempts')
      .set({ state: 'sending', sent_at: Date.parse(reserve.at), owner: null })
      .where('id', '=', row.id)
      .execute();
  }
  if (known.binds.length > 0) return false;
  return (await markUncertain(tx, row.id, UNMATCHED, nowMs)) !== null;
}
