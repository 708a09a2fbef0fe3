import type { JournalEntry } from './journal.ts';
import type { Tx } from './open-ledger.ts';

/** An attempt as each of its journal lines names it; `credits` is its expectation, as a *reserve* has it. */
export type JournalledAttempt = Omit<JournalEntry, 'type' | 'task_id' | 'outcome'>;

export async function readJournalled(db: Tx, attempt: number): Promise<JournalledAttempt | null> {
  const row = await db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .innerJoin('accounts', 'accounts.id', 'attempts.account')
    .select([
      'attempts.account',
      'accounts.base_url',
      'attempts.batch',
      'items.id as item',
      'items.rule_key',
      'attempts.work_key',
      'attempts.n',
      'attempts.token',
      'attempts.expected as credits',
      'items.resolution',
      'items.output',
    ])
    .where('attempts.id', '=', attempt)
    .executeTakeFirst();
  return row ?? null;
}

/** An orphan's end is not its attempt's. */
export async function isOrphan(db: Tx, account: string, taskId: string): Promise<boolean> {
  const row = await db
    .selectFrom('tasks')
    .select('orphan')
    .where('account', '=', account)
    .where('id', '=', taskId)
    .executeTakeFirst();
  return row?.orphan === 1;
}
