import { sql } from 'kysely';
import { aheadOf, gapMs, startPace, underCeiling, type Pace } from './pace.ts';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
import type { AccountRow } from './tables.ts';

/** The configured side of an account, as the worker or a command knows it. */
export interface AccountSettings {
  readonly name: string;
  readonly baseUrl: string;
  /** Digest of the key, never the key. */
  readonly keyFingerprint: string;
  readonly createPerSecond: number;
  readonly analyzePerSecond: number;
  readonly pollPerSecond: number;
  readonly openTasks: number;
  readonly openAnalyses: number;
  readonly maxUncertain: number;
}

export const PACED_CALLS = ['create', 'analyze', 'poll'] as const;
export type PacedCall = (typeof PACED_CALLS)[number];
export type PaceMemory = Readonly<Record<PacedCall, Pace>> & { readonly openLimitGrownAtMs: number };

/** The ledger knows this account under another address: its spending would be mixed up (exit 4). */
export class AccountAddressChanged extends Error {
  override readonly name = 'AccountAddressChanged';
  readonly account: string;
  constructor(account: string, known: string, configured: string) {
    super(
      `account "${account}" is known to this ledger with base_url ${known}, the configuration says ${configured}: use another account name or another ledger`,
    );
    this.account = account;
  }
}

/**
 * Enters an account or brings its ceilings up to date; paces learnt so far are kept. Refuses a changed `base_url`.
 * Returns the row.
 */
export async function upsertAccount(tx: Tx, settings: AccountSettings): Promise<AccountRow> {
  const known = await tx.selectFrom('accounts').selectAll().where('id', '=', settings.name).executeTakeFirst();
  if (known !== undefined && known.base_url !== settings.baseUrl) {
    throw new AccountAddressChanged(settings.name, known.base_url, settings.baseUrl);
  }
  const memory = known === undefined ? freshMemory(settings) : ceilingsOf(readMemory(known), settings);
  const limits = {
    key_fingerprint: settings.keyFingerprint,
    create_ceiling: settings.createPerSecond,
    analyze_ceiling: settings.analyzePerSecond,
    poll_ceiling: settings.pollPerSecond,
    open_ceiling: settings.openTasks,
    analyses_limit: settings.openAnalyses,
    max_uncertain: settings.maxUncertain,
    ...gapsOf(memory),
    pace_memory: JSON.stringify(memory),
  };
  if (known === undefined) {
    await tx
      .insertInto('accounts')
      .values({ ...EMPTY, ...limits, id: settings.name, base_url: settings.baseUrl, open_limit: settings.openTasks })
      .onConflict((c) => c.column('id').doNothing())
      .execute();
  } else {
    const open_limit =
      known.open_limit >= known.open_ceiling ? settings.openTasks : Math.min(known.open_limit, settings.openTasks);
    await tx
      .updateTable('accounts')
      .set({ ...limits, open_limit })
      .where('id', '=', settings.name)
      .execute();
  }
  return accountRow(tx, settings.name);
}

const READ = prepared<{ account: string }>()((db, v) =>
  db.selectFrom('accounts').selectAll().where('id', '=', v.account),
);
const LOCK = prepared<{ account: string }>()((db, v) =>
  db
    .updateTable('accounts')
    .set({ gates: sql`gates` })
    .where('id', '=', v.account)
    .returningAll(),
);

export async function accountRow(db: Tx, account: string): Promise<AccountRow> {
  return READ.one(db, { account });
}

/**
 * Takes the account's row lock and reads it. Every transition that moves money starts with this, in this order of tables:
 * accounts, batches, videos, attempts; so two of them never deadlock, and what was read stays true.
 */
export async function lockAccount(tx: Tx, account: string): Promise<AccountRow> {
  return LOCK.one(tx, { account });
}

export function readMemory(row: Pick<AccountRow, 'pace_memory'>): PaceMemory {
  return JSON.parse(row.pace_memory) as PaceMemory;
}

/** Stores changed paces and the gaps that follow from them. */
export async function writeMemory(tx: Tx, account: string, memory: PaceMemory): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ pace_memory: JSON.stringify(memory), ...gapsOf(memory) })
    .where('id', '=', account)
    .execute();
}

export function aheadOfCreates(row: Pick<AccountRow, 'create_gap_ms'>): number {
  return aheadOf(row.create_gap_ms);
}
export function aheadOfAnalyses(row: Pick<AccountRow, 'analyze_gap_ms'>): number {
  return aheadOf(row.analyze_gap_ms);
}

function freshMemory(s: AccountSettings): PaceMemory {
  return {
    create: startPace(s.createPerSecond),
    analyze: startPace(s.analyzePerSecond),
    poll: startPace(s.pollPerSecond),
    openLimitGrownAtMs: 0,
  };
}

function ceilingsOf(memory: PaceMemory, s: AccountSettings): PaceMemory {
  return {
    ...memory,
    create: underCeiling(memory.create, s.createPerSecond),
    analyze: underCeiling(memory.analyze, s.analyzePerSecond),
    poll: underCeiling(memory.poll, s.pollPerSecond),
  };
}

function gapsOf(memory: PaceMemory) {
  return {
    create_gap_ms: gapMs(memory.create),
    analyze_gap_ms: gapMs(memory.analyze),
    poll_gap_ms: gapMs(memory.poll),
  };
}

const EMPTY = {
  next_create_at: 0,
  next_analyze_at: 0,
  next_poll_at: 0,
  open_tasks: 0,
  open_analyses: 0,
  reserved: 0,
  analyses_reserved: 0,
  uncertain: 0,
  gates: 0,
  gate_epoch: 0,
  probe: 0,
  learnt_prices: '{}',
  balance: null,
  balance_at: null,
  accepted: 0,
  refused_in_a_row: 0,
  unwell_in_a_row: 0,
  uncertain_in_a_row: 0,
  last_refusal: null,
};
