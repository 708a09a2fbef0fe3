import type { Insertable, Selectable, Updateable } from 'kysely';
import { sql } from 'kysely';
import { recordEvent } from './events.ts';
import { rememberOutputs } from './former-outputs.ts';
import type { Ledger, Tx } from './open-ledger.ts';
import type { BatchRow, ItemTable } from './tables.ts';

/** Columns of an item that a manifest decides. */
export type ItemColumns = Pick<
  Insertable<ItemTable>,
  | 'row'
  | 'id'
  | 'lane'
  | 'file'
  | 'line'
  | 'video_url'
  | 'rule'
  | 'swap'
  | 'resolution'
  | 'model'
  | 'sound'
  | 'template'
  | 'output'
  | 'project'
  | 'note'
  | 'check_id'
  | 'differ'
  | 'x'
  | 'cells'
  | 'rule_key'
>;

/** What happens to one row of a submitted manifest (the plan's answer, made effective). */
export type RowEntry =
  /** A new row, or one whose work changed; `version` 2 and more get an output name of their own. */
  | {
      readonly kind: 'start';
      readonly columns: ItemColumns;
      readonly salt: string | null;
      readonly version: number;
      readonly state: 'pending' | 'skipped';
    }
  /** A new row whose work is done elsewhere: follows that attempt. */
  | {
      readonly kind: 'reuse';
      readonly columns: ItemColumns;
      readonly attempt: number;
      readonly mappings: string;
      readonly workKey: string;
      readonly peopleFound: number | null;
      readonly analysis: number | null;
      readonly version: number;
    }
  /** A row with errors, kept as failed. */
  | { readonly kind: 'bad'; readonly columns: ItemColumns; readonly code: string; readonly message: string }
  /** The same work as before: only what does not touch the work is brought up to date. */
  | { readonly kind: 'keep'; readonly columns: ItemColumns }
  /** A row that vanished from the manifest and was not paid. */
  | { readonly kind: 'remove'; readonly id: string };

export interface BatchEntry {
  readonly id: string;
  readonly account: string;
  readonly project: string | null;
  readonly operator: string;
  readonly manifestFile: string;
  readonly manifestPath: string;
  readonly manifestSha: string;
  readonly manifestRows: number;
  readonly lanes: number;
  readonly budget: number | null;
  readonly perItem: number | null;
  readonly estimated: number | null;
  readonly sheet: string | null;
  /** `tolerate` as written (`5%`, `20`); left out or null: however many items may fail. */
  readonly tolerate?: string | null;
}

const ROWS_PER_STATEMENT = 200;

/** The batch is known with another account: its spending would be mixed up. */
export class BatchOfAnotherAccount extends Error {
  override readonly name = 'BatchOfAnotherAccount';
  constructor(batch: string, known: string, wanted: string) {
    super(
      `batch "${batch}" is known with account "${known}", not "${wanted}"; nothing was changed or charged: use that account, or another batch name`,
    );
  }
}

/**
 * Enters a batch or goes on with it: the batch row first, then its rows in chunks, each its own transaction; run again after
 * a crash in between it ends the same, since every step is by id. The batch becomes `running` with the last chunk.
 */
export async function enterBatch(ledger: Ledger, batch: BatchEntry, rows: Iterable<RowEntry>): Promise<void> {
  await ledger.write((tx, nowMs) => upsertBatch(tx, batch, nowMs));
  for (const chunk of chunks(rows, ROWS_PER_STATEMENT)) {
    await ledger.write((tx, nowMs) => enterRows(tx, batch, chunk, nowMs));
  }
  await ledger.write(async (tx, nowMs) => {
    await tx
      .updateTable('batches')
      .set({ state: 'running', manifest_sha: batch.manifestSha, updated_at: nowMs, finished_at: null })
      .where('id', '=', batch.id)
      .execute();
    await recordEvent(
      tx,
      {
        type: 'submitted',
        batch: batch.id,
        account: batch.account,
        by: batch.operator,
        detail: `${batch.manifestRows} rows of ${batch.manifestFile}`,
      },
      nowMs,
    );
  });
}

