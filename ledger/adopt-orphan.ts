import { reasonColumns, type AttemptRow } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';

/**
 * A task that turned up for an attempt given up is what its item waits for, unless the item has gone on: one that is ready to
 * be paid again, or has failed meanwhile, follows the task that is paid already. Returns whether it does.
 */
export async function adoptOrphan(
  tx: Tx,
  attempt: Pick<AttemptRow, 'id' | 'item' | 'work_key' | 'batch' | 'n'>,
  task: 'open' | 'done',
  nowMs: number,
): Promise<boolean> {
  const row = await tx
    .updateTable('items')
    .set({
      state: task === 'open' ? 'queued' : 'collecting',
      attempt: attempt.id,
      attached: 0,
      owner: null,
      issued_at: null,
      next_at: 0,
      tries: 0,
      stalled: 0,
      gone_since: null,
      ...reasonColumns(null),
      updated_at: nowMs,
    })
    .where('key', '=', attempt.item)
    .where('work_key', '=', attempt.work_key)
    .where('state', 'in', ['ready', 'failed'])
    .returning('id')
    .executeTakeFirst();
  if (row === undefined) return false;
  const detail = `the task of attempt ${attempt.n} is followed after all; nothing is paid again`;
  await recordEvent(tx, { type: 'settled-late', batch: attempt.batch, item: row.id, detail }, nowMs);
  return true;
}

/** An item whose own task failed takes the output of a task that turned up for an earlier attempt, if there is one. */
export async function adoptAnyOrphan(tx: Tx, item: number, nowMs: number): Promise<boolean> {
  const found = await tx
    .selectFrom('tasks')
    .innerJoin('attempts', 'attempts.id', 'tasks.attempt')
    .select(['attempts.id', 'attempts.item', 'attempts.work_key', 'attempts.batch', 'attempts.n', 'tasks.state'])
    .where('tasks.item', '=', item)
    .where('tasks.orphan', '=', 1)
    .where('tasks.state', 'in', ['open', 'done'])
    .orderBy('tasks.state')
    .limit(1)
    .executeTakeFirst();
  if (found === undefined) return false;
  return adoptOrphan(tx, found, found.state === 'done' ? 'done' : 'open', nowMs);
}
