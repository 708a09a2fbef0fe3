import { sqliteFile } from '../../ledger/open-ledger.ts';
import { openConnection } from '../../ledger/sqlite-connection.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';
import type { Audit } from '../fleet/audit.ts';
import { Fleet, rowsOver, type FleetOptions } from '../fleet/fleet-harness.ts';
import { enginePid, killEngine } from './engine-faults.ts';
import { WorkerChild } from './worker-child.ts';

/**
 * Things that go wrong in the middle of a batch and that nobody has to mend. Each drill runs one batch on one worker process,
 * does the fault after the first creates, and waits for the batch's end. Short in the suite, long by scripts/fault-drills.ts.
 */
export interface DrillResult {
  readonly state: string;
  readonly audit: Audit;
  readonly items: number;
  /** Milliseconds from the fault's end to the next create; null when none was left. */
  readonly nextCreateMs: number | null;
}

export type Drill = (heldForMs: number, options?: FleetOptions) => Promise<DrillResult>;

interface Scene {
  readonly fleet: Fleet;
  readonly worker: WorkerChild;
}

const ITEMS = 60;
const BEFORE = 12;

function drill(fault: (scene: Scene, heldForMs: number) => Promise<WorkerChild | undefined>): Drill {
  return async (heldForMs, options = {}) => {
    const fleet = await Fleet.start({
      requestTimeoutMs: 3_000,
      ...options,
      emulator: { analysisMs: 50, taskMs: 300, ...options.emulator },
      account: { createPerSecond: 6, openTasks: 12, ...options.account },
    });
    let worker = await WorkerChild.start(fleet);
    try {
      await fleet.submit('drill', rowsOver(ITEMS, 12));
      await fleet.until(() => Promise.resolve(fleet.emulator.book.creates().length >= BEFORE), 120_000);
      worker = (await fault({ fleet, worker }, heldForMs)) ?? worker;
      const endedAtMs = Date.now();
      const state = await fleet.ended('drill', 180_000);
      const next = fleet.emulator.book.creates().find(({ at }) => at >= endedAtMs);
      const nextCreateMs = next === undefined ? null : next.at - endedAtMs;
      return { state, audit: await fleet.audit(), items: ITEMS, nextCreateMs };
    } finally {
      await worker.end();
      await fleet.stop();
    }
  };
}

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** The worker is suspended as a whole: a laptop's lid, a paused VM. */
export const suspendedWorker = drill(async ({ worker }, heldForMs) => {
  worker.signal('SIGSTOP');
  await sleep(heldForMs);
  worker.signal('SIGCONT');
  return undefined;
});

/** Temporal answers nothing for that long, and is then killed. */
export const deadEngine = drill(async ({ fleet }, heldForMs) => {
  const pid = enginePid(fleet.dir);
  if (pid !== null) process.kill(pid, 'SIGSTOP');
  await sleep(heldForMs);
  await killEngine(fleet.dir);
  return undefined;
});

/** Another process keeps a write transaction of the ledger open. */
export const lockedLedger = drill(async ({ fleet }, heldForMs) => {
  const { raw } = openConnection(sqliteFile(fleet.ledgerUrl, fleet.dir), 30_000);
  raw.exec('begin immediate');
  await sleep(heldForMs);
  raw.exec('rollback');
  raw.close();
  return undefined;
});

/** SIGTERM and a new worker at once, as a rolling update does it. */
export const recycledWorker = drill(async ({ fleet, worker }) => {
  const [next] = await Promise.all([WorkerChild.start(fleet), worker.end()]);
  return next;
});

/** The running driver was made by other workflow code: a new version of the program comes up in the middle of a batch. */
export const newVersion = drill(async ({ fleet, worker }) => {
  await worker.end();
  const { client } = await fleet.engineClient();
  const { digest } = await workflowBundle();
  const id = fleet.driverId('drill');
  await client.workflow.getHandle(id).terminate('replaced by one of another version');
  await fleet.drive('drill', `not-${digest}`);
  const next = await WorkerChild.start(fleet);
  const memo = (await client.workflow.getHandle(id).describe()).memo;
  if (memo?.['digest'] !== digest) throw new Error('the driver of other code was not replaced');
  return next;
});
