import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';

/** A counter that is not what the rows say. */
export interface CounterDifference {
  readonly table: 'accounts' | 'batches' | 'videos' | 'items';
  readonly id: string;
  readonly counter: string;
  readonly stored: number;
  readonly recomputed: number;
}

/** Credits are sums of floats: differences below this are rounding. */
const ROUNDING = 1e-6;

/**
 * Recomputes every counter that claims rely on from the rows it counts (design D4: counters move only with the guarded
 * change they count). Empty: the ledger agrees with itself. `db` must see one state: pass a transaction while others write.
 */
export async function verifyCounters(db: Tx): Promise<CounterDifference[]> {
  const checks = await Promise.all([ofAccounts(db), ofBatches(db), ofVideos(db), ofItems(db)]);
  return checks.flat();
}

type Row = { id: string | number } & Record<string, string | number | null>;

/** Compares columns `name` and `name_now` of each row. */
function differences(
  table: CounterDifference['table'],
  counters: readonly string[],
  rows: readonly Row[],
): CounterDifference[] {
  return rows.flatMap((row) =>
    counters.flatMap((counter) => {
      const stored = Number(row[counter] ?? 0);
      const recomputed = Number(row[`${counter}_now`] ?? 0);
      const same = Math.abs(stored - recomputed) < ROUNDING;
      return same ? [] : [{ table, id: String(row.id), counter, stored, recomputed }];
    }),
  );
}

async function ofAccounts(db: Tx): Promise<CounterDifference[]> {
  const { rows } = await sql<Row>`
    select a.id, a.open_tasks, a.reserved, a.uncertain, a.open_analyses, a.analyses_reserved, a.gates,
      (select count(*) from attempts t where t.account = a.id and t.counted_open = 1
        and t.state in ('reserved', 'sending', 'bound', 'uncertain')) as open_tasks_now,
      (select count(*) from attempts t where t.account = a.id and t.state = 'reserved') as reserved_now,
      (select count(*) from attempts t where t.account = a.id and t.state = 'uncertain') as uncertain_now,
      (select count(*) from analyses n where n.account = a.id and n.state in ('reserved', 'sending', 'running'))
        as open_analyses_now,
      (select count(*) from analyses n where n.account = a.id and n.state = 'reserved') as analyses_reserved_now,
      (select count(*) from gates g where g.scope = 'account' and g.owner = a.id) as gates_now
    from accounts a`.execute(db);
  return differences(
    'accounts',
    ['open_tasks', 'reserved', 'uncertain', 'open_analyses', 'analyses_reserved', 'gates'],
    rows,
  );
}

/** Committed: what is charged, plus what is expected of everything that may still be charged. */
async function ofBatches(db: Tx): Promise<CounterDifference[]> {
  const { rows } = await sql<Row>`
    select b.id, b.open_tasks, b.committed, b.charged, b.unpriced, b.gates,
      (select count(*) from attempts t where t.batch = b.id and t.counted_open = 1
        and t.state in ('reserved', 'sending', 'bound', 'uncertain')) as open_tasks_now,
      (select count(*) from attempts t where t.batch = b.id and t.unpriced = 1
        and t.state in ('reserved', 'sending', 'bound', 'uncertain')) as unpriced_now,
      (select coalesce(sum(coalesce(t.charged, t.expected)), 0) from attempts t where t.batch = b.id
        and t.state in ('reserved', 'sending', 'bound', 'uncertain', 'settled'))
        + (select coalesce(sum(coalesce(k.charged, k.expected)), 0) from tasks k where k.batch = b.id and k.orphan = 1)
        as committed_now,
      (select coalesce(sum(k.charged), 0) from tasks k where k.batch = b.id) as charged_now,
      (select count(*) from gates g where g.scope = 'batch' and g.owner = b.id) as gates_now
    from batches b`.execute(db);
  return differences('batches', ['open_tasks', 'committed', 'charged', 'unpriced', 'gates'], rows);
}

async function ofVideos(db: Tx): Promise<CounterDifference[]> {
  const { rows } = await sql<Row>`
    select v.id, v.creating, v.reanalysing,
      coalesce(c.creating_now, 0) as creating_now,
      case when v.reanalysing = 1 and coalesce(l.live, 0) = 0 then 0 else v.reanalysing end as reanalysing_now
    from videos v
      left join (select video, count(*) as creating_now from attempts where state in ('reserved', 'sending') group by video) c
        on c.video = v.id
      left join (select video, count(*) as live from analyses where state in ('reserved', 'sending', 'running') group by video) l
        on l.video = v.id
    where v.creating <> coalesce(c.creating_now, 0) or (v.reanalysing = 1 and coalesce(l.live, 0) = 0)`.execute(db);
  return differences('videos', ['creating', 'reanalysing'], rows);
}

/** What an item was charged is what its attempts' own tasks were charged. */
async function ofItems(db: Tx): Promise<CounterDifference[]> {
  const { rows } = await sql<Row>`
    select i.key as id, i.charged, coalesce(k.charged_now, 0) as charged_now
    from items i
      left join (select item, sum(charged) as charged_now from tasks where orphan = 0 group by item) k on k.item = i.key
    where i.charged <> 0 or coalesce(k.charged_now, 0) <> 0`.execute(db);
  return differences('items', ['charged'], rows);
}
