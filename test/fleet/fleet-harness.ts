import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AkoolClient } from '../../akool/client.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator, type StartOptions } from '../../emulator/start.ts';
import { connectClient, embeddedTarget, type EngineClient } from '../../engine/connect.ts';
import { joinEngine, type EngineHandle } from '../../engine/embedded-engine.ts';
import { upsertAccount, type AccountSettings } from '../../ledger/account-row.ts';
import { enterBatch, type RowEntry } from '../../ledger/enter-batch.ts';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';
import { ruleKey } from '../../manifests/identity.ts';
import type { AccountInUse, RunningWorker } from '../../operations/starters.ts';
import type { SwapRule } from '../../schemas/manifest-item.ts';
import { batchWorkflowId } from '../../schemas/names.ts';
import type { BatchInput } from '../../schemas/workflow-inputs.ts';
import { driveBatch } from '../../operations/drive-batch.ts';
import { startWorker } from '../../worker/start-worker.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';
import { findTemporalCli } from '../../engine/temporal-cli.ts';
import { audit, type Audit } from './audit.ts';

/** One row of a test batch: a video of the emulator and the number of the face put in. */
export interface TestRow {
  readonly id: string;
  readonly video: string;
  readonly face?: string;
  readonly swap?: SwapRule;
}

export interface FleetOptions {
  /** A vendor that runs elsewhere; without it an emulator is started in this process. */
  readonly vendorUrl?: string;
  readonly emulator?: StartOptions;
  readonly account?: Partial<AccountSettings>;
  readonly prices?: AccountInUse['prices'];
  readonly requestTimeoutMs?: number;
  readonly polling?: Partial<AccountInUse['polling']>;
  readonly uncertain?: AccountInUse['uncertain'];
  readonly windows?: AccountInUse['windows'];
  /** Default: a SQLite file of its own. */
  readonly ledgerUrl?: string;
  /** The ledger's clock, SQLite only. */
  readonly clock?: () => number;
}

/**
 * A whole fleet in one process: the emulated vendor, a real embedded Temporal server on a file, a SQLite ledger, a real
 * worker. Nothing is simulated but the vendor.
 */
export class Fleet {
  readonly dir: string;
  readonly emulator: RunningEmulator;
  readonly engine: EngineHandle;
  readonly ledger: Ledger;
  readonly account: AccountInUse;
  readonly ledgerUrl: string;
  #rows = 0;
  #engineClient: EngineClient | undefined;
  #worker: RunningWorker | undefined;

  private constructor(
    dir: string,
    emulator: RunningEmulator,
    engine: EngineHandle,
    ledger: Ledger,
    account: AccountInUse,
    ledgerUrl: string,
  ) {
    this.dir = dir;
    this.emulator = emulator;
    this.engine = engine;
    this.ledger = ledger;
    this.account = account;
    this.ledgerUrl = ledgerUrl;
  }

  static async start(options: FleetOptions = {}): Promise<Fleet> {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-fleet-'));
    const emulator = await startEmulator({ analysisMs: 200, taskMs: 400, ...options.emulator });
    const engine = await joinEngine({
      stateDir: dir,
      cli: await findTemporalCli(process.env),
      role: 'command',
      log: () => undefined,
    });
    const ledgerUrl = options.ledgerUrl ?? 'sqlite:ledger.db';
    const { clock } = options;
    const ledger = await openLedger({ url: ledgerUrl, baseDir: dir, ...(clock === undefined ? {} : { clock }) });
    const requestTimeoutMs = options.requestTimeoutMs ?? 5_000;
    const settings: AccountSettings = {
      name: 'default',
      baseUrl: options.vendorUrl ?? emulator.url,
      keyFingerprint: 'test-key',
      createPerSecond: 20,
      analyzePerSecond: 20,
      pollPerSecond: 50,
      openTasks: 10,
      openAnalyses: 10,
      maxUncertain: 10,
      ...options.account,
    };
    const account: AccountInUse = {
      settings,
      client: new AkoolClient({
        baseUrl: options.vendorUrl ?? emulator.url,
        auth: { kind: 'api-key', key: DEFAULT_API_KEY },
        timeoutMs: requestTimeoutMs,
      }),
      prices: options.prices ?? { '480p': 6, '720p': 15 },
      polling: { firstMs: 150, factor: 1.5, maxMs: 2_000, stalledAfterMs: 3_600_000, ...options.polling },
      requestTimeoutMs,
      callbackSecrets: { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY },
      uncertain: options.uncertain ?? { waitMs: 0, afterwards: 'hold', maxPayAgain: 0 },
      windows: options.windows ?? [],
    };
    await ledger.write((tx) => upsertAccount(tx, settings));
    return new Fleet(dir, emulator, engine, ledger, account, ledgerUrl);
  }

