import type { CallbackSecrets } from '../akool/callback.ts';
import type { AkoolClient } from '../akool/client.ts';
import type { EngineTarget } from '../engine/connect.ts';
import type { AccountSettings } from '../ledger/account-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { PriceCard } from '../ledger/pricing.ts';
import type { UncertainPolicy } from '../ledger/uncertain-wait.ts';
import type { QueueKind } from '../schemas/names.ts';
import type { NotifyTarget } from '../schemas/config.ts';
import type { Requirement } from '../schemas/requirement.ts';
import type { ProductionWindow } from '../schemas/production-window.ts';
import type { ScheduleWork } from '../schemas/schedule-work.ts';
import type { Receipt, ReceivedCallback } from './receive-callback.ts';

/** Plain words for the log file or `--verbose`; never a URL of a person's media, never a secret. */
export type OperationLog = (
  message: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void;

/** One vendor account as this process reaches it. `settings.baseUrl` is what the ledger knows it by (`emulator:` for the built-in one). */
export interface AccountInUse {
  readonly settings: AccountSettings;
  readonly client: AkoolClient;
  readonly prices: PriceCard;
  readonly polling: {
    readonly firstMs: number;
    readonly factor: number;
    readonly maxMs: number;
    readonly stalledAfterMs: number;
  };
  readonly requestTimeoutMs: number;
  /** What callbacks are opened with; null when no client id is configured. */
  readonly callbackSecrets: CallbackSecrets | null;
  readonly uncertain: UncertainPolicy;
  /** Production windows; none or left out: creates are always allowed. */
  readonly windows?: readonly ProductionWindow[];
}

/** The settings of headswap.yaml a worker needs beside its accounts. */
export interface WorkerConfig {
  /** `file:FOLDER`, relative to `baseDir`. */
  readonly storage: string;
  readonly ignoreQuery: readonly string[];
  readonly allowPrivateHosts: boolean;
  /** What faces must have when a task is created; left out: nothing. */
  readonly require?: readonly Requirement[];
  /** Address of the Prometheus endpoint, or null for none. */
  readonly metrics: string | null;
  /** Receivers of notifications; none or left out: nobody is told. */
  readonly notify?: readonly NotifyTarget[];
}

/** What operations ask of `worker/start-worker.ts`, which they may not import: the program's `main.ts` hands it in. */
export interface WorkerStart {
  readonly config: WorkerConfig;
  readonly ledger: Ledger;
  readonly engine: EngineTarget;
  /** `public_url`, without a slash at its end; left out or null: creates name no callback address. */
  readonly callbackBase?: string | null;
  readonly accounts: readonly AccountInUse[];
  /** Left out: all. */
  readonly queues?: readonly QueueKind[];
  readonly stateDir: string;
  /** Absolute folder `storage: file:./out` is relative to. */
  readonly baseDir: string;
  readonly operator: string;
  /** The engine, as leases name it. */
  readonly driver: string;
  /** Nobody else kept this engine when it was taken: whoever drove its batches is dead. */
  readonly alone?: boolean;
  /** Downloads may go to this loopback address although private hosts are off: the built-in emulator's own. */
  readonly allowedHost: string | null;
  /** Fault tests alone pass it: called at each named line of the fault model, and waited for. */
  readonly killPoints?: (point: string) => Promise<void>;
  /** What runs of schedules need; left out: this worker reads no manifests. */
  readonly schedules?: ScheduleWork;
  readonly log: OperationLog;
}

export interface RunningWorker {
  /** Graceful: no create is abandoned, what is being sent is settled and bound. */
  shutdown(): Promise<void>;
  /** Looks into the ledger at once. */
  poke(): void;
  /** Digest of its workflow code, for the memo of drivers it starts; null when it serves no workflows. */
  readonly bundleDigest?: string | null;
}

/** What operations ask of `emulator/start.ts`; further settings of the emulator pass through. */
export interface EmulatorStart {
  readonly port?: number;
  readonly bookPath?: string;
  readonly credits?: number;
  readonly [setting: string]: unknown;
}

export interface RunningEmulator {
  /** What to use as `base_url`, without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

/** What operations ask of `web/start-receiver.ts`. */
export interface ReceiverStart {
  readonly port: number;
  readonly host: string;
  readonly store: (message: ReceivedCallback) => Promise<Receipt>;
  readonly health: () => Promise<{ readonly ok: boolean; readonly ledger: string }>;
}

export interface RunningReceiver {
  /** Where it listens, without a slash at its end; `public_url` leads there. */
  readonly url: string;
  close(): Promise<void>;
}

/** The parts of the program that operations start but may not import (design section 9). */
export interface Starters {
  readonly startWorker: (options: WorkerStart) => Promise<RunningWorker>;
  /** Loads what `startWorker` needs, while something else is waited for: most of a second. */
  readonly loadWorker?: () => Promise<unknown>;
  readonly startEmulator: (options: EmulatorStart) => Promise<RunningEmulator>;
  /** Rejects with EADDRINUSE when the port is taken. */
  readonly startReceiver: (options: ReceiverStart) => Promise<RunningReceiver>;
}
