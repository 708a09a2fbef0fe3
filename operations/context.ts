import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporalConfigured } from '../engine/connect.ts';
import { openLedger, sqliteFile, type Ledger } from '../ledger/open-ledger.ts';
import { CONFIG_DEFAULTS, EMULATOR_ACCOUNT, type AccountConfig, type Config } from '../schemas/config.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { openStore } from '../storage/open-store.ts';
import type { OutputStore } from '../storage/output-store.ts';
import { accountConfig, accountInUse } from './account-in-use.ts';
import { openEmulatedVendor, type EmulatedVendor } from './emulator-account.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { readSettings, usableConfig, type Settings } from './read-settings.ts';
import type { AccountInUse, EmulatorStart, OperationLog, Starters } from './starters.ts';

export interface ContextOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: {
    readonly config?: string;
    readonly account?: string;
    readonly withWorker?: boolean;
    /** `--port`: where the callback receiver listens. */
    readonly port?: number;
  };
  readonly starters: Starters;
  /** user@host, for when HEADSWAP_OPERATOR is not set. */
  readonly userAtHost: string;
  readonly log: OperationLog;
  readonly toolVersion: string;
  /** How long `run` lets the vendor be away before its first write; left out: 30 s. Tests shorten it. */
  readonly vendorPatienceMs?: number;
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
  readonly config: Config;
  /** `sqlite:...` or `postgres://...`; holds a password, never shown. */
  readonly ledgerUrl: string;
  /** `file:FOLDER`, relative to `baseDir`. */
  readonly storage: string;
  readonly operator: string;
  /** The account is the built-in emulator: free, own ledger, own engine, own outputs. */
  readonly rehearsal: boolean;
  /** TEMPORAL_* names a server: nothing embedded is started. */
  readonly temporalConfigured: boolean;
  /** Opens the ledger at the first call, making it when it is not there (`isNew`). OperationError exit 8. */
  ledger(): Promise<Ledger>;
  /** Whether a ledger is there, without making one. */
  ledgerExists(): boolean;
  store(): OutputStore;
  /** The name that counts: the flag's, else the manifest's or batch's, else the configured default. */
  accountName(named: string | null): string;
  /** That account's settings; needs no key. */
  accountConfig(named: string | null): AccountConfig;
  /** The account with its client. Starts the emulated vendor for the built-in one. OperationError exit 4 without a key. */
  account(named: string | null): Promise<AccountInUse>;
  /** A configured account by exactly this name, whatever the flag says. */
  configuredAccount(name: string): Promise<AccountInUse>;
  /** `host:port` of the emulated vendor, once started. */
  emulatorHost(): string | null;
  nowMs(): number;
  close(): Promise<void>;
}

/** What `demo` and tests set beside the options. */
export interface ContextExtras {
  readonly settings?: Settings;
  readonly emulator?: EmulatorStart;
}

/** Reads the configuration. OperationError exit 2 with all its problems. */
export function openContext(options: ContextOptions, extras: ContextExtras = {}): Promise<Context> {
  const settings = extras.settings ?? readSettings(options);
  return Promise.resolve(new OpenContext(options, settings, usableConfig(settings), extras.emulator ?? {}));
}

class OpenContext implements Context {
  readonly options: ContextOptions;
  readonly configFile: string | null;
  readonly baseDir: string;
  readonly stateDir: string;
  readonly config: Config;
  readonly ledgerUrl: string;
  readonly storage: string;
  readonly operator: string;
  readonly rehearsal: boolean;
  readonly temporalConfigured: boolean;
  readonly #emulatorStart: EmulatorStart;
  readonly #accounts = new Map<string, Promise<AccountInUse>>();
  #ledger: Promise<Ledger> | null = null;
  #store: OutputStore | null = null;
  #vendor: EmulatedVendor | null = null;

  constructor(options: ContextOptions, settings: Settings, config: Config, emulatorStart: EmulatorStart) {
    this.options = options;
    this.configFile = settings.configFile;
    this.baseDir = settings.baseDir;
    this.stateDir = settings.stateDir;
    this.config = config;
    this.rehearsal = settings.rehearsal;
    this.ledgerUrl = ledgerUrl(settings, config);
    this.storage = settings.rehearsal ? `file:${join(settings.stateDir, 'out')}` : `file:${config.storage.folder}`;
    this.operator = options.env['HEADSWAP_OPERATOR'] || options.userAtHost;
    // A rehearsal never meets real deliveries, so not their engine either.
    this.temporalConfigured = !settings.rehearsal && temporalConfigured(options.env);
    this.#emulatorStart = emulatorStart;
  }

