import type { Generated } from 'kysely';
import type { AttemptState, BatchState, ItemState } from '../schemas/states.ts';

/**
 * Rows of the ledger. Times are UTC milliseconds of the database's clock, flags are 0 or 1, structured values are JSON
 * text, credits are numbers. Every statement runs unchanged on SQLite and PostgreSQL.
 */
export interface Tables {
  ledger_meta: { name: string; value: string };
  accounts: AccountRow;
  gates: GateRow;
  batches: BatchRow;
  videos: VideoTable;
  analyses: AnalysisTable;
  items: ItemTable;
  attempts: AttemptTable;
  tasks: TaskTable;
  outputs: OutputRow;
  former_outputs: FormerOutputRow;
  events: EventTable;
  pictures: PictureRow;
  webhook_events: WebhookEventTable;
  schedules: ScheduleRow;
  schedule_runs: ScheduleRunTable;
  notices: NoticeTable;
  picks: PickRow;
}

/** One vendor account: its ceilings, its paces, what is open at the vendor. The row every claim and permit locks. */
export interface AccountRow {
  id: string;
  base_url: string;
  key_fingerprint: string;
  /** Configured ceilings, calls per second and counts. */
  create_ceiling: number;
  analyze_ceiling: number;
  poll_ceiling: number;
  open_ceiling: number;
  analyses_limit: number;
  max_uncertain: number;
  /** Present pace as the gap between two calls; next permitted time (GCRA with burst 1). */
  create_gap_ms: number;
  analyze_gap_ms: number;
  poll_gap_ms: number;
  next_create_at: number;
  next_analyze_at: number;
  next_poll_at: number;
  /** JSON: what the pace learnt per kind of call (refused rate, last growth). */
  pace_memory: string;
  /** Paid tasks unfinished at the vendor; `open_limit` adapts below `open_ceiling`. */
  open_tasks: number;
  open_limit: number;
  open_analyses: number;
  /** Claimed and not sent yet. */
  reserved: number;
  analyses_reserved: number;
  uncertain: number;
  /** Closed gates that stop spending; `epoch` grows whenever one closes or opens. */
  gates: number;
  gate_epoch: number;
  /** 0: claims are free. 1: one create may be claimed as a probe. 2: that probe is under way. */
  probe: number;
  /** JSON, per resolution: last hold seen at a create, lowest and highest charge, how many. */
  learnt_prices: string;
  balance: number | null;
  balance_at: number | null;
  accepted: number;
  refused_in_a_row: number;
  unwell_in_a_row: number;
  uncertain_in_a_row: number;
  last_refusal: string | null;
}

export interface GateRow {
  scope: 'account' | 'batch';
  owner: string;
  name: string;
  since: number;
  code: string;
  reason: string;
  reopens: string;
  by_whom: string;
  /** When the next free probe may be made; null when only a person opens it. */
  probe_at: number | null;
  /** JSON, for the probe: needed credits and the like. */
  memo: string;
}

export interface BatchRow {
  id: string;
  account: string;
  project: string | null;
  state: BatchState;
  created_at: number;
  updated_at: number;
  finished_at: number | null;
  operator: string;
  round: number;
  manifest_file: string;
  manifest_path: string;
  manifest_sha: string;
  manifest_rows: number;
  lanes: number;
  budget: number | null;
  per_item: number | null;
  /** Charged plus the expected price of what is unsettled. */
  committed: number;
  charged: number;
  /** Creates whose price is wholly unknown and not read yet; with a budget at most one (contract section 7). */
  unpriced: number;
  estimated: number | null;
  gates: number;
  open_tasks: number;
  /** JSON of the submitted sheet's header and delimiter; null for YAML. */
  sheet: string | null;
  /** How many items may fail before creates stop, as written: `5%` or `20`; null: however many. */
  tolerate: string | null;
  /** Who drives it, until when (lease). */
  driver: string | null;
  driver_until: number;
  balance_before: number | null;
  balance_after: number | null;
}

export interface VideoTable {
  id: Generated<number>;
  account: string;
  url: string;
  analysis: number | null;
  reanalysing: number;
  creating: number;
}

