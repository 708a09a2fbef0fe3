import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as PostgresClient } from 'pg';
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

function drill(
  fault: (scene: Scene, heldForMs: number) => Promise<WorkerChild | undefined>,
  around: {
    readonly before?: (fleet: Fleet) => void;
    readonly after?: (fleet: Fleet) => void;
    readonly items?: number;
  } = {},
): Drill {
  return async (heldForMs, options = {}) => {
    const items = around.items ?? ITEMS;
    const fleet = await Fleet.start({
      requestTimeoutMs: 3_000,
      ...options,
      emulator: { analysisMs: 50, taskMs: 300, ...options.emulator },
      account: { createPerSecond: 6, openTasks: 12, ...options.account },
    });
    around.before?.(fleet);
    let worker = await WorkerChild.start(fleet);
    try {
      await fleet.submit('drill', rowsOver(items, 12));
      await fleet.until(() => Promise.resolve(fleet.emulator.book.creates().length >= BEFORE), 120_000);
      worker = (await fault({ fleet, worker }, heldForMs)) ?? worker;
      const endedAtMs = Date.now();
      const state = await fleet.ended('drill', 600_000);
      const next = fleet.emulator.book.creates().find(({ at }) => at >= endedAtMs);
      const nextCreateMs = next === undefined ? null : next.at - endedAtMs;
      return { state, audit: await fleet.audit(), items, nextCreateMs };
    } finally {
      await worker.end();
      around.after?.(fleet);
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

/** PostgreSQL ends every connection, one that just committed included, and takes no new ones for that long. */
export const lostPostgres = drill(async ({ fleet }, heldForMs) => {
  const server = new URL(fleet.ledgerUrl);
  const database = server.pathname.slice(1);
  server.pathname = '/postgres';
  const admin = new PostgresClient({ connectionString: server.toString() });
  await admin.connect();
  await admin.query(`alter database ${database} allow_connections false`);
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]);
  await sleep(heldForMs);
  await admin.query(`alter database ${database} allow_connections true`);
  await admin.end();
  return undefined;
});

/** The outputs' file system, one of its own, is full for that long. Needs `canMount`. */
export const fullDisk = drill(
  async ({ fleet }, heldForMs) => {
    const out = join(fleet.dir, 'out');
    fill(out);
    await fleet.until(
      () => fleet.ledger.db.selectFrom('gates').select('name').where('name', '=', 'disk').executeTakeFirst(),
      60_000,
    );
    await sleep(heldForMs);
    resize(out, ROOMY);
    return undefined;
  },
  {
    before: ({ dir }) => mountAt(join(dir, 'out')),
    after: ({ dir }) => void execFileSync('umount', [join(dir, 'out')]),
  },
);

const ROOMY = '4g';

function mountAt(dir: string): void {
  mkdirSync(dir);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${ROOMY}`, 'tmpfs', dir], { stdio: 'ignore' });
}

function resize(dir: string, size: string): void {
  execFileSync('mount', ['-o', `remount,size=${size}`, dir], { stdio: 'ignore' });
}

/** Makes it as small as what is in it, which may grow in the moment between. */
function fill(dir: string): void {
  for (let tries = 1; ; tries += 1) {
    try {
      return resize(dir, `${Math.ceil(usedBytes(dir) / 1024)}k`);
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}

function usedBytes(dir: string): number {
  const { blocks, bfree, bsize } = statfsSync(dir);
  return (blocks - bfree) * bsize;
}

/** Whether small file systems can be mounted here: root on Linux, with the right to. */
export function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'headswap-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' });
    execFileSync('umount', [dir], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Every create is answered 502 for that long; the vendor accepts none of them. At most `max_uncertain` (10) may be lost. */
export const badGateway = drill(
  async ({ fleet }, heldForMs) => {
    fleet.emulator.control.addFaults({ on: 'create', untilMs: heldForMs, do: { kind: 'http', status: 502 } });
    await sleep(heldForMs);
    return undefined;
  },
  { items: 500 },
);

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
