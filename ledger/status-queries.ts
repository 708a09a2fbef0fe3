import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';
import type { BatchRow, EventTable } from './tables.ts';

export async function batchRow(db: Tx, batch: string): Promise<BatchRow | null> {
  return (await db.selectFrom('batches').selectAll().where('id', '=', batch).executeTakeFirst()) ?? null;
}

/** All batches, newest first. */
export function allBatches(db: Tx): Promise<BatchRow[]> {
  return db.selectFrom('batches').selectAll().orderBy('created_at', 'desc').orderBy('id').execute();
}

/** Items of a batch alike, for totals. `ready` ones behind a budget gate are told apart by the caller. */
export interface StateCount {
  readonly state: ItemState;
  readonly stalled: boolean;
  readonly count: number;
}

export async function stateCounts(db: Tx, batch: string): Promise<StateCount[]> {
  const rows = await db
    .selectFrom('items')
    .select((e) => ['state', 'stalled', e.fn.countAll<number>().as('count')])
    .where('batch', '=', batch)
    .groupBy(['state', 'stalled'])
    .execute();
  return rows.map((row) => ({ state: row.state, stalled: row.stalled === 1, count: Number(row.count) }));
}

/** Credits locked by what is not settled: the vendor's hold where it told one, else what was expected. */
export async function heldCredits(db: Tx, batch: string): Promise<number> {
  const row = await db
    .selectFrom('attempts')
    .select(sql<number>`coalesce(sum(coalesce(held, expected)), 0)`.as('held'))
    .where('batch', '=', batch)
    .where('state', 'in', ['sending', 'bound', 'uncertain'])
    .executeTakeFirstOrThrow();
  return Number(row.held);
}

/** An item as `status` and progress lines tell it. */
export interface ItemLine {
  readonly key: number;
  readonly id: string;
  readonly state: ItemState;
  readonly stalled: boolean;
  readonly reasonCode: string | null;
  readonly reasonMessage: string | null;
  readonly reasonVendor: string | null;
  readonly reasonNext: string | null;
  readonly charged: number;
  readonly taskId: string | null;
  readonly file: string | null;
  readonly reusedFrom: string | null;
  readonly updatedAtMs: number;
}

export interface ItemFilter {
  readonly state?: ItemState;
  readonly reason?: string;
  /** Only what changed at or after this time. */
  readonly sinceMs?: number;
}

/** Items of a batch in the order of the sheet. */
export async function itemLines(db: Tx, batch: string, filter: ItemFilter = {}): Promise<ItemLine[]> {
  const rows = await db
    .selectFrom('items')
    .leftJoin('outputs', 'outputs.item', 'items.key')
    .select([
      'items.key',
      'items.id',
      'items.state',
      'items.stalled',
      'items.reason_code as reasonCode',
      'items.reason_message as reasonMessage',
      'items.reason_vendor as reasonVendor',
      'items.reason_next as reasonNext',
      'items.charged',
      'items.reused_from as reusedFrom',
      'items.updated_at as updatedAtMs',
      'outputs.file',
      (e) =>
        e
          .selectFrom('tasks')
          .select('tasks.id')
          .whereRef('tasks.attempt', '=', 'items.attempt')
          .orderBy('tasks.orphan')
          .limit(1)
          .as('taskId'),
    ])
    .where('items.batch', '=', batch)
    .$if(filter.state !== undefined, (query) => query.where('items.state', '=', filter.state as ItemState))
    .$if(filter.reason !== undefined, (query) => query.where('items.reason_code', '=', filter.reason as string))
    .$if(filter.sinceMs !== undefined, (query) => query.where('items.updated_at', '>=', filter.sinceMs as number))
    .orderBy('items.row')
    .execute();
  return rows.map(({ stalled, ...row }) => ({ ...row, stalled: stalled === 1 }));
}