export type AnalysisState = 'reserved' | 'sending' | 'running' | 'done' | 'failed' | 'lapsed';
export interface AnalysisTable {
  id: Generated<number>;
  account: string;
  video: number;
  batch: string;
  lane: number;
  state: AnalysisState;
  vendor_id: string | null;
  check_id: string | null;
  owner: string | null;
  issued_at: number;
  sent_at: number | null;
  next_poll_at: number;
  polls: number;
  not_yet_ms: Generated<number>;
  /** JSON: people found, `[{objId, preview}]`. */
  people: string | null;
  code: string | null;
  vendor_text: string | null;
  ended_at: number | null;
}

export interface ItemTable {
  key: Generated<number>;
  batch: string;
  row: number;
  id: string;
  lane: number;
  file: string;
  line: number;
  video: number | null;
  video_url: string;
  rule: string;
  swap: string;
  resolution: string;
  model: string;
  sound: number;
  template: string | null;
  output: string;
  project: string | null;
  note: string | null;
  check_id: string | null;
  differ: string;
  x: string;
  cells: string | null;
  rule_key: string;
  work_key: string | null;
  /** Salts the work key under `--again`. */
  salt: string | null;
  state: ItemState;
  reason_code: string | null;
  reason_message: string | null;
  reason_vendor: string | null;
  reason_next: string | null;
  mappings: string | null;
  people_found: number | null;
  analysis: number | null;
  price: number | null;
  charged: number;
  /** The attempt this item follows: its own, or one of other work with the same key. */
  attempt: number | null;
  attached: number;
  reused_from: string | null;
  round: number;
  version: number;
  tries: number;
  /** Earliest time of the next try; used for refusals that may pass and for downloads. */
  next_at: number;
  owner: string | null;
  issued_at: number | null;
  /** Link gone since; null while it was not. */
  gone_since: number | null;
  stalled: number;
  /** 1: it had failed when somebody went on past the tolerance gate; it counts no more there. */
  forgiven: Generated<number>;
  /** 1: others of its batch were resumed by name; it stays where it is until somebody resumes it too. */
  resting: Generated<number>;
  updated_at: number;
}

export interface AttemptTable {
  id: Generated<number>;
  batch: string;
  item: number;
  account: string;
  video: number;
  lane: number;
  analysis: number;
  n: number;
  state: AttemptState;
  work_key: string;
  token: string;
  expected: number;
  held: number | null;
  charged: number | null;
  has_output: number;
  reserved_at: number;
  issued_at: number;
  sent_at: number | null;
  bound_at: number | null;
  settled_at: number | null;
  owner: string | null;
  gate_epoch: number;
  is_probe: number;
  /** 1 while neither price nor hold nor charge is known: counted in the batch's `unpriced`. */
  unpriced: Generated<number>;
  code: string | null;
  vendor_text: string | null;
  balance_before: number | null;
  balance_after: number | null;
  counted_open: number;
  approved_by: string | null;
  /** 1: the create named a callback address, so a message can name its task. */
  called_back: Generated<number>;
  /** When it became uncertain; until when it waits for its callback, or for the policy that pays again. */
  uncertain_at: Generated<number | null>;
  uncertain_until: Generated<number | null>;
  /** 1 while that wait runs: the item counts as in flight. */
  awaiting: Generated<number>;
}

export interface TaskTable {
  account: string;
  id: string;
  attempt: number;
  batch: string;
  lane: number;
  item: number;
  state: 'open' | 'done' | 'failed';
  vendor_status: number;
  created_at: number;
  next_poll_at: number;
  polls: number;
  /** Its age at the last look that said "not yet"; 0: none did. */
  not_yet_ms: number;
  held: number | null;
  charged: number | null;
  url: string | null;
  url_at: number | null;
  error_code: string | null;
  error_text: string | null;
  ended_at: number | null;
  orphan: number;
  /** What an orphan adds to its batch's `committed` until its charge is known; 0 for an attempt's own task. */
  expected: Generated<number>;
}

export interface OutputRow {
  item: number;
  attempt: number;
  task: string;
  url: string;
  file: string;
  bytes: number;
  sha256: string;
  media: string;
  at: number;
}

/** What a row's earlier form was paid for and brought, once the row became other work: kept so that it is not paid again. */
export interface FormerOutputRow {
  item: number;
  attempt: number;
  rule_key: string;
  work_key: string;
  mappings: string;
  people_found: number | null;
  analysis: number | null;
  file: string;
  sha256: string;
  at: number;
}

