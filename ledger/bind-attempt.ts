import { sql } from 'kysely';
import type { Resolution } from '../schemas/manifest-item.ts';
import { adoptOrphan } from './adopt-orphan.ts';
import { lockAttempt, moveFollowers, reasonColumns } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import { learnHold, type LearntPrices } from './pricing.ts';

/** What the vendor said when it accepted a create. */
export interface Accepted {
  readonly taskId: string;
  readonly hold: number | null;
  readonly createdAtMs: number;
  readonly firstPollAtMs: number;
  readonly resolution: Resolution;
  /** How the id became known: the answer, a callback, a person. */
  readonly by: string;
}

/** `elsewhere`: the id belongs to another attempt, nothing was changed. */
export type Bound = 'bound' | 'already' | 'elsewhere' | 'orphan' | 'unknown-attempt';

/**
 * Records a task id. Always legal: *sending | uncertain -> bound*; for an attempt that was abandoned or is bound to another
 * id, the task is kept as its orphan, so that its charge is explained; its item follows it unless it has gone on. Idempotent.
 */
export async function bindAttempt(tx: Tx, attempt: number, accepted: Accepted, nowMs: number): Promise<Bound> {
  const locked = await lockAttempt(tx, attempt);
  if (locked === null) return 'unknown-attempt';
  const { row, account } = locked;
  const known = await tx
    .selectFrom('tasks')
    .select('attempt')
    .where('account', '=', row.account)
    .where('id', '=', accepted.taskId)
    .executeTakeFirst();
  if (known !== undefined) return known.attempt === attempt ? 'already' : 'elsewhere';
  const orphan = row.state !== 'sending' && row.state !== 'uncertain';
  // An orphan is in flight and will be charged: it counts against the budget from now on.
  const orphanCost = orphan ? row.expected || accepted.hold || 0 : 0;
  await tx
    .insertInto('tasks')
    .values({
      account: row.account,
      id: accepted.taskId,
      attempt,
      batch: row.batch,
      lane: row.lane,
      item: row.item,
      state: 'open',
      vendor_status: 1,
      created_at: Math.round(accepted.createdAtMs),
      next_poll_at: Math.round(accepted.firstPollAtMs),
      polls: 0,
      not_yet_seen: 0,
      held: accepted.hold,
      orphan: orphan ? 1 : 0,
      expected: orphanCost,
    })
    .execute();
  if (orphan) {
    await tx
      .updateTable('batches')
      .set({ committed: sql`committed + ${orphanCost}` })
      .where('id', '=', row.batch)
      .execute();
    await recordEvent(
      tx,
      {
        type: 'orphan-found',
        batch: row.batch,
        by: accepted.by,
        detail: `a task appeared for attempt ${row.n}, which is ${row.state}`,
      },
      nowMs,
    );
    await adoptOrphan(tx, row, 'open', nowMs);
    return 'orphan';
  }
  const prices = JSON.parse(account.learnt_prices) as LearntPrices;
  const learnt = accepted.hold === null ? prices : learnHold(prices, accepted.resolution, accepted.hold);
  await tx
    .updateTable('accounts')
    .set({
      uncertain: sql`uncertain - ${row.state === 'uncertain' ? 1 : 0}`,
      // Only the answer to the probe itself says that spending may go on, not an id that turns up later.
      ...(row.is_probe === 1 && row.state === 'sending' ? { probe: 0 } : {}),
      accepted: sql`accepted + 1`,
      refused_in_a_row: 0,
      unwell_in_a_row: 0,
      uncertain_in_a_row: 0,
      learnt_prices: JSON.stringify(learnt),
    })
    .where('id', '=', row.account)
    .execute();
  const priceNowKnown = row.unpriced === 1 && accepted.hold !== null;
  const expected = row.unpriced === 1 && accepted.hold !== null ? accepted.hold : row.expected;
  await tx
    .updateTable('batches')
    .set({
      committed: sql`committed + ${expected - row.expected}`,
      unpriced: sql`unpriced - ${priceNowKnown ? 1 : 0}`,
    })
    .where('id', '=', row.batch)
    .execute();
  if (row.state === 'sending') {
    await tx
      .updateTable('videos')
      .set({ creating: sql`creating - 1` })
      .where('id', '=', row.video)
      .execute();
  }
  await tx
    .updateTable('attempts')
    .set({
      state: 'bound',
      bound_at: nowMs,
      held: accepted.hold,
      expected,
      unpriced: priceNowKnown ? 0 : row.unpriced,
      awaiting: 0,
    })
    .where('id', '=', attempt)
    .execute();
  await moveFollowers(tx, attempt, { state: 'queued', ...reasonColumns(null) }, nowMs);
  return 'bound';
}