async function upsertBatch(tx: Tx, batch: BatchEntry, nowMs: number): Promise<void> {
  const settings = {
    project: batch.project,
    manifest_file: batch.manifestFile,
    manifest_path: batch.manifestPath,
    manifest_rows: batch.manifestRows,
    budget: batch.budget,
    per_item: batch.perItem,
    estimated: batch.estimated,
    sheet: batch.sheet,
    tolerate: batch.tolerate ?? null,
    updated_at: nowMs,
  };
  const fresh: BatchRow = {
    ...settings,
    id: batch.id,
    account: batch.account,
    state: 'stopped',
    created_at: nowMs,
    finished_at: null,
    operator: batch.operator,
    round: 1,
    manifest_sha: '',
    lanes: batch.lanes,
    committed: 0,
    charged: 0,
    unpriced: 0,
    gates: 0,
    open_tasks: 0,
    driver: null,
    driver_until: 0,
    balance_before: null,
    balance_after: null,
  };
  const entered = await tx
    .insertInto('batches')
    .values(fresh)
    .onConflict((c) => c.column('id').doUpdateSet(settings))
    .returning('account')
    .executeTakeFirstOrThrow();
  if (entered.account !== batch.account) throw new BatchOfAnotherAccount(batch.id, entered.account, batch.account);
}

async function enterRows(tx: Tx, batch: BatchEntry, rows: readonly RowEntry[], nowMs: number): Promise<void> {
  const videos = await enterVideos(tx, batch.account, rows);
  const fresh: Insertable<ItemTable>[] = [];
  const kept: Insertable<ItemTable>[] = [];
  for (const row of rows) {
    if (row.kind === 'remove') {
      await removeRow(tx, batch.id, row.id, nowMs);
      continue;
    }
    const video = videos.get(row.columns.video_url) ?? null;
    const common = { ...EMPTY_ITEM, ...row.columns, batch: batch.id, video, updated_at: nowMs };
    if (row.kind === 'keep') kept.push({ ...common, state: 'pending' });
    else fresh.push({ ...common, ...startColumns(row) });
  }
  await keepRows(tx, kept);
  if (fresh.length === 0) return;
  const ids = fresh.map((row) => row.id);
  await rememberOutputs(tx, batch.id, ids);
  await tx
    .insertInto('items')
    .values(fresh)
    .onConflict((c) =>
      c
        .columns(['batch', 'id'])
        .doUpdateSet(excludedColumns(fresh[0] as Insertable<ItemTable>))
        // Work under way is never torn off its attempt, even if it began after the plan was made.
        .where('items.state', 'not in', ['submitting', 'uncertain', 'queued', 'processing', 'collecting']),
    )
    .execute();
}

function startColumns(
  row: Exclude<RowEntry, { kind: 'remove' } | { kind: 'keep' }>,
): Partial<Insertable<ItemTable>> & { state: Selectable<ItemTable>['state'] } {
  switch (row.kind) {
    case 'start':
      return row.state === 'skipped'
        ? {
            state: 'skipped',
            salt: row.salt,
            version: row.version,
            reason_code: 'S203',
            reason_message: 'the manifest says skip',
          }
        : { state: 'pending', salt: row.salt, version: row.version };
    case 'reuse':
      return {
        state: 'collecting',
        attempt: row.attempt,
        attached: 1,
        mappings: row.mappings,
        work_key: row.workKey,
        people_found: row.peopleFound,
        analysis: row.analysis,
        version: row.version,
      };
    case 'bad':
      return { state: 'failed', reason_code: row.code, reason_message: row.message };
    default:
      return row satisfies never;
  }
}

/** Everything of a started row but its identity starts anew; what it was charged stays. */
function excludedColumns(sample: Insertable<ItemTable>): Updateable<ItemTable> {
  const columns = Object.keys(sample).filter((name) => !['batch', 'id', 'charged', 'key'].includes(name));
  return Object.fromEntries(columns.map((name) => [name, sql.raw(`excluded.${name}`)])) as Updateable<ItemTable>;
}