export interface EventTable {
  seq: Generated<number>;
  at: number;
  batch: string | null;
  account: string | null;
  item: string | null;
  type: string;
  by_whom: string;
  detail: string;
}

/**
 * - `stored`: received, not looked at yet, or kept until its attempt's own answer is there.
 * - `processed`: acted upon. `ignored`: said nothing new. `quarantined`: not to be believed; `reason` says why.
 */
export type WebhookState = 'stored' | 'processed' | 'ignored' | 'quarantined';

/** One message to the callback address, raw. Equal ones are counted in `copies`, not kept again. */
export interface WebhookEventTable {
  id: Generated<number>;
  received_at: number;
  last_at: number;
  token: string;
  digest: string;
  body: string;
  copies: Generated<number>;
  /** Null: no attempt has this token. */
  attempt: number | null;
  state: WebhookState;
  reason: string | null;
  /** What the message says, once it was read. */
  task_id: string | null;
  status: number | null;
  next_at: Generated<number>;
  tries: Generated<number>;
  done_at: number | null;
}

/** A local copy of a preview or face picture, for the report; `file` null: it could not be had, and is not asked for again. */
export interface PictureRow {
  batch: string;
  url: string;
  /** Storage key. */
  file: string | null;
  at: number;
}

/** `draft`: not confirmed yet. */
export type ScheduleState = 'draft' | 'active' | 'deleted';

/** A recurring manifest. Its runs are rounds of the batch of the same name. */
export interface ScheduleRow {
  name: string;
  state: ScheduleState;
  /** As asked for at its creation; null: the manifest or the configuration decides. */
  account: string | null;
  /** Absolute path, or URL (which may be signed: never shown). */
  manifest: string;
  /** The same for people: without query. */
  shown: string;
  cron: string;
  zone: string;
  overlap: 'skip' | 'queue';
  catchup_ms: number;
  budget_per_run: number | null;
  /** JSON: production windows as written. */
  windows: string;
  created_at: number;
  created_by: string;
  paused_at: number | null;
  paused_by: string | null;
  pause_note: string | null;
  /** Due times up to here are on the record: run, skipped or missed. */
  seen_until: number;
  updated_at: number;
}

/**
 * - `queued`: waits for the run before it. `starting`: the manifest is being read. `running`: its round goes on.
 * - `ended`: the round ended. `refused`: the manifest has errors, or the account said no. `skipped`, `missed`: nothing was done.
 */
export type ScheduleRunState = 'queued' | 'starting' | 'running' | 'ended' | 'refused' | 'skipped' | 'missed';

/** What became of one due time or trigger of a schedule. */
export interface ScheduleRunTable {
  id: Generated<number>;
  schedule: string;
  /** The due time on the wall (`2026-11-23T22:00`), or what was asked for by hand. */
  name: string;
  kind: 'due' | 'trigger';
  due_at: number;
  heard_at: number;
  begun_at: number | null;
  ended_at: number | null;
  state: ScheduleRunState;
  reason: string | null;
  batch_round: number | null;
  manifest_sha: string | null;
  /** Credits of the batch before, and those of this run once it ended. */
  charged_before: number | null;
  charged: number | null;
  /** More than 1: that many due times in a row, told as one. */
  times: Generated<number>;
  by_whom: string;
}

/** A message to somebody's receiver, once for each batch, subject, event and target. */
export interface NoticeTable {
  id: Generated<number>;
  batch: string;
  /** `round 2`, `run 17`: what of the batch it is about. */
  subject: string;
  event: string;
  target: string;
  /** JSON of what is told. */
  body: string;
  made_at: number;
  state: 'open' | 'sent' | 'given-up';
  tries: Generated<number>;
  next_at: number;
  claimed_until: Generated<number>;
  sent_at: number | null;
  error: string | null;
}

/** Who gets which face in an item, decided by eye. It holds for this item of this batch and this analysis, under this rule. */
export interface PickRow {
  batch: string;
  /** Id of the item, not its key: it outlives a row that is entered anew. */
  item: string;
  analysis: number;
  check_id: string;
  /** The swap rule as written when it was decided. */
  rule: string;
  /** JSON of `PersonChoice[]`. */
  choices: string;
  by_whom: string;
  at: number;
}
