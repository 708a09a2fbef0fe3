import { upsertAccount } from '../../ledger/account-row.ts';
import { enterBatch } from '../../ledger/enter-batch.ts';
import type { JournalEntry } from '../../ledger/journal.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { beatReceiver, RECEIVER_BEAT_MS } from '../../ledger/receiver-beat.ts';
import { CallbackIntake } from '../../operations/receive-callback.ts';
import type { BatchInput } from '../../schemas/workflow-inputs.ts';
import { driveBatch } from './drive-batch.ts';
import { FaultDice, seeded } from './fault-dice.ts';
import { emptyMemory, memoryLedger } from './memory-ledger.ts';
import { ACCOUNT, accountSettings, batchEntry, rowEntries } from './enter-scenario.ts';
import { makeScenario, type Scenario, type ScenarioBatch } from './scenario.ts';
import { SimEngine } from './sim-engine.ts';
import type { LedgerWeather } from './sim-ledger.ts';
import { SimProcess } from './sim-process.ts';
import type { Files } from './sim-store.ts';
import { SimVendor, type SentCallback } from './sim-vendor.ts';
import { SimWorker } from './sim-worker.ts';
import { Trace } from './trace.ts';
import { workerDependencies } from './worker-dependencies.ts';
import { VirtualTime } from './virtual-time.ts';

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
    await this.ledger.write((tx) => upsertAccount(tx, accountSettings(this.scenario)));
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
    await enterBatch(this.ledger, batchEntry(batch), rowEntries(batch, kind));
    this.trace.note('office', `${kind === 'start' ? 'runs' : 'runs again'} ${batch.id}`);
    this.drive(batch);
  }

  /** A worker process; on its start it wakes the drivers of what runs, as worker/take-over.ts does. */
  startWorker(): SimWorker {
    this.#processes += 1;
    const process = new SimProcess(`worker-${this.#processes}`, this.time);
    const stop = new AbortController();
    const deps = workerDependencies(this, process, this.#handle(), stop);
    const worker = new SimWorker(process, deps, stop, this.trace);
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
