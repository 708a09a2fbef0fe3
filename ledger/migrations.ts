import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

export type LedgerDialect = 'sqlite' | 'postgres';

/**
 * Numbered migrations, run in order under one lock. `{int}`, `{real}` and `{id}` stand for the dialect's types; all else
 * is the same text on both. Never edit one that was released: add the next.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table accounts (id text primary key, base_url text not null, key_fingerprint text not null,
      create_ceiling {real} not null, analyze_ceiling {real} not null, poll_ceiling {real} not null,
      open_ceiling {int} not null, analyses_limit {int} not null, max_uncertain {int} not null,
      create_gap_ms {real} not null, analyze_gap_ms {real} not null, poll_gap_ms {real} not null,
      next_create_at {real} not null default 0, next_analyze_at {real} not null default 0, next_poll_at {real} not null default 0,
      pace_memory text not null default '{}',
      open_tasks {int} not null default 0 check (open_tasks >= 0), open_limit {int} not null,
      open_analyses {int} not null default 0 check (open_analyses >= 0),
      reserved {int} not null default 0 check (reserved >= 0), analyses_reserved {int} not null default 0 check (analyses_reserved >= 0),
      uncertain {int} not null default 0 check (uncertain >= 0),
      gates {int} not null default 0 check (gates >= 0), gate_epoch {int} not null default 0, probe {int} not null default 0,
      learnt_prices text not null default '{}', balance {real}, balance_at {int},
      accepted {int} not null default 0, refused_in_a_row {int} not null default 0, unwell_in_a_row {int} not null default 0,
      uncertain_in_a_row {int} not null default 0, last_refusal text)`,
    `create table gates (scope text not null, owner text not null, name text not null, since {int} not null, code text not null,
      reason text not null, reopens text not null, by_whom text not null, probe_at {int}, memo text not null default '{}',
      primary key (scope, owner, name))`,
    `create table batches (id text primary key, account text not null, project text, state text not null, created_at {int} not null,
      updated_at {int} not null, finished_at {int}, operator text not null, round {int} not null default 1,
      manifest_file text not null, manifest_path text not null, manifest_sha text not null, manifest_rows {int} not null,
      lanes {int} not null, budget {real}, per_item {real}, committed {real} not null default 0, charged {real} not null default 0,
      unpriced {int} not null default 0 check (unpriced >= 0), estimated {real}, gates {int} not null default 0 check (gates >= 0),
      open_tasks {int} not null default 0 check (open_tasks >= 0), sheet text, driver text, driver_until {int} not null default 0,
      balance_before {real}, balance_after {real})`,
    `create table videos (id {id}, account text not null, url text not null, analysis {int}, reanalysing {int} not null default 0,
      creating {int} not null default 0 check (creating >= 0), unique (account, url))`,
    `create table analyses (id {id}, account text not null, video {int} not null, batch text not null, lane {int} not null, state text not null,
      vendor_id text, check_id text, owner text, issued_at {int} not null, sent_at {int}, next_poll_at {int} not null default 0,
      polls {int} not null default 0, people text, code text, vendor_text text, ended_at {int})`,
    `create unique index analyses_live on analyses (video) where state in ('reserved', 'sending', 'running')`,
    `create index analyses_open on analyses (account, state, next_poll_at) where state in ('reserved', 'sending', 'running')`,
    `create table items (key {id}, batch text not null, row {int} not null, id text not null, lane {int} not null, file text not null,
      line {int} not null, video {int}, video_url text not null, rule text not null, swap text not null, resolution text not null,
      model text not null, sound {int} not null, template text, output text not null, project text, note text, check_id text,
      differ text not null, x text not null, cells text, rule_key text not null, work_key text, salt text, state text not null,
      reason_code text, reason_message text, reason_vendor text, reason_next text, mappings text, people_found {int}, analysis {int},
      price {real}, charged {real} not null default 0, attempt {int}, attached {int} not null default 0, reused_from text,
      round {int} not null default 1, version {int} not null default 1, tries {int} not null default 0, next_at {int} not null default 0,
      owner text, issued_at {int}, gone_since {int}, stalled {int} not null default 0, updated_at {int} not null, unique (batch, id))`,
    `create index items_lane on items (batch, lane, state, row)`,
    `create index items_video on items (video, state)`,
    `create index items_rule on items (rule_key) where state = 'done'`,
    `create index items_attempt on items (attempt) where attempt is not null`,
    `create table attempts (id {id}, batch text not null, item {int} not null, account text not null, video {int} not null, lane {int} not null,
      analysis {int} not null, n {int} not null, state text not null, work_key text not null, token text not null, expected {real} not null,
      held {real}, charged {real}, has_output {int} not null default 0, reserved_at {int} not null, issued_at {int} not null, sent_at {int},
      bound_at {int}, settled_at {int}, owner text, gate_epoch {int} not null, is_probe {int} not null default 0, unpriced {int} not null default 0,
      code text, vendor_text text, balance_before {real}, balance_after {real}, counted_open {int} not null default 1, approved_by text)`,
    `create unique index attempts_item on attempts (item) where state in ('reserved', 'sending', 'bound', 'uncertain')`,
    `create unique index attempts_work on attempts (account, work_key)
      where state in ('reserved', 'sending', 'bound', 'uncertain') or (state = 'settled' and has_output = 1)`,
    `create unique index attempts_token on attempts (token)`,
    `create index attempts_lane on attempts (batch, lane, state) where state in ('reserved', 'sending', 'bound', 'uncertain')`,
    `create index attempts_of_item on attempts (item)`,
    `create index attempts_sending on attempts (account) where state = 'sending'`,
    `create table tasks (account text not null, id text not null, attempt {int} not null, batch text not null, lane {int} not null, item {int} not null,
      state text not null, vendor_status {int} not null, created_at {int} not null, next_poll_at {int} not null, polls {int} not null default 0,
      not_yet_seen {int} not null default 0, held {real}, charged {real}, url text, url_at {int}, error_code text, error_text text, ended_at {int},
      orphan {int} not null default 0, expected {real} not null default 0, primary key (account, id))`,
    `create index tasks_open on tasks (batch, lane, next_poll_at) where state = 'open'`,
    `create index tasks_attempt on tasks (attempt)`,
    `create table outputs (item {int} primary key, attempt {int} not null, task text not null, url text not null, file text not null, bytes {int} not null,
      sha256 text not null, media text not null, at {int} not null)`,
    `create table events (seq {id}, at {int} not null, batch text, account text, item text, type text not null, by_whom text not null, detail text not null)`,
    `create index events_batch on events (batch, seq)`,
  ],
  [
    `create table webhook_events (id {id}, received_at {int} not null, last_at {int} not null, token text not null, digest text not null,
      body text not null, copies {int} not null default 1, attempt {int}, state text not null, reason text, task_id text, status {int},
      next_at {int} not null default 0, tries {int} not null default 0, done_at {int}, unique (token, digest))`,
    `create unique index webhook_events_heard on webhook_events (attempt, task_id, status) where state = 'processed'`,
    `create index webhook_events_stored on webhook_events (attempt, next_at) where state = 'stored'`,
    `create index webhook_events_strange on webhook_events (id) where attempt is null`,
    `alter table attempts add column called_back {int} not null default 0`,
    `alter table attempts add column uncertain_at {int}`,
    `alter table attempts add column uncertain_until {int}`,
    `alter table attempts add column awaiting {int} not null default 0`,
    `create index attempts_awaiting on attempts (batch, lane) where awaiting = 1`,
    `create index tasks_orphans on tasks (batch, lane) where state = 'open' and orphan = 1`,
  ],
  [
    `create table pictures (batch text not null, url text not null, file text, at {int} not null, primary key (batch, url))`,
  ],
  [
    `alter table batches add column tolerate text`,
    `alter table items add column forgiven {int} not null default 0`,
    `create table schedules (name text primary key, state text not null, account text, manifest text not null, shown text not null, cron text not null, zone text not null,
      overlap text not null, catchup_ms {int} not null, budget_per_run {real}, windows text not null default '[]', created_at {int} not null,
      created_by text not null, paused_at {int}, paused_by text, pause_note text, seen_until {int} not null, updated_at {int} not null)`,
    `create table schedule_runs (id {id}, schedule text not null, name text not null, kind text not null, due_at {int} not null, heard_at {int} not null,
      begun_at {int}, ended_at {int}, state text not null, reason text, batch_round {int}, manifest_sha text, charged_before {real}, charged {real},
      times {int} not null default 1, by_whom text not null, unique (schedule, name))`,
    `create index schedule_runs_open on schedule_runs (schedule) where state in ('queued', 'starting', 'running')`,
    `create table notices (id {id}, batch text not null, subject text not null, event text not null, target text not null, body text not null,
      made_at {int} not null, state text not null, tries {int} not null default 0, next_at {int} not null, claimed_until {int} not null default 0,
      sent_at {int}, error text, unique (batch, subject, event, target))`,
    `create index notices_open on notices (next_at) where state = 'open'`,
  ],
  [`create index items_waits on items (batch, lane, next_at) where next_at > 0`],
  [
    `create table picks (batch text not null, item text not null, analysis {int} not null, check_id text not null, rule text not null,
      choices text not null, by_whom text not null, at {int} not null, primary key (batch, item, analysis))`,
  ],
  [
    `create table former_outputs (item {int} not null, attempt {int} not null, rule_key text not null, work_key text not null, mappings text not null,
      people_found {int}, analysis {int}, file text not null, sha256 text not null, at {int} not null, primary key (item, attempt))`,
    `create index former_outputs_rule on former_outputs (rule_key)`,
    `create index former_outputs_attempt on former_outputs (attempt)`,
  ],
  [`alter table items add column resting {int} not null default 0`],
  [
    `alter table tasks rename column not_yet_seen to not_yet_ms`,
    `update tasks set not_yet_ms = 0`,
    `alter table analyses add column not_yet_ms {int} not null default 0`,
  ],
];

const TYPES = {
  sqlite: { int: 'integer', real: 'real', id: 'integer primary key autoincrement' },
  postgres: { int: 'bigint', real: 'double precision', id: 'bigint generated by default as identity primary key' },
} as const;

/** The statement in the dialect's types; SQLite tables are strict. */
function forDialect(statement: string, dialect: LedgerDialect): string {
  const types = TYPES[dialect];
  const text = statement.replace(/\{(int|real|id)\}/g, (_, name: keyof typeof types) => types[name]);
  return dialect === 'sqlite' && text.startsWith('create table') ? `${text} strict` : text;
}

