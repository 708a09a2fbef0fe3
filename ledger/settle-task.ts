import { sql } from 'kysely';
import type { Resolution } from '../schemas/manifest-item.ts';
import type { ItemState } from '../schemas/states.ts';
import { lockAccount } from './account-row.ts';
import { adoptAnyOrphan, adoptOrphan } from './adopt-orphan.ts';
import { moveFollowers, reasonColumns, type ItemReason } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import { learnCharge, type LearntPrices } from './pricing.ts';

/** How a task ended at the vendor. `chargedCredits` null: the vendor did not say. */
export type TaskEnd =
  | {
      readonly kind: 'done';
      readonly url: string;
      readonly chargedCredits: number | null;
      readonly resolution: Resolution;
    }
  | {
      readonly kind: 'failed';
      readonly chargedCredits: number | null;
      readonly reason: ItemReason;
      readonly errorCode: string | null;
    };

/**
 * Settles a task: books its charge, frees its place, moves the items that follow it on. Idempotent: an ended task stays as
 * it ended. An orphan's charge is booked on its batch alone; its output is taken by its item if that still wants one.
 */
export async function settleTask(
  tx: Tx,
  account: string,
  taskId: string,
  end: TaskEnd,
  nowMs: number,
): Promise<boolean> {
  const accountNow = await lockAccount(tx, account);
  const task = await tx
    .updateTable('tasks')
    .set({
      state: end.kind,
      ended_at: nowMs,
      charged: end.chargedCredits,
      ...(end.kind === 'done'
        ? { url: end.url, url_at: nowMs, vendor_status: 3 }
        : { vendor_status: 4, error_code: end.errorCode, error_text: end.reason.vendor ?? null }),
    })
    .where('account', '=', account)
    .where('id', '=', taskId)
    .where('state', '=', 'open')
    .returning(['attempt', 'orphan', 'expected'])
    .executeTakeFirst();
  if (task === undefined) return false;
  const row = await tx.selectFrom('attempts').selectAll().where('id', '=', task.attempt).executeTakeFirstOrThrow();
  if (task.orphan === 1) {
    await bookCharge(tx, row.batch, end.chargedCredits ?? 0, (end.chargedCredits ?? task.expected) - task.expected);
    // Of an attempt given up, items follow an orphan; of a bound one they follow its own task.
    if (row.state === 'abandoned') await moveOn(tx, row.id, end, nowMs);
    if (end.kind === 'done') await adoptOrphan(tx, row, 'done', nowMs);
    return true;
  }
  if (end.kind === 'done' && end.chargedCredits !== null) {
    const learnt = learnCharge(
      JSON.parse(accountNow.learnt_prices) as LearntPrices,
      end.resolution,
      end.chargedCredits,
    );
    await tx
      .updateTable('accounts')
      .set({ learnt_prices: JSON.stringify(learnt) })
      .where('id', '=', account)
      .execute();
  }
  await tx
    .updateTable('accounts')
    .set({ open_tasks: sql`open_tasks - ${row.counted_open}` })
    .where('id', '=', account)
    .execute();
  await tx
    .updateTable('batches')
    .set({ open_tasks: sql`open_tasks - ${row.counted_open}`, unpriced: sql`unpriced - ${row.unpriced}` })
    .where('id', '=', row.batch)
    .execute();
  if (end.chargedCredits !== null && row.unpriced === 0 && row.expected > 0 && end.chargedCredits > row.expected) {
    const item = await tx.selectFrom('items').select('id').where('key', '=', row.item).executeTakeFirst();
    const detail = `charged ${end.chargedCredits} credits, expected at most ${row.expected}`;
    await recordEvent(tx, { type: 'charge-above-estimate', batch: row.batch, item: item?.id ?? null, detail }, nowMs);
  }
  // A charge that the vendor does not tell stays committed at its expectation, and is not called charged.
  await bookCharge(tx, row.batch, end.chargedCredits ?? 0, (end.chargedCredits ?? row.expected) - row.expected);
  await tx
    .updateTable('attempts')
    .set({
      state: 'settled',
      settled_at: nowMs,
      charged: end.chargedCredits,
      has_output: end.kind === 'done' ? 1 : 0,
      counted_open: 0,
      unpriced: 0,
    })
    .where('id', '=', row.id)
    .execute();
  await tx
    .updateTable('items')
    .set({ charged: sql`charged + ${end.chargedCredits ?? 0}` })
    .where('key', '=', row.item)
    .execute();
  await moveOn(tx, row.id, end, nowMs);
  if (end.kind === 'failed') await adoptAnyOrphan(tx, row.item, nowMs);
  return true;
}

/** `skip` of a paid item gives up waiting, not what was paid for: the output is still collected (contract section 3). */
async function collectSkipped(tx: Tx, attempt: number, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({
      state: 'collecting',
      owner: null,
      issued_at: null,
      next_at: 0,
      tries: 0,
      gone_since: null,
      updated_at: nowMs,
    })
    .where('attempt', '=', attempt)
    .where('state', '=', 'skipped')
    .where('reason_code', '=', 'S202')
    .execute();
}

async function moveOn(tx: Tx, attempt: number, end: TaskEnd, nowMs: number): Promise<void> {
  if (end.kind === 'done') await collectSkipped(tx, attempt, nowMs);
  const state: ItemState = end.kind === 'done' ? 'collecting' : 'failed';
  await moveFollowers(
    tx,
    attempt,
    {
      state,
      owner: null,
      issued_at: null,
      next_at: 0,
      tries: 0,
      stalled: 0,
      gone_since: null,
      ...reasonColumns(end.kind === 'done' ? null : end.reason),
    },
    nowMs,
  );
}

async function bookCharge(tx: Tx, batch: string, charged: number, committedDelta: number): Promise<void> {
  await tx
    .updateTable('batches')
    .set({ committed: sql`committed + ${committedDelta}`, charged: sql`charged + ${charged}` })
    .where('id', '=', batch)
    .execute();
}