  async startWorker(): Promise<RunningWorker> {
    this.#worker = await startWorker({
      config: { storage: 'file:./out', ignoreQuery: [], allowPrivateHosts: true, metrics: null },
      ledger: this.ledger,
      engine: embeddedTarget(this.engine),
      accounts: [this.account],
      stateDir: this.dir,
      baseDir: this.dir,
      operator: 'test',
      driver: this.engine.identity,
      allowedHost: null,
      log: () => undefined,
    });
    return this.#worker;
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.shutdown();
    this.#worker = undefined;
  }

  /** Enters a batch of plain rows and drives it. */
  async submit(
    batch: string,
    rows: readonly TestRow[],
    more: { readonly budget?: number; readonly perItem?: number; readonly tolerate?: string } = {},
  ): Promise<void> {
    this.#rows += rows.length;
    await enterBatch(
      this.ledger,
      {
        id: batch,
        account: 'default',
        project: null,
        operator: 'test',
        manifestFile: `${batch}.csv`,
        manifestPath: join(this.dir, `${batch}.csv`),
        manifestSha: 'sha',
        manifestRows: rows.length,
        lanes: 1,
        budget: more.budget ?? null,
        perItem: more.perItem ?? null,
        estimated: null,
        sheet: null,
        tolerate: more.tolerate ?? null,
      },
      rows.map((row, index) => this.#entry(batch, row, index)),
    );
    await this.drive(batch);
  }

  #entry(batch: string, row: TestRow, index: number): RowEntry {
    const url = `${this.account.settings.baseUrl}/media/faces/${row.face ?? 'ana'}.jpg`;
    const face = { name: row.face ?? 'ana', url, consent: null, until: null };
    const swap = row.swap ?? { kind: 'only', face };
    const video = `${this.account.settings.baseUrl}/media/${row.video}`;
    const settings = { resolution: '720p', model: 'akool-premium', keepOriginalSound: true, templateId: null } as const;
    return {
      kind: 'start',
      salt: null,
      version: 1,
      state: 'pending',
      columns: {
        row: index,
        id: row.id,
        lane: 0,
        file: `${batch}.csv`,
        line: index + 2,
        video_url: video,
        rule: face.name,
        swap: JSON.stringify(swap),
        resolution: settings.resolution,
        model: settings.model,
        sound: 1,
        template: null,
        output: `${batch}/${row.id}.mp4`,
        project: null,
        note: null,
        check_id: null,
        differ: 'wait',
        x: '{}',
        cells: null,
        rule_key: ruleKey({ name: 'default', baseUrl: this.account.settings.baseUrl }, { video, swap, settings }),
      },
    };
  }

  /** Workflow id of the batch's driver. */
  driverId(batch: string): string {
    return batchWorkflowId(this.ledger.ledger8, batch);
  }

  /** `digest`: of the workflow code the driver says it was made from. */
  async drive(batch: string, digest?: string): Promise<void> {
    await driveBatch((await this.engineClient()).client, this.input(batch), digest ?? (await workflowBundle()).digest);
  }

  input(batch: string): BatchInput {
    return {
      batch,
      ledger8: this.ledger.ledger8,
      account: 'default',
      lanes: 1,
      requestTimeoutMs: this.account.requestTimeoutMs,
    };
  }

  async engineClient(): Promise<EngineClient> {
    this.#engineClient ??= await connectClient(embeddedTarget(this.engine));
    return this.#engineClient;
  }

  /** Resolves with what `look` gives as soon as it gives something; rejects with the states seen when it never does. */
  async until<T>(look: () => Promise<T | null | undefined | false>, withinMs = 30_000): Promise<T> {
    const end = Date.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found !== null && found !== undefined && found !== false) return found;
      if (Date.now() > end) throw new Error(`not within ${withinMs} ms; items: ${JSON.stringify(await this.states())}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Waits until the batch's round ended; gives its state. */
  ended(batch: string, withinMs = 60_000): Promise<string> {
    return this.until(async () => {
      const row = await this.ledger.db
        .selectFrom('batches')
        .select('state')
        .where('id', '=', batch)
        .executeTakeFirstOrThrow();
      return row.state === 'running' ? null : row.state;
    }, withinMs);
  }

  async states(): Promise<Record<string, number>> {
    const rows = await this.ledger.db
      .selectFrom('items')
      .select((e) => ['state', e.fn.countAll<number>().as('n')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map((row) => [row.state, row.n]));
  }

  item(batch: string, id: string) {
    return this.ledger.db
      .selectFrom('items')
      .selectAll()
      .where('batch', '=', batch)
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
  }

  /** What must hold after every run; see audit.ts. */
  async audit(): Promise<Audit> {
    this.emulator.control.settle();
    return audit(this.ledger, this.emulator.book, { rows: this.#rows, outputs: join(this.dir, 'out') });
  }

  async stop(): Promise<void> {
    await this.stopWorker();
    await this.#engineClient?.connection.close();
    await this.engine.leave();
    await this.ledger.close();
    await this.account.client.close();
    await this.emulator.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function rowsOver(items: number, videos: number): TestRow[] {
  return Array.from({ length: items }, (_, index) => ({
    id: `sh${String(index).padStart(3, '0')}`,
    video: `plate-${index % videos}.mp4`,
    face: `face-${Math.floor(index / videos)}`,
  }));
}