/** Events of a batch and its account after a sequence number, oldest first. */
export function eventsAfter(
  db: Tx,
  at: { readonly batch: string; readonly account: string; readonly seq: number },
  limit = 500,
): Promise<Selectable<EventTable>[]> {
  return db
    .selectFrom('events')
    .selectAll()
    .where('seq', '>', at.seq)
    .where((e) => e.or([e('batch', '=', at.batch), e.and([e('account', '=', at.account), e('batch', 'is', null)])]))
    .orderBy('seq')
    .limit(limit)
    .execute();
}

export async function lastEventSeq(db: Tx): Promise<number> {
  const row = await db
    .selectFrom('events')
    .select((e) => e.fn.max('seq').as('seq'))
    .executeTakeFirst();
  return Number(row?.seq ?? 0);
}

/** What is between reserve and answer now: the items a hard end could leave uncertain, and those only claimed. */
export async function unsentAndSending(
  db: Tx,
  batch: string,
): Promise<{ readonly reserved: number; readonly sending: readonly string[] }> {
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .select(['items.id', 'attempts.state'])
    .where('attempts.batch', '=', batch)
    .where('attempts.state', 'in', ['reserved', 'sending'])
    .execute();
  return {
    reserved: rows.filter((row) => row.state === 'reserved').length,
    sending: rows.filter((row) => row.state === 'sending').map((row) => row.id),
  };
}

/** Latest change of anything in a batch. */
export async function lastActivityMs(db: Tx, batch: string): Promise<number | null> {
  const row = await db
    .selectFrom('items')
    .select((e) => e.fn.max('updated_at').as('at'))
    .where('batch', '=', batch)
    .executeTakeFirst();
  return row?.at === null || row?.at === undefined ? null : Number(row.at);
}

export interface MoneyGroup {
  readonly key: string;
  readonly held: number;
  readonly spent: number;
  readonly tasks: number;
}

/** Held and spent of an account: in all (`key` empty), by batch, by project, or by day (UTC) of sending. */
export async function moneyBy(db: Tx, account: string, by: 'batch' | 'project' | 'day' | null): Promise<MoneyGroup[]> {
  const rows = await db
    .selectFrom('attempts')
    .leftJoin('items', 'items.key', 'attempts.item')
    .select([
      'attempts.batch',
      'items.project',
      'attempts.sent_at as sentAt',
      'attempts.state',
      'attempts.held',
      'attempts.expected',
      'attempts.charged',
    ])
    .where('attempts.account', '=', account)
    .where('attempts.state', 'in', ['sending', 'bound', 'uncertain', 'settled', 'abandoned'])
    .execute();
  const orphans = await db
    .selectFrom('tasks')
    .leftJoin('items', 'items.key', 'tasks.item')
    .select(['tasks.batch', 'items.project', 'tasks.created_at as sentAt', 'tasks.charged'])
    .where('tasks.account', '=', account)
    .where('tasks.orphan', '=', 1)
    .execute();
  const groups = new Map<string, { held: number; spent: number; tasks: number }>();
  const add = (row: { batch: string; project: string | null; sentAt: number | null }, held: number, spent: number) => {
    const key =
      by === null
        ? ''
        : by === 'batch'
          ? row.batch
          : by === 'project'
            ? (row.project ?? '')
            : row.sentAt === null
              ? ''
              : new Date(row.sentAt).toISOString().slice(0, 10);
    const group = groups.get(key) ?? { held: 0, spent: 0, tasks: 0 };
    groups.set(key, { held: group.held + held, spent: group.spent + spent, tasks: group.tasks + 1 });
  };
  for (const row of rows) {
    const open = row.state === 'sending' || row.state === 'bound' || row.state === 'uncertain';
    add(row, open ? (row.held ?? row.expected) : 0, row.charged ?? 0);
  }
  for (const row of orphans) add(row, 0, row.charged ?? 0);
  return [...groups].map(([key, group]) => ({ key, ...group })).toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
