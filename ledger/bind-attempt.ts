import { sql } from 'kysely';
import type { Resolution } from '../schemas/manifest-item.ts';
import { adoptOrphan } from './adopt-orphan.ts';
import { lockAttempt, queueFollowers } from './attempt-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
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

const OWNER_OF_TASK = prepared<{ account: string; task: string }>()((db, v) =>
  db.selectFrom('tasks').select('attempt').where('account', '=', v.account).where('id', '=', v.task),
);

interface NewTask {
  readonly account: string;
  readonly task: string;
  readonly attempt: number;
  readonly batch: string;
  readonly lane: number;
  readonly item: number;
  readonly createdAtMs: number;
  readonly nextPollAtMs: number;
  readonly held: number | null;
  readonly orphan: number;
  readonly expected: number;
}

const ENTER_TASK = prepared<NewTask>()((db, v) =>
  db.insertInto('tasks').values({
    account: v.account,
    id: v.task,
    attempt: v.attempt,
    batch: v.batch,
    lane: v.lane,
    item: v.item,
    state: 'open',
    vendor_status: 1,
    created_at: v.createdAtMs,
    next_poll_at: v.nextPollAtMs,
    polls: 0,
    not_yet_ms: 0,
    held: v.held,
    orphan: v.orphan,
    expected: v.expected,
  }),
);

const COUNT_ACCEPTED = prepared<{ account: string; wasUncertain: number; answersProbe: number; learnt: string }>()(
  (db, v) =>
    db
      .updateTable('accounts')
      .set({
        uncertain: sql`uncertain - ${v.wasUncertain}`,
        probe: sql`probe * (1 - ${v.answersProbe})`,
        accepted: sql`accepted + 1`,
        refused_in_a_row: 0,
        unwell_in_a_row: 0,
        uncertain_in_a_row: 0,
        learnt_prices: v.learnt,
      })
      .where('id', '=', v.account),
);

const LET_VIDEO_GO = prepared<{ video: number }>()((db, v) =>
  db
    .updateTable('videos')
    .set({ creating: sql`creating - 1` })
    .where('id', '=', v.video),
);

interface Binding {
  readonly attempt: number;
  readonly nowMs: number;
  readonly held: number | null;
  readonly expected: number;
  readonly unpriced: number;
}

const MARK_BOUND = prepared<Binding>()((db, v) =>
  db
    .updateTable('attempts')
    .set({
      state: 'bound',
      bound_at: v.nowMs,
      held: v.held,
      expected: v.expected,
      unpriced: v.unpriced,
      awaiting: 0,
    })
    .where('id', '=', v.attempt),
);

/**
 * Records a task id. Always legal: *sending | uncertain -> bound*; for an attempt that was abandoned or is bound to another
 * id, the task is kept as its orphan, so that its charge is explained; its item follows it unless it has gone on. Idempotent.
 */
export async function bindAttempt(tx: Tx, attempt: number, accepted: Accepted, nowMs: number): Promise<Bound> {
  const locked = await lockAttempt(tx, attempt);
  if (locked === null) return 'unknown-attempt';
  const { row, account } = locked;
  const known = await OWNER_OF_TASK.first(tx, { account: row.account, task: accepted.taskId });
  if (known !== undefined) return known.attempt === attempt ? 'already' : 'elsewhere';
  const orphan = row.state !== 'sending' && row.state !== 'uncertain';
  // An orphan is in flight and will be charged: it counts against the budget from now on.
  const orphanCost = orphan ? row.expected || accepted.hold || 0 : 0;
  await ENTER_TASK.run(tx, {
    account: row.account,
    task: accepted.taskId,
    attempt,
    batch: row.batch,
    lane: row.lane,
    item: row.item,
    createdAtMs: Math.round(accepted.createdAtMs),
    nextPollAtMs: Math.round(accepted.firstPollAtMs),
    held: accepted.hold,
    orphan: orphan ? 1 : 0,
    expected: orphanCost,
  });
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
  await COUNT_ACCEPTED.run(tx, {
    account: row.account,
    wasUncertain: row.state === 'uncertain' ? 1 : 0,
    // Only the answer to the probe itself says that spending may go on, not an id that turns up later.
    answersProbe: row.is_probe === 1 && row.state === 'sending' ? 1 : 0,
    learnt: JSON.stringify(learnt),
  });
  const priceNowKnown = row.unpriced === 1 && accepted.hold !== null;
  const expected = row.unpriced === 1 && accepted.hold !== null ? accepted.hold : row.expected;
  if (priceNowKnown) {
    await tx
      .updateTable('batches')
      .set({ committed: sql`committed + ${expected - row.expected}`, unpriced: sql`unpriced - 1` })
      .where('id', '=', row.batch)
      .execute();
  }
  if (row.state === 'sending') await LET_VIDEO_GO.run(tx, { video: row.video });
  const unpriced = priceNowKnown ? 0 : row.unpriced;
  await MARK_BOUND.run(tx, { attempt, nowMs, held: accepted.hold, expected, unpriced });
  await queueFollowers(tx, attempt, nowMs);
  return 'bound';
}
