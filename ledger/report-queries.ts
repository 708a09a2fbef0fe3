import type { Selectable } from 'kysely';
import type { Tx } from './open-ledger.ts';
import type { AnalysisTable, AttemptTable, EventTable, ItemTable, OutputRow, TaskTable } from './tables.ts';

/** Everything a report tells about one batch, as rows. */
export interface ReportRows {
  /** In the order of the sheet. */
  readonly items: readonly Selectable<ItemTable>[];
  readonly attempts: readonly Selectable<AttemptTable>[];
  readonly tasks: readonly Selectable<TaskTable>[];
  readonly outputs: readonly OutputRow[];
  /** Analyses that items of the batch were resolved with or that it asked for. */
  readonly analyses: readonly Selectable<AnalysisTable>[];
  /** Of the batch, and of its account while the batch was open; oldest first. */
  readonly events: readonly Selectable<EventTable>[];
  /** Other batches sent creates on the same account since this one began. */
  readonly accountShared: boolean;
}

/** Rows of one batch; null when it is not known. Reads committed state, in a few statements. */
export async function reportRows(db: Tx, batch: string): Promise<ReportRows | null> {
  const row = await db
    .selectFrom('batches')
    .select(['account', 'created_at', 'finished_at'])
    .where('id', '=', batch)
    .executeTakeFirst();
  if (row === undefined) return null;
  const until = row.finished_at ?? Number.MAX_SAFE_INTEGER;
  const [items, attempts, tasks, outputs, analyses, events, other] = await Promise.all([
    db.selectFrom('items').selectAll().where('batch', '=', batch).orderBy('row').orderBy('key').execute(),
    db.selectFrom('attempts').selectAll().where('batch', '=', batch).orderBy('item').orderBy('n').execute(),
    db.selectFrom('tasks').selectAll().where('batch', '=', batch).execute(),
    db
      .selectFrom('outputs')
      .innerJoin('items', 'items.key', 'outputs.item')
      .selectAll('outputs')
      .where('items.batch', '=', batch)
      .execute(),
    db
      .selectFrom('analyses')
      .selectAll()
      .where((e) =>
        e.or([
          e('batch', '=', batch),
          e(
            'id',
            'in',
            e
              .selectFrom('items')
              .select('items.analysis')
              .where('items.batch', '=', batch)
              .where('items.analysis', 'is not', null)
              .$castTo<{ analysis: number }>(),
          ),
        ]),
      )
      .execute(),
    db
      .selectFrom('events')
      .selectAll()
      .where((e) =>
        e.or([
          e('batch', '=', batch),
          e.and([
            e('batch', 'is', null),
            e('account', '=', row.account),
            e('at', '>=', row.created_at),
            e('at', '<=', until),
          ]),
        ]),
      )
      .orderBy('seq')
      .execute(),
    db
      .selectFrom('attempts')
      .select('id')
      .where('account', '=', row.account)
      .where('batch', '<>', batch)
      .where('sent_at', '>=', row.created_at)
      .where('sent_at', '<=', until)
      .limit(1)
      .executeTakeFirst(),
  ]);
  return { items, attempts, tasks, outputs, analyses, events, accountShared: other !== undefined };
}
