import { Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { ActivityDependencies, ServedAccount } from '../activities/dependencies.ts';
import { Turns } from '../activities/turns.ts';
import { WakeUps } from '../activities/wake-ups.ts';
import { createEgress } from '../egress/fetch-checked.ts';
import { formatIdentity, isAlive, ownIdentity } from '../engine/process-identity.ts';
import { journalFolder, openJournal, type Journal } from '../ledger/journal.ts';
import type { WorkerStart } from '../operations/starters.ts';
import { writeBatchReport } from './batch-report.ts';
import type { ScheduleWork } from '../schemas/schedule-work.ts';
import { openStore } from '../storage/open-store.ts';
import { storageRoot } from '../storage/storage-root.ts';

/** The one place that builds what activities work with. `stop` is aborted when the worker is asked to end. */
export function buildDependencies(
  start: WorkerStart,
  log: Logger,
  stop: AbortSignal,
  bundleDigest: string | null,
): Omit<ActivityDependencies, 'drive'> {
  const opened = openStore(start.config.storage, start.baseDir);
  if (opened.kind === 'refused') throw new Error(opened.reason);
  return {
    ledger: start.ledger,
    journal: journalBeside(storageRoot(opened.store), start.ledger.ledger8),
    accounts: new Map(start.accounts.map((account): [string, ServedAccount] => [account.settings.name, account])),
    store: opened.store,
    egress: createEgress(),
    owner: formatIdentity(ownIdentity()),
    ownerState: isAlive,
    driver: start.driver,
    callbackBase: start.callbackBase ?? null,
    ignoreQuery: start.config.ignoreQuery,
    allowPrivateHosts: start.config.allowPrivateHosts,
    require: start.config.require ?? [],
    allowedHost: start.allowedHost,
    wakeUps: new WakeUps(),
    turns: new Turns(),
    durations: new Map(),
    stopping: () => stop.aborted,
    stopSignal: stop,
    chance: Math.random,
    counters: counters(),
    log: {
      info: (message, fields) => log.info(fields ?? {}, message),
      warn: (message, fields) => log.warn(fields ?? {}, message),
    },
    writeReport: (batch) => writeBatchReport(start.ledger, opened.store, batch),
    schedules: withDigest(start.schedules, bundleDigest),
    at: start.killPoints ?? (() => Promise.resolve()),
  };
}

/** A name of its own for every worker: a process may start several, one after the other. */
function journalBeside(root: string | null, ledger8: string): Journal | null {
  if (root === null) return null;
  const dir = journalFolder(root, ledger8);
  const { host, pid } = ownIdentity();
  return openJournal({ dir, host, pid, startedAtMs: Date.now() });
}

/** Drivers that a schedule's run starts carry the digest of this worker's workflow code, as all do. */
function withDigest(work: ScheduleWork | undefined, digest: string | null): ScheduleWork | undefined {
  if (work === undefined) return undefined;
  return {
    begin: async (ask) => {
      const begun = await work.begin(ask);
      return begun.kind === 'running' ? { ...begun, digest } : begun;
    },
    check: (schedule) => work.check(schedule),
  };
}

/** Our counters on the runtime's metrics endpoint; names given there get no prefix. */
function counters(): ActivityDependencies['counters'] {
  const meter = Runtime.instance().metricMeter;
  const known = new Map<string, ReturnType<typeof meter.createCounter>>();
  return {
    count(name, by = 1) {
      const counter = known.get(name) ?? meter.createCounter(name);
      known.set(name, counter);
      counter.add(by);
    },
  };
}