async function enterVideos(tx: Tx, account: string, rows: readonly RowEntry[]): Promise<Map<string, number>> {
  const urls = new Set<string>();
  for (const row of rows) if (row.kind !== 'remove' && row.kind !== 'bad') urls.add(row.columns.video_url);
  if (urls.size === 0) return new Map();
  await tx
    .insertInto('videos')
    .values([...urls].map((url) => ({ account, url, reanalysing: 0, creating: 0 })))
    .onConflict((c) => c.columns(['account', 'url']).doNothing())
    .execute();
  const found = await tx
    .selectFrom('videos')
    .select(['id', 'url'])
    .where('account', '=', account)
    .where('url', 'in', [...urls])
    .execute();
  return new Map(found.map((video) => [video.url, video.id]));
}

/** Brought up to date in every state: nothing of it touches the work. */
const PLAIN_COLUMNS = ['row', 'file', 'line', 'note', 'project', 'x', 'cells', 'updated_at'] as const;
/**
 * Taken while nothing was sent for the row (a freshly signed URL); afterwards the literal URL it was analysed with stays. A
 * row that was rebuilt from the journal, which has no URLs, gets its own back.
 */
const WORK_COLUMNS = [
  'video_url',
  'video',
  'lane',
  'rule',
  'swap',
  'model',
  'sound',
  'template',
  'check_id',
  'differ',
] as const;
/** In these nothing of the row is at the vendor or in the store under its present path: another path is taken. */
const PATH_FREE = ['pending', 'analyzing', 'needs-pick', 'ready', 'failed', 'skipped', 'cancelled'];

async function keepRows(tx: Tx, rows: readonly Insertable<ItemTable>[]): Promise<void> {
  if (rows.length === 0) return;
  const plain = PLAIN_COLUMNS.map((name) => [name, sql.ref(`excluded.${name}`)] as const);
  const work = WORK_COLUMNS.map((name) => {
    const both = { now: sql.ref(`items.${name}`), next: sql.ref(`excluded.${name}`) };
    const value = sql`case when items.state = 'pending' or items.video_url = '' then ${both.next} else ${both.now} end`;
    return [name, value] as const;
  });
  const output = sql`case when items.state in (${sql.join(PATH_FREE)}) then ${sql.ref('excluded.output')}
    else ${sql.ref('items.output')} end`;
  const columns = Object.fromEntries([...plain, ...work, ['output', output] as const]) as Updateable<ItemTable>;
  await tx
    .insertInto('items')
    .values(rows)
    .onConflict((c) => c.columns(['batch', 'id']).doUpdateSet(columns))
    .execute();
}

async function removeRow(tx: Tx, batch: string, id: string, nowMs: number): Promise<void> {
  await tx
    .updateTable('items')
    .set({
      state: 'cancelled',
      reason_code: 'M-removed',
      reason_message: 'the row is no longer in the manifest',
      reason_vendor: null,
      reason_next: null,
      updated_at: nowMs,
    })
    .where('batch', '=', batch)
    .where('id', '=', id)
    .where('state', 'in', ['pending', 'analyzing', 'needs-pick', 'ready'])
    .execute();
}

function* chunks<T>(values: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const value of values) {
    chunk.push(value);
    if (chunk.length === size) {
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** An item of which nothing is known yet but what its manifest says. */
export const EMPTY_ITEM = {
  work_key: null,
  salt: null,
  reason_code: null,
  reason_message: null,
  reason_vendor: null,
  reason_next: null,
  mappings: null,
  people_found: null,
  analysis: null,
  price: null,
  charged: 0,
  attempt: null,
  attached: 0,
  reused_from: null,
  round: 1,
  version: 1,
  tries: 0,
  next_at: 0,
  owner: null,
  issued_at: null,
  gone_since: null,
  stalled: 0,
};
