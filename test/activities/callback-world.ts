import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCreateTask } from '../../activities/create-task.ts';
import type { ActivityDependencies, ServedAccount } from '../../activities/dependencies.ts';
import { Poller } from '../../activities/poller.ts';
import { endWaits } from '../../activities/steps/end-waits.ts';
import { pollTasks } from '../../activities/steps/poll-tasks.ts';
import { takeCallbacks } from '../../activities/steps/take-callbacks.ts';
import { Turns } from '../../activities/turns.ts';
import { WakeUps } from '../../activities/wake-ups.ts';
import { sealCallback, type CallbackSecrets } from '../../akool/callback.ts';
import type { CallbackData } from '../../akool/wire.ts';
import { createEgress } from '../../egress/fetch-checked.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator, type StartOptions } from '../../emulator/start.ts';
import { openJournal } from '../../ledger/journal.ts';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';
import { beatReceiver } from '../../ledger/receiver-beat.ts';
import { claimCreate } from '../../ledger/claim-create.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import type { Requirement } from '../../schemas/requirement.ts';
import { CallbackIntake } from '../../operations/receive-callback.ts';
import type { RunningReceiver } from '../../operations/starters.ts';
import { openStore } from '../../storage/open-store.ts';
import { startReceiver } from '../../web/start-receiver.ts';
import { until } from '../akool/expectations.ts';
import { FACE, FleetOfOne } from '../emulator/fleet-of-one.ts';
import { freshName, makeAccount, readyBatch, type ReadyWork } from '../ledger/ledger-world.ts';

export const SECRETS: CallbackSecrets = { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY };

export interface WorldOptions {
  readonly emulator?: StartOptions;
  readonly uncertain?: ServedAccount['uncertain'];
  readonly secrets?: CallbackSecrets | null;
  readonly timeoutMs?: number;
  readonly polling?: ServedAccount['polling'];
  readonly require?: readonly Requirement[];
}

/** Ledger, emulated vendor with its callbacks, receiver and the activities' own code, on real sockets; no Temporal. */
export class CallbackWorld {
  readonly ledger: Ledger;
  readonly emulator: RunningEmulator;
  readonly receiver: RunningReceiver;
  readonly account: string;
  readonly deps: ActivityDependencies;
  readonly poller: Poller;
  /** Milliseconds that the ledger's clock is ahead. */
  readonly clock: { aheadMs: number };
  /** Where the journal's files are. */
  readonly journal: string;
  readonly #dir: string;
  readonly #fleet: FleetOfOne;
  readonly #createTask: (attempt: number) => Promise<unknown>;
  #batch = '';

  private constructor(
    parts: Pick<CallbackWorld, 'ledger' | 'emulator' | 'receiver' | 'account' | 'deps' | 'clock'> & { dir: string },
  ) {
    this.ledger = parts.ledger;
    this.emulator = parts.emulator;
    this.receiver = parts.receiver;
    this.account = parts.account;
    this.deps = parts.deps;
    this.clock = parts.clock;
    this.#dir = parts.dir;
    this.journal = join(parts.dir, 'journal');
    this.poller = new Poller(parts.deps);
    this.#fleet = new FleetOfOne(parts.emulator.url);
    this.#createTask = createCreateTask(parts.deps);
  }

