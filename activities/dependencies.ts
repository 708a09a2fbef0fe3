import type { CallbackSecrets } from '../akool/callback.ts';
import type { AkoolClient } from '../akool/client.ts';
import type { Egress } from '../egress/fetch-checked.ts';
import type { AccountSettings } from '../ledger/account-row.ts';
import type { Journal } from '../ledger/journal.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { PriceCard } from '../ledger/pricing.ts';
import type { OwnerState } from '../ledger/sweep.ts';
import type { UncertainPolicy } from '../ledger/uncertain-wait.ts';
import type { Requirement } from '../schemas/requirement.ts';
import type { ProductionWindow } from '../schemas/production-window.ts';
import type { ScheduleWork } from '../schemas/schedule-work.ts';
import type { OutputStore } from '../storage/output-store.ts';
import type { PollSettings, SeenDurations } from './poll-interval.ts';
import type { Turns } from './turns.ts';
import type { WakeUps } from './wake-ups.ts';

/** One vendor account as a worker serves it. */
export interface ServedAccount {
  readonly settings: AccountSettings;
  readonly client: AkoolClient;
  readonly prices: PriceCard;
  readonly polling: PollSettings & { readonly stalledAfterMs: number };
  readonly requestTimeoutMs: number;
  /** What callbacks are opened with; null when no client id is configured. */
  readonly callbackSecrets: CallbackSecrets | null;
  readonly uncertain: UncertainPolicy;
  /** Production windows of the account; none or left out: always. */
  readonly windows?: readonly ProductionWindow[];
}

/** Counters of ours on Temporal's metrics endpoint. */
export interface Counters {
  count(name: string, by?: number): void;
}

export interface ActivityLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Everything activities need from outside; built once by the worker. */
export interface ActivityDependencies {
  readonly ledger: Ledger;
  /** The journal of this process beside the outputs; null where the store has no folder. */
  readonly journal: Journal | null;
  readonly accounts: ReadonlyMap<string, ServedAccount>;
  readonly store: OutputStore;
  readonly egress: Egress;
  /** This process, as rows name their owner; and whether another owner still lives. */
  readonly owner: string;
  readonly ownerState: (owner: string) => OwnerState;
  /** The engine that drives, as batches name it in their lease. */
  readonly driver: string;
  /** Address below which callbacks arrive, without a slash at its end; null: creates name none. */
  readonly callbackBase: string | null;
  readonly ignoreQuery: readonly string[];
  readonly allowPrivateHosts: boolean;
  /** What every face that is used must have, looked at again right before a create; none or left out: nothing. */
  readonly require?: readonly Requirement[];
  /** `host:port` that may be fetched from although it is private: the built-in emulator's own. */
  readonly allowedHost: string | null;
  readonly wakeUps: WakeUps;
  readonly turns: Turns;
  /** Durations learnt by this process, by account and kind. */
  readonly durations: Map<string, SeenDurations>;
  /** True once the worker is asked to stop: nothing new is sent. */
  readonly stopping: () => boolean;
  /** Aborted at the same moment: ends downloads, never a create. */
  readonly stopSignal: AbortSignal;
  readonly chance: () => number;
  readonly counters: Counters;
  readonly log: ActivityLog;
  /** Builds the report of a batch from the ledger and writes it beside the outputs. */
  readonly writeReport: (batch: string) => Promise<void>;
  /** Reads manifests for schedules; left out: this worker takes no part in them. */
  readonly schedules?: ScheduleWork | undefined;
  /** Drives a batch whose round had ended before something of it turned up. */
  readonly drive: (batch: string) => Promise<void>;
  /** The kill points and pauses of fault tests; does nothing in production. */
  readonly at: (point: KillPoint) => Promise<void>;
}

/** The named lines of the fault model (rows 1 to 10) at which tests end or stop the process. */
export type KillPoint =
  | 'before-analysis'
  | 'after-analysis-send'
  | 'after-analysis-answer'
  | 'in-analysis-poll'
  | 'after-rule-resolution'
  | 'after-reserve'
  | 'after-first-byte'
  | 'after-answer'
  | 'after-bind'
  | 'in-task-poll'
  | 'mid-download'
  | 'after-rename'
  | 'after-record'
  | 'mid-report';

/** The account a key belongs to; a worker is only handed work of accounts it serves. */
export function servedAccount(deps: Pick<ActivityDependencies, 'accounts'>, name: string): ServedAccount {
  const account = deps.accounts.get(name);
  if (account === undefined) throw new Error(`this worker does not serve account "${name}"`);
  return account;
}
