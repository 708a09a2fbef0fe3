import type { ActivityDependencies, ServedAccount } from '../../activities/dependencies.ts';
import { Turns } from '../../activities/turns.ts';
import { WakeUps } from '../../activities/wake-ups.ts';
import { AkoolClient } from '../../akool/client.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { upsertAccount, type AccountSettings } from '../../ledger/account-row.ts';
import { enterBatch, type RowEntry } from '../../ledger/enter-batch.ts';
import type { JournalEntry } from '../../ledger/journal.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { beatReceiver, RECEIVER_BEAT_MS } from '../../ledger/receiver-beat.ts';
import { CallbackIntake } from '../../operations/receive-callback.ts';
import { laneOf } from '../../operations/row-entries.ts';
import type { BatchInput } from '../../schemas/workflow-inputs.ts';
import { itemColumns } from '../ledger/ledger-world.ts';
import { driveBatch } from './drive-batch.ts';
import { FaultDice, seeded } from './fault-dice.ts';
import { emptyMemory, memoryLedger } from './memory-ledger.ts';
import { makeScenario, type Scenario, type ScenarioBatch } from './scenario.ts';
import { simEgress } from './sim-egress.ts';
import { SimEngine } from './sim-engine.ts';
import { simJournal } from './sim-journal.ts';
import { ledgerOverNetwork, type LedgerWeather } from './sim-ledger.ts';
import { SimProcess } from './sim-process.ts';
import { simStore, type Files } from './sim-store.ts';
import { SimVendor, type SentCallback } from './sim-vendor.ts';
import { simWire } from './sim-wire.ts';
import { attemptHere, SimWorker } from './sim-worker.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

export const ACCOUNT = 'default';
const CALLBACK_BASE = 'https://fleet.example';
/** When every simulation begins. */
const STARTS_AT_MS = Date.UTC(2026, 0, 15, 9, 0, 0);

export interface WorldOptions {
  readonly seed: number;
  readonly show?: ((line: string) => void) | null;
  readonly faults?: boolean;
  /** A planted bug. */
  readonly spoil?: (statement: string) => string;
}

/** A create that the vendor accepted, with the attempt whose process sent it. */
export interface AcceptedCreate {
  readonly attempt: number;
  readonly task: string;
}

/** Everything of one seed: vendor, ledger, store, journal, engine, workers, receiver, on one virtual time. */
export class SimWorld {
  readonly time: VirtualTime;
  readonly dice: FaultDice;
  readonly trace: Trace;
  readonly scenario: Scenario;
  readonly vendor: SimVendor;
  readonly files: Files = new Map();
  readonly journal: JournalEntry[] = [];
  readonly weather: LedgerWeather = { away: false };
  readonly accepted: AcceptedCreate[] = [];
  /** Accepted creates whose answer reached its process whole, with that process and when. */
  readonly answered: { readonly attempt: number; readonly process: SimProcess; readonly atMs: number }[] = [];
  /** Uncertain creates that a person settled. */
  readonly byHand = new Set<number>();
  /** What was seen to be wrong while it happened. */
  readonly wrong: string[] = [];
  /** The people outside of the fleet: operators, the receiver, whoever checks. Never killed. */
  readonly office: SimProcess;
  readonly seed: number;
  engine: SimEngine;
  workers: SimWorker[] = [];
  receiverAway = false;
  readonly #options: WorldOptions;
  #memory: Awaited<ReturnType<typeof emptyMemory>> | null = null;
  #ledger: Ledger | null = null;
  #intake: CallbackIntake | null = null;
  #processes = 0;
  #engines = 0;

  constructor(options: WorldOptions) {
    const chance = seeded(options.seed);
    this.#options = options;
    this.seed = options.seed;
    this.time = new VirtualTime(STARTS_AT_MS, seeded(options.seed ^ 0x5bd1e995));
    this.trace = new Trace(() => this.time.now(), options.show ?? null);
    this.dice = new FaultDice(chance, (kind) => this.trace.note('fault', kind));
    if (options.faults === false) this.dice.end();
    this.scenario = makeScenario(this.dice);
    this.office = new SimProcess('office', this.time);
    const { scenario } = this;
    this.vendor = new SimVendor(
      {
        seed: options.seed,
        credits: scenario.credits,
        analysisMs: [200, 1_500],
        taskMs: [scenario.taskMs[0], scenario.taskMs[1]],
        prices: scenario.charges,
        hold: scenario.hold,
      },
      this.time,
      this.dice,
      (message) => this.#receive(message),
    );
    this.engine = this.#newEngine();
  }