  ledger(): Promise<Ledger> {
    this.#ledger ??= openLedger({ url: this.ledgerUrl, baseDir: this.baseDir }).catch((error: unknown) => {
      this.#ledger = null;
      throw ledgerUnreachable(error);
    });
    return this.#ledger;
  }

  ledgerExists(): boolean {
    return !this.ledgerUrl.startsWith('sqlite:') || existsSync(sqliteFile(this.ledgerUrl, this.baseDir));
  }

  store(): OutputStore {
    if (this.#store === null) {
      const opened = openStore(this.storage, this.baseDir);
      if (opened.kind === 'refused') {
        throw new OperationError(EXIT.usage, {
          message: opened.reason,
          charged: NOTHING_CHARGED,
          next: 'correct `storage` in headswap.yaml (or HEADSWAP_STORAGE)',
        });
      }
      this.#store = opened.store;
    }
    return this.#store;
  }

  accountName(named: string | null): string {
    return this.options.flags.account ?? named ?? this.config.defaultAccount;
  }

  accountConfig(named: string | null): AccountConfig {
    const name = this.accountName(named);
    if (name === EMULATOR_ACCOUNT && !this.rehearsal) {
      throw new OperationError(EXIT.usage, {
        message: 'the manifest names the built-in account "emulator", which keeps a ledger and outputs of its own',
        charged: NOTHING_CHARGED,
        next: 'add --account emulator to the command',
      });
    }
    return accountConfig(this.config, this.rehearsal ? this.config.defaultAccount : name);
  }

  account(named: string | null): Promise<AccountInUse> {
    return this.#once(this.accountName(named), () => this.#open(named));
  }

  configuredAccount(name: string): Promise<AccountInUse> {
    return this.#once(name, () => Promise.resolve().then(() => accountInUse(accountConfig(this.config, name))));
  }

  #once(name: string, open: () => Promise<AccountInUse>): Promise<AccountInUse> {
    const known = this.#accounts.get(name);
    if (known !== undefined) return known;
    const opening = open();
    this.#accounts.set(name, opening);
    opening.catch(() => this.#accounts.delete(name));
    return opening;
  }

  async #open(named: string | null): Promise<AccountInUse> {
    const config = this.accountConfig(named);
    if (!this.rehearsal) return accountInUse(config);
    this.#vendor = await openEmulatedVendor(
      this.stateDir,
      config,
      this.options.starters.startEmulator,
      this.#emulatorStart,
    );
    return this.#vendor.account;
  }

  emulatorHost(): string | null {
    return this.#vendor === null ? null : new URL(this.#vendor.url).host;
  }

  nowMs(): number {
    return Date.now();
  }

  async close(): Promise<void> {
    for (const opening of this.#accounts.values()) await (await opening.catch(() => null))?.client.close();
    await this.#vendor?.close();
    await (await this.#ledger?.catch(() => null))?.close();
    this.#ledger = null;
  }
}

function ledgerUrl(settings: Settings, config: Config): string {
  if (settings.rehearsal) return `sqlite:${join(settings.stateDir, 'ledger.db')}`;
  if (config.ledger.kind === 'postgres') return config.ledger.url.reveal();
  const builtIn = CONFIG_DEFAULTS.ledger.slice('sqlite:'.length);
  return `sqlite:${config.ledger.file === builtIn ? join(settings.stateDir, 'ledger.db') : config.ledger.file}`;
}

function ledgerUnreachable(error: unknown): OperationError {
  const said = error instanceof Error ? error.message : String(error);
  return new OperationError(
    EXIT.unreachable,
    {
      code: 'S102',
      message: `the ledger cannot be opened: ${said}`,
      charged: 'Nothing was charged: without a ledger nothing is created.',
      next: 'check `ledger` in headswap.yaml (or HEADSWAP_LEDGER); `headswap doctor` says more',
    },
    { cause: error },
  );
}