/**
 * Brings the ledger's tables up to date. `tx` must hold the ledger's write lock (SQLite: `begin immediate`; PostgreSQL:
 * an advisory lock), since Kysely's own migrator takes none on SQLite.
 */
export async function migrate(tx: Kysely<Tables>, dialect: LedgerDialect): Promise<void> {
  await sql`create table if not exists ledger_meta (name text primary key, value text not null)`.execute(tx);
  const row = await tx.selectFrom('ledger_meta').select('value').where('name', '=', 'version').executeTakeFirst();
  const from = row === undefined ? 0 : Number(row.value);
  if (from > MIGRATIONS.length) throw new LedgerTooNew(from, MIGRATIONS.length);
  for (const statements of MIGRATIONS.slice(from)) {
    for (const statement of statements) await sql.raw(forDialect(statement, dialect)).execute(tx);
  }
  await tx
    .insertInto('ledger_meta')
    .values({ name: 'version', value: String(MIGRATIONS.length) })
    .onConflict((c) => c.column('name').doUpdateSet({ value: String(MIGRATIONS.length) }))
    .execute();
}

/** The ledger was written by a newer version of this program; reading it with this one could pay twice. */
export class LedgerTooNew extends Error {
  override readonly name = 'LedgerTooNew';
  constructor(found: number, known: number) {
    super(`the ledger has version ${found}, this program knows up to ${known}: use the newer program`);
  }
}
