import { sql } from 'kysely';
import type { Resolution } from '../schemas/manifest-item.ts';
import { lockAccount } from './account-row.ts';
import { adoptAnyOrphan, adoptOrphan } from './adopt-orphan.ts';
import { attemptRow, collectFollowers, moveFollowers, reasonColumns, type ItemReason } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
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

const SETTLE_ACCOUNT = prepared<{ account: string; counted: number; learnt: string }>()((db, v) =>
  db
    .updateTable('accounts')
    .set({ open_tasks: sql`open_tasks - ${v.counted}`, learnt_prices: v.learnt })
    .where('id', '=', v.account),
);

interface BatchSettled {
  readonly batch: string;
  readonly counted: number;
  readonly unpriced: number;
  readonly charged: number;
  readonly committed: number;
}

const SETTLE_BATCH = prepared<BatchSettled>()((db, v) =>
  db
    .updateTable('batches')
    .set({
      open_tasks: sql`open_tasks - ${v.counted}`,
      unpriced: sql`unpriced - ${v.unpriced}`,
      charged: sql`charged + ${v.charged}`,
      committed: sql`committed + ${v.committed}`,
    })
    .where('id', '=', v.batch),
);

const SETTLE_ATTEMPT = prepared<{ attempt: number; nowMs: number; charged: number | null; hasOutput: number }>()(
  (db, v) =>
    db
      .updateTable('attempts')
      .set({
        state: 'settled',
        settled_at: v.nowMs,
        charged: v.charged,
        has_output: v.hasOutput,
        counted_open: 0,
        unpriced: 0,
      })
      .where('id', '=', v.attempt),
);

const CHARGE_ITEM = prepared<{ item: number; charged: number }>()((db, v) =>
  db
    .updateTable('items')
    .set({ charged: sql`charged + ${v.charged}` })
    .where('key', '=', v.item),
);

/**
 * Settles a task: books its charge, frees its place, moves the items that follow it on. Idempotent: an ended task stays as
 * it ended, and null is returned. An orphan's charge is booked on its batch alone; its output is taken by its item if that
 * still wants one.
 */
export async function settleTask(
  tx: Tx,
  account: string,
  taskId: string,
  end: TaskEnd,
  nowMs: number,
): Promise<'attempt' | 'orphan' | null> {
  const accountNow = await lockAccount(tx, account);
  const task = await endTask(tx, account, taskId, end, nowMs);
  if (task === undefined) return null;
  const row = await attemptRow(tx, task.attempt);
  if (task.orphan === 1) {
    await bookCharge(tx, row.batch, end.chargedCredits ?? 0, (end.chargedCredits ?? task.expected) - task.expected);
    // Of an attempt given up, items follow an orphan; of a bound one they follow its own task.
    if (row.state === 'abandoned') await moveOn(tx, row.id, end, nowMs);
    if (end.kind === 'done') await adoptOrphan(tx, row, 'done', nowMs);
    return 'orphan';
  }
  const counted = row.counted_open;
  await SETTLE_ACCOUNT.run(tx, { account, counted, learnt: learntFrom(accountNow.learnt_prices, end) });
  if (end.chargedCredits !== null && row.unpriced === 0 && row.expected > 0 && end.chargedCredits > row.expected) {
    const item = await tx.selectFrom('items').select('id').where('key', '=', row.item).executeTakeFirst();
    const detail = `charged ${end.chargedCredits} credits, expected at most ${row.expected}`;
    await recordEvent(tx, { type: 'charge-above-estimate', batch: row.batch, item: item?.id ?? null, detail }, nowMs);
  }
  // A charge that the vendor does not tell stays committed at its expectation, and is not called charged.
  const charged = end.chargedCredits ?? 0;
  const committed = (end.chargedCredits ?? row.expected) - row.expected;
  await SETTLE_BATCH.run(tx, { batch: row.batch, counted, unpriced: row.unpriced, charged, committed });
  const hasOutput = end.kind === 'done' ? 1 : 0;
  await SETTLE_ATTEMPT.run(tx, { attempt: row.id, nowMs, charged: end.chargedCredits, hasOutput });
  if (charged !== 0) await CHARGE_ITEM.run(tx, { item: row.item, charged });
  await moveOn(tx, row.id, end, nowMs);
  if (end.kind === 'failed') await adoptAnyOrphan(tx, row.item, nowMs);
  return 'attempt';
}

const END_DONE = prepared<{ account: string; task: string; nowMs: number; charged: number | null; url: string }>()(
  (db, v) =>
    db
      .updateTable('tasks')
      .set({ state: 'done', ended_at: v.nowMs, charged: v.charged, url: v.url, url_at: v.nowMs, vendor_status: 3 })
      .where('account', '=', v.account)
      .where('id', '=', v.task)
      .where('state', '=', 'open')
      .returning(['attempt', 'orphan', 'expected']),
);

/** *open -> done | failed*, if it has not ended before. */
async function endTask(tx: Tx, account: string, task: string, end: TaskEnd, nowMs: number) {
  if (end.kind === 'done')
    return END_DONE.first(tx, { account, task, nowMs, charged: end.chargedCredits, url: end.url });
  return tx
    .updateTable('tasks')
    .set({
      state: 'failed',
      ended_at: nowMs,
      charged: end.chargedCredits,
      vendor_status: 4,
      error_code: end.errorCode,
      error_text: end.reason.vendor ?? null,
    })
    .where('account', '=', account)
    .where('id', '=', task)
    .where('state', '=', 'open')
    .returning(['attempt', 'orphan', 'expected'])
    .executeTakeFirst();
}

function learntFrom(known: string, end: TaskEnd): string {
  if (end.kind === 'failed' || end.chargedCredits === null) return known;
  return JSON.stringify(learnCharge(JSON.parse(known) as LearntPrices, end.resolution, end.chargedCredits));
}

async function moveOn(tx: Tx, attempt: number, end: TaskEnd, nowMs: number): Promise<void> {
  if (end.kind === 'done') return collectFollowers(tx, attempt, nowMs);
  const failed = { state: 'failed' as const, owner: null, issued_at: null, next_at: 0, tries: 0, stalled: 0 };
  await moveFollowers(tx, attempt, { ...failed, gone_since: null, ...reasonColumns(end.reason) }, nowMs);
}

async function bookCharge(tx: Tx, batch: string, charged: number, committed: number): Promise<void> {
  await SETTLE_BATCH.run(tx, { batch, counted: 0, unpriced: 0, charged, committed });
}
