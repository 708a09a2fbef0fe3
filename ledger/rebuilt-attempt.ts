import { sql, type Insertable } from 'kysely';
import type { AttemptState, ItemState } from '../schemas/states.ts';
import { lockAccount } from './account-row.ts';
import { reasonColumns, type ItemReason } from './attempt-row.ts';
import type { JournalLine } from './journal.ts';
import type { Tx } from './open-ledger.ts';
import { placeholderBatch, placeholderItem } from './rebuilt-placeholders.ts';
import type { AttemptTable } from './tables.ts';

export type RebuiltState = Exclude<AttemptState, 'reserved' | 'sending'>;

export const UNMATCHED: ItemReason & { readonly next: string } = {
  code: 'U102',
  message:
    'the ledger was rebuilt: this create was about to be sent, and how it ended is not known; it may have been charged',
  next: 'look into the vendor console, then headswap resolve',
};

/**
 * Enters one attempt with its batch, its item and its tasks as far as the journal knows them. Video, swap rule and the rest
 * of the item come back when its manifest is run again. Returns the state it got.
 */
export async function insertRebuilt(
  tx: Tx,
  reserve: JournalLine,
  known: { readonly binds: readonly JournalLine[]; readonly settle: JournalLine | null },
  nowMs: number,
): Promise<RebuiltState> {
  await lockAccount(tx, reserve.account);
  await placeholderBatch(tx, reserve, nowMs);
  const item = await placeholderItem(tx, reserve, nowMs);
  const { settle } = known;
  const tasks = await newTasks(tx, [...known.binds, ...(settle === null ? [] : [settle])]);
  const [own, ...others] = tasks;
  const state = stateOf(own, settle);
  const live = state === 'bound' || state === 'uncertain';
  const expected = reserve.type === 'reserve' ? (reserve.credits ?? 0) : 0;
  const charged = own === undefined ? null : (settle?.credits ?? null);
  const values: Insertable<AttemptTable> = {
    batch: reserve.batch,
    item,
    account: reserve.account,
    video: 0,
    lane: 0,
    analysis: 0,
    n: reserve.n,
    state,
    work_key: reserve.work_key,
    token: reserve.token,
    expected,
    held: known.binds[0]?.credits ?? null,
    charged: state === 'settled' ? charged : null,
    has_output: settle?.outcome === 'done' ? 1 : 0,
    reserved_at: Date.parse(reserve.at),
    issued_at: nowMs,
    sent_at: Date.parse(reserve.at),
    bound_at: own === undefined ? null : nowMs,
    settled_at: settle === null ? null : Date.parse(settle.at),
    owner: null,
    gate_epoch: 0,
    is_probe: 0,
    code: state === 'uncertain' ? 'U102' : null,
    vendor_text: null,
    balance_before: null,
    balance_after: null,
    counted_open: live ? 1 : 0,
    approved_by: null,
  };
  const entered = await tx
    .insertInto('attempts')
    .values(values)
    .onConflict((c) => c.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (entered === undefined) {
    // The item or the work has another live or paid attempt: this one is kept beside it, and its tasks as orphans.
    const kept = { ...values, state: 'abandoned' as const, counted_open: 0, has_output: 0, charged: null };
    const { id } = await tx.insertInto('attempts').values(kept).returning('id').executeTakeFirstOrThrow();
    for (const task of tasks) await insertTask(tx, { id, item, expected }, task, settle, true, nowMs);
    return 'abandoned';
  }
  const attempt = { id: entered.id, item, expected };
  const beside = state === 'refused' || state === 'abandoned';
  if (own !== undefined) await insertTask(tx, attempt, own, settle, beside, nowMs);
  for (const task of others) await insertTask(tx, attempt, task, null, true, nowMs);
  await book(tx, reserve, { state, live, expected, charged: values.charged ?? null });
  await moveItem(tx, attempt, { state, charged: values.charged ?? 0, done: settle?.outcome === 'done' }, nowMs);
  return state;
}

function stateOf(own: JournalLine | undefined, settle: JournalLine | null): RebuiltState {
  const outcome = settle?.outcome ?? null;
  switch (outcome) {
    case 'done':
    case 'failed':
      return 'settled';
    case 'refused':
    case 'abandoned':
      return outcome;
    case null:
      return own === undefined ? 'uncertain' : 'bound';
    default:
      return outcome satisfies never;
  }
}

/** One line per task id that the ledger has no task for, in the order the ids appeared. */
async function newTasks(tx: Tx, lines: readonly JournalLine[]): Promise<JournalLine[]> {
  const fresh = new Map<string, JournalLine>();
  for (const line of lines) {
    if (line.task_id === null || fresh.has(line.task_id)) continue;
    const known = await tx
      .selectFrom('tasks')
      .select('id')
      .where('account', '=', line.account)
      .where('id', '=', line.task_id)
      .executeTakeFirst();
    if (known === undefined) fresh.set(line.task_id, line);
  }
  return [...fresh.values()];
}

async function insertTask(
  tx: Tx,
  attempt: { readonly id: number; readonly item: number; readonly expected: number },
  line: JournalLine,
  settle: JournalLine | null,
  orphan: boolean,
  nowMs: number,
): Promise<void> {
  const ended = settle?.outcome === 'done' || settle?.outcome === 'failed' ? settle.outcome : null;
  const charged = ended === null ? null : (settle?.credits ?? null);
  const expected = orphan ? attempt.expected || line.credits || 0 : 0;
  const row = await tx
    .insertInto('tasks')
    .values({
      account: line.account,
      id: line.task_id ?? '',
      attempt: attempt.id,
      batch: line.batch,
      lane: 0,
      item: attempt.item,
      state: ended ?? 'open',
      vendor_status: ended === 'done' ? 3 : ended === 'failed' ? 4 : 1,
      created_at: Date.parse(line.at),
      next_poll_at: nowMs,
      polls: 0,
      not_yet_ms: 0,
      held: line.type === 'bind' ? line.credits : null,
      charged,
      ended_at: ended === null ? null : Date.parse(settle?.at ?? line.at),
      orphan: orphan ? 1 : 0,
      expected,
    })
    .onConflict((c) => c.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (row === undefined || !orphan) return;
  await tx
    .updateTable('batches')
    .set({ committed: sql`committed + ${charged ?? expected}`, charged: sql`charged + ${charged ?? 0}` })
    .where('id', '=', line.batch)
    .execute();
}

/** The counters that the attempt's state stands for. */
async function book(
  tx: Tx,
  reserve: JournalLine,
  is: {
    readonly state: RebuiltState;
    readonly live: boolean;
    readonly expected: number;
    readonly charged: number | null;
  },
): Promise<void> {
  const open = is.live ? 1 : 0;
  await tx
    .updateTable('accounts')
    .set({ open_tasks: sql`open_tasks + ${open}`, uncertain: sql`uncertain + ${is.state === 'uncertain' ? 1 : 0}` })
    .where('id', '=', reserve.account)
    .execute();
  const committed = is.live || is.state === 'settled' ? (is.charged ?? is.expected) : 0;
  await tx
    .updateTable('batches')
    .set({
      open_tasks: sql`open_tasks + ${open}`,
      committed: sql`committed + ${committed}`,
      charged: sql`charged + ${is.charged ?? 0}`,
    })
    .where('id', '=', reserve.batch)
    .execute();
}

async function moveItem(
  tx: Tx,
  attempt: { readonly id: number; readonly item: number },
  is: { readonly state: RebuiltState; readonly charged: number; readonly done: boolean },
  nowMs: number,
): Promise<void> {
  await tx
    .updateTable('items')
    .set({ charged: sql`charged + ${is.charged}` })
    .where('key', '=', attempt.item)
    .execute();
  if (is.state === 'refused' || is.state === 'abandoned') return;
  const states = { bound: 'queued', uncertain: 'uncertain', settled: is.done ? 'collecting' : 'failed' } as const;
  const next: ItemState = states[is.state];
  const failed: ItemReason = { code: 'P105', message: 'the task failed at the vendor, says the journal' };
  const reason = next === 'uncertain' ? UNMATCHED : next === 'failed' ? failed : null;
  await tx
    .updateTable('items')
    .set({ state: next, attempt: attempt.id, attached: 0, ...reasonColumns(reason), updated_at: nowMs })
    .where('key', '=', attempt.item)
    .where('state', 'in', ['pending', 'analyzing', 'needs-pick', 'ready', 'failed'])
    .execute();
}