  static async start(options: WorldOptions = {}): Promise<CallbackWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-callbacks-'));
    const clock = { aheadMs: 0 };
    const ledger = await openLedger({ url: 'sqlite:ledger.db', baseDir: dir, clock: () => Date.now() + clock.aheadMs });
    const emulator = await startEmulator({ analysisMs: 0, taskMs: 50, ...options.emulator });
    const wakeUps = new WakeUps();
    const intake = new CallbackIntake({ ledger, onNews: () => wakeUps.poke(), log: () => undefined });
    const receiver = await startReceiver({
      port: 0,
      host: '127.0.0.1',
      store: (message) => intake.receive(message),
      health: () => Promise.resolve({ ok: true, ledger: ledger.ledger8 }),
    });
    await ledger.write((tx, nowMs) => beatReceiver(tx, nowMs));
    const account = await makeAccount(ledger, { baseUrl: emulator.url });
    const deps = dependencies(ledger, dir, { emulator, receiver, account, wakeUps }, options);
    return new CallbackWorld({ dir, clock, ledger, emulator, receiver, account, deps });
  }

  /** So many items of a batch of their own, ready to be created, which the emulated vendor has analysed. */
  async ready(count: number): Promise<readonly ReadyWork[]> {
    const { batch, work } = await readyBatch(this.ledger, this.account, count);
    this.#batch = batch;
    for (const { item } of work) {
      const row = await this.item(item);
      await this.#fleet.analyse(row.video_url);
    }
    const mappings = JSON.stringify([{ objId: 0, url: FACE }]);
    await this.ledger.write((tx) => tx.updateTable('items').set({ mappings }).where('batch', '=', batch).execute());
    return work;
  }

  /** Claims an item and sends its create, as the activity does. */
  async create(work: ReadyWork): Promise<number> {
    const candidate = { ...work.candidate, token: freshName('token') };
    const claim = await this.ledger.write((tx, nowMs) => claimCreate(tx, candidate, nowMs));
    if (claim.kind !== 'claimed') throw new Error(`not claimed: ${claim.kind}`);
    await this.#createTask(claim.attempt);
    return claim.attempt;
  }

  /** What a pass does about callbacks, polls and waits, once. */
  async tick(): Promise<void> {
    const at = { batch: this.#batch, lane: 0 };
    const nowMs = await this.ledger.now();
    await endWaits(this.deps, at, this.account, nowMs);
    await takeCallbacks(this.deps, this.poller, at, nowMs);
    await pollTasks(this.deps, this.poller, at, this.account, false, nowMs);
  }

  /** Ticks until there is something. */
  until<T>(look: () => Promise<T | null>, patienceMs = 8_000): Promise<T> {
    return until(
      async () => {
        await this.tick();
        return look();
      },
      { patienceMs, pollMs: 20 },
    );
  }

  reaches(item: number, state: string): Promise<unknown> {
    return this.until(async () => ((await this.item(item)).state === state ? true : null)).catch(async (error) => {
      throw new Error(`${state} not reached: ${JSON.stringify([await this.item(item), await this.messages()])}`, {
        cause: error,
      });
    });
  }

  /** Until every stored message is looked at. */
  async heard(count = 1): Promise<readonly { state: string; reason: string | null; copies: number }[]> {
    return this.until(async () => {
      const rows = await this.messages();
      return rows.length >= count && rows.every((row) => row.state !== 'stored') ? rows : null;
    });
  }

  messages() {
    return this.ledger.db.selectFrom('webhook_events').selectAll().orderBy('id').execute();
  }

  item(key: number) {
    return this.ledger.db.selectFrom('items').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
  }

  attempt(id: number) {
    return this.ledger.db.selectFrom('attempts').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  }

  events(type: string) {
    return this.ledger.db.selectFrom('events').selectAll().where('type', '=', type).execute();
  }

  /** A message as the vendor would seal it, to the attempt's own address. Resolves to the answer's status. */
  async say(attempt: number, data: CallbackData, secrets = SECRETS, nonce = '1234'): Promise<number> {
    const { token } = await this.attempt(attempt);
    const body = JSON.stringify(sealCallback(secrets, data, { timestampMs: Date.now(), nonce }));
    return this.post(token, body);
  }

  async post(token: string, body: string): Promise<number> {
    const answer = await fetch(`${this.receiver.url}/callback/${token}`, { method: 'POST', body });
    return answer.status;
  }

  /** Counters that are not what the rows say; what was paid twice. */
  async audit() {
    return { counters: await verifyCounters(this.ledger.db), doublePaid: this.emulator.book.doublePaid().length };
  }

  async stop(): Promise<void> {
    await this.receiver.close();
    await this.emulator.close();
    await this.#fleet.close();
    await until(() => (this.poller.busy() ? null : true));
    await this.deps.journal?.close();
    for (const account of this.deps.accounts.values()) await account.client.close();
    await this.deps.egress.close();
    await this.ledger.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

function dependencies(
  ledger: Ledger,
  dir: string,
  parts: { emulator: RunningEmulator; receiver: RunningReceiver; account: string; wakeUps: WakeUps },
  options: WorldOptions,
): ActivityDependencies {
  const opened = openStore('file:./out', dir);
  if (opened.kind === 'refused') throw new Error(opened.reason);
  const timeoutMs = options.timeoutMs ?? 2_000;
  const fleet = new FleetOfOne(parts.emulator.url, DEFAULT_API_KEY, timeoutMs);
  const limits = {
    createPerSecond: 1_000,
    analyzePerSecond: 1_000,
    pollPerSecond: 1_000,
    openTasks: 100,
    openAnalyses: 100,
    maxUncertain: 100,
  };
  const served: ServedAccount = {
    settings: { name: parts.account, baseUrl: parts.emulator.url, keyFingerprint: 'f', ...limits },
    client: fleet.client,
    prices: { '480p': 6, '720p': 15 },
    // Polls come late on purpose: what is found sooner was found through its callback.
    polling: options.polling ?? { firstMs: 60_000, factor: 1.5, maxMs: 60_000, stalledAfterMs: 3_600_000 },
    requestTimeoutMs: timeoutMs,
    callbackSecrets: options.secrets === undefined ? SECRETS : options.secrets,
    uncertain: options.uncertain ?? { waitMs: 60_000, afterwards: 'hold', maxPayAgain: 0 },
  };
  return {
    ledger,
    journal: openJournal({ dir: join(dir, 'journal'), host: 'test', pid: process.pid, startedAtMs: Date.now() }),
    accounts: new Map([[parts.account, served]]),
    store: opened.store,
    egress: createEgress(),
    owner: 'test',
    ownerState: () => 'alive',
    driver: 'test',
    callbackBase: parts.receiver.url,
    ignoreQuery: [],
    allowPrivateHosts: true,
    require: options.require ?? [],
    allowedHost: null,
    wakeUps: parts.wakeUps,
    turns: new Turns(),
    durations: new Map(),
    stopping: () => false,
    stopSignal: new AbortController().signal,
    chance: Math.random,
    counters: { count: () => undefined },
    log: { info: () => undefined, warn: () => undefined },
    writeReport: () => Promise.resolve(),
    drive: () => Promise.resolve(),
    at: () => Promise.resolve(),
  };
}
