import type { ActivityDependencies, ServedAccount } from '../../activities/dependencies.ts';
import { Turns } from '../../activities/turns.ts';
import { WakeUps } from '../../activities/wake-ups.ts';
import { AkoolClient } from '../../akool/client.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { ACCOUNT, accountSettings } from './enter-scenario.ts';
import { simEgress } from './sim-egress.ts';
import { simJournal } from './sim-journal.ts';
import { ledgerOverNetwork } from './sim-ledger.ts';
import type { SimProcess } from './sim-process.ts';
import { simStore } from './sim-store.ts';
import { simWire } from './sim-wire.ts';
import { attemptHere } from './sim-worker.ts';
import type { SimWorld } from './sim-world.ts';

const CALLBACK_BASE = 'https://fleet.example';

/** What worker/dependencies.ts builds, over the simulation's parts: one process's view of the world. */
export function workerDependencies(
  world: SimWorld,
  process: SimProcess,
  ledger: Ledger,
  stop: AbortController,
): ActivityDependencies {
  const { dice, scenario } = world;
  const nothing = (): void => undefined;
  return {
    ledger: ledgerOverNetwork(ledger, process, dice, world.weather),
    journal: simJournal(process, dice, world.journal),
    accounts: new Map([[ACCOUNT, servedAccount(world, process)]]),
    store: simStore(world.files, process, dice),
    egress: simEgress(world.vendor, process, dice),
    owner: ownerOf(world, process),
    ownerState: (owner) => ownerState(world, process, owner),
    driver: 'engine',
    callbackBase: scenario.callbacks ? CALLBACK_BASE : null,
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
      const known = scenario.batches.find(({ id }) => id === batch);
      if (known !== undefined) world.drive(known);
      return process.sleep(dice.between(1, 20));
    },
    at: (point) => atLine(world, process, point),
  };
}

function servedAccount(world: SimWorld, process: SimProcess): ServedAccount {
  const { scenario, time } = world;
  const settings = accountSettings(scenario);
  const wire = simWire({
    time,
    vendor: world.vendor,
    dice: world.dice,
    process,
    timeoutMs: scenario.requestTimeoutMs,
    attempt: attemptHere,
    onFirstByte: (attempt) => void checkFirstByte(world, attempt, process),
    onAccepted: (attempt, task) => {
      world.accepted.push({ attempt, task });
      world.trace.note('vendor', `accepted a create of attempt ${attempt}`);
    },
    onAnswered: (attempt) => world.answered.push({ attempt, process, atMs: time.now() }),
  });
  return {
    settings,
    client: new AkoolClient({
      baseUrl: settings.baseUrl,
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
async function checkFirstByte(world: SimWorld, attempt: number, sender: SimProcess): Promise<void> {
  world.trace.note(sender.name, `sends the create of attempt ${attempt}`);
  const row = await world.ledger.db
    .selectFrom('attempts')
    .select(['state', 'owner'])
    .where('id', '=', attempt)
    .executeTakeFirst();
  if (row?.state === 'sending' && row.owner === ownerOf(world, sender)) return;
  const known = row === undefined ? 'not at all' : `as ${row.state}`;
  world.wrong.push(`attempt ${attempt} was sent by ${sender.name} while the ledger knows it ${known}`);
}

function ownerOf({ scenario }: SimWorld, process: SimProcess): string {
  return `${scenario.oneHost ? 'host' : `host-of-${process.name}`}/${process.name}`;
}

/** Whether another process lives can be seen only on one's own host. */
function ownerState(world: SimWorld, process: SimProcess, owner: string): 'alive' | 'dead' | 'unknown' {
  const worker = world.workers.find((one) => ownerOf(world, one.process) === owner);
  if (worker === undefined || (!world.scenario.oneHost && worker.process !== process)) return 'unknown';
  return worker.process.dead ? 'dead' : 'alive';
}

/** One of the named lines of the fault model: here a process can end, or stand still. */
function atLine(world: SimWorld, process: SimProcess, point: string): Promise<void> {
  const { dice, trace } = world;
  if (dice.happens('killed at a line')) {
    trace.note(process.name, `killed at ${point}`);
    world.killWorker(process);
    return new Promise(() => undefined);
  }
  if (dice.happens('frozen at a line')) {
    trace.note(process.name, `frozen at ${point}`);
    world.freeze(process, dice.between(100, 40_000));
    return process.sleep(0.01);
  }
  return Promise.resolve();
}
