import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActivityDependencies, ServedAccount } from '../../activities/dependencies.ts';
import { createActivities, type Activities } from '../../activities/index.ts';
import { Turns } from '../../activities/turns.ts';
import { WakeUps } from '../../activities/wake-ups.ts';
import { AkoolClient } from '../../akool/client.ts';
import { createEgress } from '../../egress/fetch-checked.ts';
import { DEFAULT_API_KEY } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator, type StartOptions } from '../../emulator/start.ts';
import { upsertAccount } from '../../ledger/account-row.ts';
import { enterBatch } from '../../ledger/enter-batch.ts';
import { openLedger, type Ledger, type OpenLedgerOptions } from '../../ledger/open-ledger.ts';
import { openFileStore } from '../../storage/file-store.ts';
import { itemColumns } from '../ledger/ledger-world.ts';

/** Activities over a real ledger, a real store and the emulated vendor, called directly: no Temporal server. */
export class ActivityWorld {
  readonly dir = mkdtempSync(join(tmpdir(), 'headswap-activities-'));
  readonly emulator: RunningEmulator;
  readonly ledger: Ledger;
  readonly deps: ActivityDependencies;
  readonly activities: Activities;
  readonly stop = new AbortController();
  readonly input;

  private constructor(emulator: RunningEmulator, ledger: Ledger, dir: string, account: ServedAccount) {
    this.emulator = emulator;
    this.ledger = ledger;
    this.deps = {
      ledger,
      journal: null,
      accounts: new Map([['default', account]]),
      store: openFileStore(join(dir, 'out')),
      egress: createEgress(),
      owner: 'this/boot/1/1',
      ownerState: (owner) => (owner.includes('dead') ? 'dead' : 'alive'),
      driver: 'test-engine',
      ignoreQuery: [],
      allowPrivateHosts: true,
      allowedHost: null,
      callbackBase: null,
      wakeUps: new WakeUps(),
      turns: new Turns(),
      durations: new Map(),
      stopping: () => this.stop.signal.aborted,
      stopSignal: this.stop.signal,
      chance: () => 0.5,
      counters: { count: () => undefined },
      log: { info: () => undefined, warn: () => undefined },
      writeReport: () => Promise.resolve(),
      drive: () => Promise.resolve(),
      at: () => Promise.resolve(),
    };
    this.activities = createActivities(this.deps);
    this.input = {
      batch: 'b',
      ledger8: ledger.ledger8,
      account: 'default',
      lanes: 1,
      lane: 0,
      requestTimeoutMs: 5_000,
      fresh: true,
    };
  }

  static async start(
    options: StartOptions = {},
    ledgerOptions: Pick<OpenLedgerOptions, 'clock' | 'busyAtMostMs'> = {},
  ): Promise<ActivityWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-activities-'));
    const emulator = await startEmulator({ analysisMs: 20, taskMs: 20, ...options });
    const ledger = await openLedger({ url: 'sqlite:ledger.db', baseDir: dir, ...ledgerOptions });
    const settings = {
      name: 'default',
      baseUrl: emulator.url,
      keyFingerprint: 'f',
      createPerSecond: 100,
      analyzePerSecond: 100,
      pollPerSecond: 100,
      openTasks: 10,
      openAnalyses: 10,
      maxUncertain: 10,
    };
    await ledger.write((tx) => upsertAccount(tx, settings));
    const account: ServedAccount = {
      settings,
      client: new AkoolClient({
        baseUrl: emulator.url,
        auth: { kind: 'api-key', key: DEFAULT_API_KEY },
        timeoutMs: 5_000,
      }),
      prices: { '720p': 15 },
      polling: { firstMs: 40, factor: 1.5, maxMs: 500, stalledAfterMs: 60_000 },
      requestTimeoutMs: 5_000,
      uncertain: { waitMs: 60_000, afterwards: 'hold', maxPayAgain: 0 },
      callbackSecrets: null,
    };
    return new ActivityWorld(emulator, ledger, dir, account);
  }

  /** Rows of the only-person rule over one video each. */
  async enter(ids: readonly string[]): Promise<void> {
    const face = { name: 'ana', url: `${this.emulator.url}/media/faces/ana.jpg`, consent: null, until: null };
    await enterBatch(
      this.ledger,
      {
        id: 'b',
        account: 'default',
        project: null,
        operator: 'test',
        manifestFile: 'b.csv',
        manifestPath: '/b.csv',
        manifestSha: 's',
        manifestRows: ids.length,
        lanes: 1,
        budget: null,
        perItem: null,
        estimated: null,
        sheet: null,
      },
      ids.map((id, row) => ({
        kind: 'start' as const,
        salt: null,
        version: 1,
        state: 'pending' as const,
        columns: itemColumns(id, row, {
          video_url: `${this.emulator.url}/media/${id}.mp4`,
          swap: JSON.stringify({ kind: 'only', face }),
        }),
      })),
    );
  }

  async state(id: string): Promise<string> {
    const row = await this.ledger.db.selectFrom('items').select('state').where('id', '=', id).executeTakeFirstOrThrow();
    return row.state;
  }

  async end(): Promise<void> {
    await this.ledger.close();
    await this.emulator.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
