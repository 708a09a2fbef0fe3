import type { ItemState } from '../schemas/states.ts';
import type { Tx } from './open-ledger.ts';

/** A row of a known batch, as a plan compares it with a manifest. */
export interface KnownRow {
  readonly key: number;
  readonly id: string;
  readonly state: ItemState;
  readonly ruleKey: string;
  readonly salt: string | null;
  readonly version: number;
  readonly reasonCode: string | null;
  readonly attempt: number | null;
  /** Storage key of what was collected; null when nothing was. */
  readonly file: string | null;
  /** A task of it was, or may have been, charged. */
  readonly paid: boolean;
}

/** Rows of a batch, in the order of the sheet. */
export async function knownRows(db: Tx, batch: string): Promise<KnownRow[]> {
  const paid = await paidItems(db, batch);
  const rows = await db
    .selectFrom('items')
    .leftJoin('outputs', 'outputs.item', 'items.key')
    .select([
      'items.key',
      'items.id',
      'items.state',
      'items.rule_key as ruleKey',
      'items.salt',
      'items.version',
      'items.reason_code as reasonCode',
      'items.attempt',
      'outputs.file',
    ])
    .where('items.batch', '=', batch)
    .orderBy('items.row')
    .execute();
  return rows.map((row) => ({ ...row, paid: paid.has(row.key) }));
}

/** Items of a batch with a task that cost something, or may have: what the vendor did not tell counts as paid. */
async function paidItems(db: Tx, batch: string): Promise<Set<number>> {
  const rows = await db
    .selectFrom('attempts')
    .select('item')
    .distinct()
    .where('batch', '=', batch)
    .where((e) =>
      e.or([
        e('charged', '>', 0),
        e('has_output', '=', 1),
        e('state', 'in', ['sending', 'bound', 'uncertain', 'abandoned']),
        e.and([e('state', '=', 'settled'), e('charged', 'is', null)]),
      ]),
    )
    .execute();
  return new Set(rows.map((row) => row.item));
}

/** Work that is done, by rule key: one row per item that has its output, and per output of an earlier form of an item. */
export interface DoneRow {
  readonly ruleKey: string;
  readonly attempt: number;
  readonly batch: string;
  readonly item: string;
  readonly mappings: string;
  readonly workKey: string;
  readonly peopleFound: number | null;
  readonly analysis: number | null;
  readonly file: string;
}

const KEYS_PER_STATEMENT = 500;

export async function doneWork(db: Tx, ruleKeys: readonly string[]): Promise<DoneRow[]> {
  const found: DoneRow[] = [];
  for (const keys of slices(ruleKeys)) {
    const rows = await db
      .selectFrom('items')
      .innerJoin('outputs', 'outputs.item', 'items.key')
      .select([
        'items.rule_key as ruleKey',
        'outputs.attempt',
        'items.batch',
        'items.id as item',
        'items.mappings',
        'items.work_key as workKey',
        'items.people_found as peopleFound',
        'items.analysis',
        'outputs.file',
      ])
      .where('items.rule_key', 'in', keys)
      .where('items.state', '=', 'done')
      .orderBy('outputs.at')
      .execute();
    const former = await db
      .selectFrom('former_outputs as former')
      .innerJoin('items', 'items.key', 'former.item')
      .innerJoin('attempts', 'attempts.id', 'former.attempt')
      .select([
        'former.rule_key as ruleKey',
        'former.attempt',
        'items.batch',
        'items.id as item',
        'former.mappings',
        'former.work_key as workKey',
        'former.people_found as peopleFound',
        'former.analysis',
        'former.file',
      ])
      .where('former.rule_key', 'in', keys)
      // Given up since, by whoever was told that its output is gone.
      .where('attempts.has_output', '=', 1)
      // Of several the one asked for last.
      .orderBy('former.at', 'desc')
      .execute();
    for (const row of rows)
      if (row.mappings !== null && row.workKey !== null)
        found.push({ ...row, mappings: row.mappings, workKey: row.workKey });
    found.push(...former);
  }
  return found;
}

/** Rule keys of work that is being made now on an account, with who makes it. */
export async function liveWork(
  db: Tx,
  account: string,
): Promise<{ readonly ruleKey: string; readonly batch: string; readonly item: string }[]> {
  return db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .select(['items.rule_key as ruleKey', 'items.batch', 'items.id as item'])
    .where('attempts.account', '=', account)
    .where('attempts.state', 'in', ['reserved', 'sending', 'bound', 'uncertain'])
    .whereRef('items.attempt', '=', 'attempts.id')
    .execute();
}

/** Which of these videos are analysed already. */
export async function analysedVideos(db: Tx, account: string, urls: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const some of slices(urls)) {
    const rows = await db
      .selectFrom('videos')
      .select('url')
      .where('account', '=', account)
      .where('url', 'in', some)
      .where('analysis', 'is not', null)
      .execute();
    for (const row of rows) found.add(row.url);
  }
  return found;
}

/** How long tasks and analyses of an account took lately, by the time their end was seen; null when none is known. */
export async function learntDurations(
  db: Tx,
  account: string,
): Promise<{ readonly taskMs: number | null; readonly analysisMs: number | null }> {
  const tasks = await db
    .selectFrom('tasks')
    .select(['created_at as from', 'ended_at as to'])
    .where('account', '=', account)
    .where('state', '=', 'done')
    .where('ended_at', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(100)
    .execute();
  const analyses = await db
    .selectFrom('analyses')
    .select(['sent_at as from', 'ended_at as to'])
    .where('account', '=', account)
    .where('state', '=', 'done')
    .where('ended_at', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(100)
    .execute();
  return { taskMs: medianSpan(tasks), analysisMs: medianSpan(analyses) };
}

/** When each open task of a batch was created. */
export async function openTasksSince(db: Tx, batch: string): Promise<number[]> {
  const rows = await db
    .selectFrom('tasks')
    .select('created_at as at')
    .where('batch', '=', batch)
    .where('state', '=', 'open')
    .execute();
  return rows.map((row) => row.at);
}

function medianSpan(rows: readonly { readonly from: number | null; readonly to: number | null }[]): number | null {
  const spans = rows
    .flatMap(({ from, to }) => (from === null || to === null ? [] : [to - from]))
    .toSorted((a, b) => a - b);
  return spans[Math.floor(spans.length / 2)] ?? null;
}

function* slices(values: readonly string[]): Generator<string[]> {
  for (let start = 0; start < values.length; start += KEYS_PER_STATEMENT)
    yield values.slice(start, start + KEYS_PER_STATEMENT);
}
