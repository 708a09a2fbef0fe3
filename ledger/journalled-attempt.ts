import type { JournalEntry } from './journal.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';

/** An attempt as each of its journal lines names it; `credits` is its expectation, as a *reserve* has it. */
export type JournalledAttempt = Omit<JournalEntry, 'type' | 'task_id' | 'outcome'>;

const READ = prepared<{ attempt: number }>()((db, v) =>
  db
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
    .where('attempts.id', '=', v.attempt),
);

export async function readJournalled(db: Tx, attempt: number): Promise<JournalledAttempt | null> {
  return (await READ.first(db, { attempt })) ?? null;
}
