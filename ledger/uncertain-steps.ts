import { sql, type Selectable } from 'kysely';
import { reasonOf } from '../schemas/failure-codes.ts';
import { lockAccount } from './account-row.ts';
import { moveFollowers, reasonColumns } from './attempt-row.ts';
import { openGate } from './gates.ts';
import type { Tx } from './open-ledger.ts';
import { recordAct } from './operator-steps.ts';
import type { ItemTable } from './tables.ts';

export type Settlement = 'not-created' | 'pay-again';

/**
 * *uncertain -> abandoned*: a person says what to do. The place and the money are given back; a task that appears later is
 * still recorded as this attempt's orphan. Its items fail (`resume` takes them up), or are ready to be paid again.
 */
export async function abandonAttempt(tx: Tx, attempt: number, how: Settlement, where: { readonly batch: string; readonly item: string }, by: string, nowMs: number): Promise<boolean> {
  const found = await tx.selectFrom('attempts').select('account').where('id', '=', attempt).executeTakeFirst();
  if (found === undefined) return false;
  const account = await lockAccount(tx, found.account);
  const row = await tx
    .updateTable('attempts')
    .set({ state: 'abandoned', settled_at: nowMs, approved_by: how === 'pay-again' ? by : null })
    .where('id', '=', attempt)
    .where('state', '=', 'uncertain')
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return false;
  await tx
    .updateTable('accounts')
    .set({ uncertain: sql`uncertain - 1`, uncertain_in_a_row: 0, open_tasks: sql`open_tasks - ${row.counted_open}` })
    .where('id', '=', row.account)
    .execute();
  await tx
    .updateTable('batches')
    .set({
      committed: sql`committed - ${row.expected}`,
      open_tasks: sql`open_tasks - 1`,
      unpriced: sql`case when ${row.expected} = 0 and unpriced > 0 then unpriced - 1 else unpriced end`,
      updated_at: nowMs,
    })
    .where('id', '=', row.batch)
    .execute();
  await tx.updateTable('attempts').set({ counted_open: 0 }).where('id', '=', attempt).execute();
  if (how === 'pay-again') await moveFollowers(tx, attempt, { state: 'ready', attempt: null, attached: 0, next_at: 0, tries: 0, ...reasonColumns(null) }, nowMs);
  else await moveFollowers(tx, attempt, { state: 'failed', ...reasonColumns(reasonOf('U104', where)) }, nowMs);
  await recordAct(tx, { ...where, account: row.account }, 'resolved', by, how === 'pay-again' ? 'pay again' : 'not created', nowMs);
  if (account.uncertain - 1 < account.max_uncertain) {
    await openGate(tx, { scope: 'account', owner: row.account }, 'uncertain', { by, detail: 'one was settled' }, nowMs);
  }
  return true;
}

/** After a task id was bound by hand: the uncertain gate opens when fewer are left than it takes. */
export async function openUncertainGate(tx: Tx, account: string, by: string, nowMs: number): Promise<void> {
  const row = await lockAccount(tx, account);
  if (row.uncertain < row.max_uncertain) await openGate(tx, { scope: 'account', owner: account }, 'uncertain', { by, detail: 'one was settled' }, nowMs);
}

/** The attempt an uncertain item follows, with what a task must match to be bound to it. */
export interface UncertainRow {
  readonly batch: string;
  readonly account: string;
  readonly key: number;
  readonly item: string;
  readonly attempt: number;
  readonly n: number;
  readonly state: Selectable<ItemTable>['state'];
  readonly sentAtMs: number;
  readonly expected: number;
  readonly balanceBefore: number | null;
  readonly videoUrl: string;
  readonly resolution: string;
  readonly code: string | null;
}

export async function uncertainRow(db: Tx, batch: string, item: string): Promise<UncertainRow | null> {
  const row = await db
    .selectFrom('items')
    .innerJoin('attempts', 'attempts.id', 'items.attempt')
    .select([
      'items.batch',
      'attempts.account',
      'items.key',
      'items.id as item',
      'attempts.id as attempt',
      'attempts.n',
      'items.state',
      'attempts.sent_at as sentAtMs',
      'attempts.reserved_at as reservedAtMs',
      'attempts.expected',
      'attempts.balance_before as balanceBefore',
      'items.video_url as videoUrl',
      'items.resolution',
      'attempts.code',
    ])
    .where('items.batch', '=', batch)
    .where('items.id', '=', item)
    .where('attempts.state', '=', 'uncertain')
    .executeTakeFirst();
  if (row === undefined) return null;
  const { reservedAtMs, ...rest } = row;
  return { ...rest, sentAtMs: row.sentAtMs ?? reservedAtMs };
}

