import { sql, type Selectable, type Updateable } from 'kysely';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
import type { AccountRow, AttemptTable, ItemTable } from './tables.ts';

export type AttemptRow = Selectable<AttemptTable>;

/** Why an item ended or waits, as the report tells it. */
export interface ItemReason {
  readonly code: string;
  readonly message: string;
  readonly vendor?: string | null;
  readonly next?: string | null;
}

/** Columns of an item's reason; null clears it. */
export function reasonColumns(reason: ItemReason | null): Updateable<ItemTable> {
  return {
    reason_code: reason?.code ?? null,
    reason_message: reason?.message ?? null,
    reason_vendor: reason?.vendor ?? null,
    reason_next: reason?.next ?? null,
  };
}

const LOCK_ACCOUNT_OF = prepared<{ attempt: number }>()((db, v) =>
  db
    .updateTable('accounts')
    .set({ gates: sql`gates` })
    .where('id', '=', (e) => e.selectFrom('attempts').select('attempts.account').where('attempts.id', '=', v.attempt))
    .returningAll(),
);
const READ = prepared<{ attempt: number }>()((db, v) =>
  db.selectFrom('attempts').selectAll().where('id', '=', v.attempt),
);

/** The row of an attempt that must exist. */
export function attemptRow(db: Tx, attempt: number): Promise<AttemptRow> {
  return READ.one(db, { attempt });
}

/** Locks the account, then reads the attempt; null when there is none. */
export async function lockAttempt(tx: Tx, attempt: number): Promise<{ row: AttemptRow; account: AccountRow } | null> {
  const account = await LOCK_ACCOUNT_OF.first(tx, { attempt });
  if (account === undefined) return null;
  return { row: await attemptRow(tx, attempt), account };
}

/** The item of the attempt and those of other batches that follow it. */
export async function moveFollowers(tx: Tx, attempt: number, set: Updateable<ItemTable>, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({ ...set, updated_at: nowMs })
    .where('attempt', '=', attempt)
    .where('state', 'in', ['submitting', 'uncertain', 'queued', 'processing'])
    .execute();
}

const QUEUE_FOLLOWERS = prepared<{ attempt: number; nowMs: number }>()((db, v) =>
  db
    .updateTable('items')
    .set({ state: 'queued', ...reasonColumns(null), updated_at: v.nowMs })
    .where('attempt', '=', v.attempt)
    .where('state', 'in', ['submitting', 'uncertain', 'queued', 'processing']),
);

/** Its task's id is known: all that follow it wait at the vendor now. */
export function queueFollowers(tx: Tx, attempt: number, nowMs: number): Promise<void> {
  return QUEUE_FOLLOWERS.run(tx, { attempt, nowMs });
}

/** `skip` of a paid item gives up waiting, not what was paid for: its output is collected too (contract section 3). */
const COLLECT_FOLLOWERS = prepared<{ attempt: number; nowMs: number }>()((db, v) =>
  db
    .updateTable('items')
    .set({
      state: 'collecting',
      owner: null,
      issued_at: null,
      next_at: 0,
      tries: 0,
      stalled: 0,
      gone_since: null,
      ...reasonColumns(null),
      updated_at: v.nowMs,
    })
    .where('attempt', '=', v.attempt)
    .where((e) =>
      e.or([
        e('state', 'in', ['submitting', 'uncertain', 'queued', 'processing']),
        e.and([e('state', '=', 'skipped'), e('reason_code', '=', 'S202')]),
      ]),
    ),
);

/** Its task has an output: all that follow it collect that. */
export function collectFollowers(tx: Tx, attempt: number, nowMs: number): Promise<void> {
  return COLLECT_FOLLOWERS.run(tx, { attempt, nowMs });
}