  get ledger(): Ledger {
    if (this.#ledger === null) throw new Error('the world has not begun');
    return this.#ledger;
  }

  get settings(): AccountSettings {
    const { scenario } = this;
    return {
      name: ACCOUNT,
      baseUrl: 'https://vendor.example',
      keyFingerprint: 'f',
      createPerSecond: scenario.createPerSecond,
      analyzePerSecond: 5,
      pollPerSecond: 20,
      openTasks: scenario.openTasks,
      openAnalyses: 4,
      maxUncertain: scenario.maxUncertain,
    };
  }

  /** Does something as the office, and lets the world go on until it is done. */
  async act<T>(what: () => Promise<T>): Promise<T> {
    const doing = this.office.run(what);
    let over = false;
    const end = (): void => void (over = true);
    doing.then(end, end);
    if (!(await this.time.run(() => over, 120_000))) throw new Error('what the office does never ends');
    return doing;
  }

  /** Opens the ledger, enters the batches, starts the workers and the receiver. */
  async begin(): Promise<void> {
    this.#memory = await emptyMemory(this.#options.spoil);
    this.#ledger = this.#handle();
    await this.act(() => this.#begin());
  }

  async #begin(): Promise<void> {
    await this.ledger.write((tx) => upsertAccount(tx, this.settings));
    for (let n = 0; n < this.scenario.workers; n += 1) this.startWorker();
    const { ledger } = this;
    this.#intake = new CallbackIntake({
      ledger,
      // As operations/serve-callbacks.ts does: whatever is stored wakes whoever drives.
      onNews: () => this.scenario.batches.forEach((batch) => this.drive(batch)),
      log: () => undefined,
    });
    if (this.scenario.callbacks) this.#beat();
    for (const batch of this.scenario.batches) {
      this.time.after(batch.entersAtMs, () => this.office.run(() => void this.enter(batch, 'start')));
    }
  }

  inputOf({ id, lanes }: Pick<ScenarioBatch, 'id' | 'lanes'>): BatchInput {
    const { requestTimeoutMs } = this.scenario;
    return { batch: id, ledger8: this.ledger.ledger8, account: ACCOUNT, lanes, requestTimeoutMs };
  }

  drive(batch: Pick<ScenarioBatch, 'id' | 'lanes'>): void {
    this.engine.drive(this.inputOf(batch));
  }

  /** `run`: the first time, or again with the same manifest. */
  async enter(batch: ScenarioBatch, kind: 'start' | 'keep'): Promise<void> {
    const rows = batch.items.map((item, row): RowEntry => {
      const columns = itemColumns(item.id, row, {
        lane: laneOf(item.video, batch.lanes),
        video_url: item.video,
        swap: JSON.stringify(item.swap),
        resolution: item.resolution,
        differ: item.differ,
        output: `${batch.id}/${item.id}.mp4`,
        rule_key: `${item.video} ${JSON.stringify(item.swap)} ${item.resolution}`,
      });
      return kind === 'start' ? { kind, columns, salt: null, version: 1, state: 'pending' } : { kind, columns };
    });
    const entry = {
      id: batch.id,
      account: ACCOUNT,
      project: null,
      operator: 'ann',
      manifestFile: `${batch.id}.csv`,
      manifestPath: `/${batch.id}.csv`,
      manifestSha: 's',
      manifestRows: rows.length,
      lanes: batch.lanes,
      budget: batch.budget,
      perItem: null,
      estimated: null,
      sheet: null,
      tolerate: batch.tolerate,
    };
    await enterBatch(this.ledger, entry, rows);
    this.trace.note('office', `${kind === 'start' ? 'runs' : 'runs again'} ${batch.id}`);
    this.drive(batch);
  }

  /** A worker process; on its start it wakes the drivers of what runs, as worker/take-over.ts does. */
  startWorker(): SimWorker {
    this.#processes += 1;
    const process = new SimProcess(`worker-${this.#processes}`, this.time);
    const stop = new AbortController();
    const worker = new SimWorker(process, this.#dependencies(process, this.#handle(), stop), stop, this.trace);
    this.workers.push(worker);
    return worker;
  }

  /** The engine's state is gone: what it drove is driven by nobody until somebody asks. */
  loseEngine(): void {
    this.engine.process.kill();
    this.engine = this.#newEngine();
  }

  #newEngine(): SimEngine {
    this.#engines += 1;
    return new SimEngine({
      time: this.time,
      dice: this.dice,
      trace: this.trace,
      process: new SimProcess(`engine-${this.#engines}`, this.time),
      workflow: driveBatch,
      workers: () => this.workers.filter((worker) => worker.polls),
    });
  }

  #handle(): Ledger {
    if (this.#memory === null) throw new Error('the world has not begun');
    return memoryLedger(this.#memory, () => Math.floor(this.time.now()));
  }

  #beat(): void {
    this.time.after(RECEIVER_BEAT_MS, () => {
      if (!this.receiverAway && !this.weather.away)
        this.office.run(() => void this.ledger.write((tx, nowMs) => beatReceiver(tx, nowMs)));
      this.#beat();
    });
  }

  /** A callback on its way; the vendor does not send it again. */
  #receive({ url, body }: SentCallback): void {
    this.time.after(this.dice.between(2, 60), () => {
      if (this.receiverAway || this.weather.away) return;
      const token = url.slice(url.lastIndexOf('/') + 1);
      this.office.run(() => void this.#intake?.receive({ token, body }));
    });
  }

  #account(process: SimProcess): ServedAccount {
    const { scenario } = this;
    const wire = simWire({
      time: this.time,
      vendor: this.vendor,
      dice: this.dice,
      process,
      timeoutMs: scenario.requestTimeoutMs,
      attempt: attemptHere,
      onFirstByte: (attempt, sender) => void this.#checkFirstByte(attempt, sender),
      onAccepted: (attempt, task) => {
        this.accepted.push({ attempt, task });
        this.trace.note('vendor', `accepted a create of attempt ${attempt}`);
      },
      onAnswered: (attempt, _task, sender) => this.answered.push({ attempt, process: sender, atMs: this.time.now() }),
    });
    return {
      settings: this.settings,
      client: new AkoolClient({
        baseUrl: this.settings.baseUrl,
        auth: { kind: 'api-key', key: DEFAULT_API_KEY },
        timeoutMs: scenario.requestTimeoutMs,
        wire,
      }),
      prices: scenario.prices,
      polling: { firstMs: 800, factor: 1.5, maxMs: 12_000, stalledAfterMs: 40_000 },
      requestTimeoutMs: scenario.requestTimeoutMs,
      uncertain: scenario.uncertain,
      callbackSecrets: { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY },
    };
  }

  /** No byte of a create leaves that the ledger does not know of: its attempt is *sending*, by this process. */
  async #checkFirstByte(attempt: number, sender: SimProcess): Promise<void> {
    this.trace.note(sender.name, `sends the create of attempt ${attempt}`);
    const row = await this.ledger.db
      .selectFrom('attempts')
      .select(['state', 'owner', 'sent_at'])
      .where('id', '=', attempt)
      .executeTakeFirst();
    if (row?.state !== 'sending' || row.owner !== this.#ownerOf(sender))
      this.wrong.push(
        `attempt ${attempt} was sent by ${sender.name} while the ledger has it ${row?.state ?? 'unknown'}`,
      );
  }

  #ownerOf(process: SimProcess): string {
    return `${this.scenario.oneHost ? 'host' : `host-of-${process.name}`}/${process.name}`;
  }

  #dependencies(process: SimProcess, ledger: Ledger, stop: AbortController): ActivityDependencies {
    const nothing = (): void => undefined;
    return {
      ledger: ledgerOverNetwork(ledger, process, this.dice, this.weather),
      journal: simJournal(process, this.dice, this.journal),
      accounts: new Map([[ACCOUNT, this.#account(process)]]),
      store: simStore(this.files, process, this.dice),
      egress: simEgress(this.vendor, process, this.dice),
      owner: this.#ownerOf(process),
      ownerState: (owner) => this.#ownerState(process, owner),
      driver: 'engine',
      callbackBase: this.scenario.callbacks ? CALLBACK_BASE : null,
      ignoreQuery: [],
      allowPrivateHosts: true,
      allowedHost: null,
      wakeUps: new WakeUps(),
      turns: new Turns(),
      durations: new Map(),
      stopping: () => stop.signal.aborted,
      stopSignal: stop.signal,
      chance: () => Math.random(),
      counters: { count: nothing },
      log: { info: nothing, warn: nothing },
      writeReport: () => Promise.resolve(),
      drive: (batch) => {
        const known = this.scenario.batches.find(({ id }) => id === batch);
        if (known !== undefined) this.drive(known);
        return process.sleep(this.dice.between(1, 20));
      },
      at: (point) => this.#atLine(process, point),
    };
  }

  /** Whether another process lives can be seen only on one's own host. */
  #ownerState(process: SimProcess, owner: string): 'alive' | 'dead' | 'unknown' {
    const worker = this.workers.find((one) => this.#ownerOf(one.process) === owner);
    if (worker === undefined || (!this.scenario.oneHost && worker.process !== process)) return 'unknown';
    return worker.process.dead ? 'dead' : 'alive';
  }

  #atLine(process: SimProcess, point: string): Promise<void> {
    if (this.dice.happens('killed at a line')) {
      this.trace.note(process.name, `killed at ${point}`);
      this.killWorker(process);
      return new Promise(() => undefined);
    }
    if (this.dice.happens('frozen at a line')) {
      this.trace.note(process.name, `frozen at ${point}`);
      this.freeze(process, this.dice.between(100, 40_000));
      return process.sleep(0.01);
    }
    return Promise.resolve();
  }

  freeze(process: SimProcess, forMs: number): void {
    process.freeze();
    this.time.after(forMs, () => process.thaw());
  }

  /** Its place is taken by another process after a while. */
  killWorker(process: SimProcess): void {
    process.kill();
    this.time.after(this.dice.between(100, 8_000), () => this.office.run(() => void this.replaceWorker()));
  }

  async replaceWorker(): Promise<void> {
    this.startWorker();
    await this.wakeRunning();
  }

  /** What worker/take-over.ts does on a worker's start. */
  async wakeRunning(): Promise<void> {
    const running = await this.ledger.db.selectFrom('batches').select('id').where('state', '=', 'running').execute();
    for (const batch of this.scenario.batches) if (running.some(({ id }) => id === batch.id)) this.drive(batch);
  }
}
