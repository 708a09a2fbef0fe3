import type { FleetConfig } from '../manifests/read-config.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { OutputStore } from '../storage/output-store.ts';
import type { AccountInUse, OperationLog, Starters } from './starters.ts';

export interface ContextOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: { readonly config?: string; readonly account?: string; readonly withWorker?: boolean };
  readonly starters: Starters;
  /** user@host, for when HEADSWAP_OPERATOR is not set. */
  readonly userAtHost: string;
  readonly log: OperationLog;
  readonly toolVersion: string;
}

/** What every operation works with. Opened once per command; `close` it at the end, whatever happened. */
export interface Context {
  readonly options: ContextOptions;
  /** Null when there is no headswap.yaml: built-in settings and the environment. */
  readonly configFile: string | null;
  /** Folder of headswap.yaml, else the current one: what `storage:` and `ledger:` are relative to. */
  readonly baseDir: string;
  /** `.headswap`, or `.headswap/emulator` for the built-in account. */
  readonly stateDir: string;
  readonly config: FleetConfig;
  readonly operator: string;
  /** The account is the built-in emulator: free, own ledger, own outputs. */
  readonly rehearsal: boolean;
  /** True when TEMPORAL_* names a server: nothing embedded is started. */
  readonly temporalConfigured: boolean;
  /** Opens the ledger at the first call, making it when it is not there (`isNew`). OperationError exit 8. */
  ledger(): Promise<Ledger>;
  /** Whether a ledger is there, without making one. */
  ledgerExists(): Promise<boolean>;
  store(): OutputStore;
  /** The account a manifest or batch names (a flag wins), with its client. Starts the emulated vendor for the built-in one. OperationError exit 4 without a key. */
  account(name: string | null): Promise<AccountInUse>;
  nowMs(): number;
  close(): Promise<void>;
}

/** Reads configuration, checks what excludes each other. OperationError exit 2 (configuration, s3://) or 8 (engine and ledger do not fit). */
export declare function openContext(options: ContextOptions): Promise<Context>;
