import type { KillPoint } from '../../activities/dependencies.ts';
import type { Audit } from '../fleet/audit.ts';
import { Fleet, type TestRow } from '../fleet/fleet-harness.ts';
import { hostCallbacks } from './callback-host.ts';
import { killEngine } from './engine-faults.ts';
import { WorkerChild } from './worker-child.ts';

/** The 14 named lines of the fault model, rows 1 to 10, in the order an item meets them. */
export const KILL_POINTS: readonly KillPoint[] = [
  'before-analysis',
  'after-analysis-send',
  'after-analysis-answer',
  'in-analysis-poll',
  'after-rule-resolution',
  'after-reserve',
  'after-first-byte',
  'after-answer',
  'after-bind',
  'in-task-poll',
  'mid-download',
  'after-rename',
  'after-record',
  'mid-report',
];

/** Who dies at the line: the worker, the engine under it while it waits there, or both. */
export type Victim = 'worker' | 'engine' | 'both';

export interface Fault {
  readonly point: KillPoint;
  readonly victim: Victim;
}

export interface TourResult {
  readonly faults: number;
  /** Batches that did not end in time. */
  readonly stuck: readonly string[];
  readonly audit: Audit;
  /** Creates whose answers nobody heard and whose callbacks named their tasks. */
  readonly boundByCallback: number;
  /** Analyses beyond one per video. */
  readonly extraAnalyses: number;
  readonly tookMs: number;
}

/** A callback that has not come by then is one of a create that never reached the vendor. */
const CALLBACK_WAIT_MS = 15_000;

/**
 * One fleet, one small batch per fault: at the named line the victim dies, is replaced, and the next fault follows while
 * earlier batches still run. Ends when every batch ended; the vendor's book then says what that cost.
 */
export async function killTour(options: {
  readonly faults: readonly Fault[];
  readonly ledgerUrl?: string;
  /** A receiver of callbacks runs beside the workers. */
  readonly callbacks?: boolean;
  readonly onFault?: (fault: Fault, tookMs: number) => void;
}): Promise<TourResult> {
  const { faults } = options;
  const startedAt = performance.now();
  const fleet = await Fleet.start({
    emulator: { analysisMs: 100, taskMs: 300, credits: 1_000_000, callbacks: { retryMs: [200, 1_000, 3_000, 5_000] } },
    uncertain: { waitMs: options.callbacks === true ? CALLBACK_WAIT_MS : 0, afterwards: 'hold', maxPayAgain: 0 },
    account: { createPerSecond: 10, analyzePerSecond: 10, maxUncertain: 10_000 },
    requestTimeoutMs: 2_000,
    polling: { firstMs: 100, maxMs: 500 },
    ...(options.ledgerUrl === undefined ? {} : { ledgerUrl: options.ledgerUrl }),
  });
  const host = options.callbacks === true ? await hostCallbacks(fleet.ledger) : null;
  const tour = new Tour(fleet, host === null ? {} : { callbackBase: host.url });
  try {
    for (const [n, fault] of faults.entries()) {
      const tookMs = await tour.fault(fault, n);
      options.onFault?.(fault, tookMs);
    }
    const stuck = await tour.end();
    const facts = await fleet.audit();
    return {
      faults: faults.length,
      stuck,
      audit: facts,
      boundByCallback: await boundByCallback(fleet),
      extraAnalyses: facts.analyses - tour.videos,
      tookMs: performance.now() - startedAt,
    };
  } finally {
    await tour.stop();
    await host?.close();
    await fleet.stop();
  }
}

async function boundByCallback(fleet: Fleet): Promise<number> {
  const row = await fleet.ledger.db
    .selectFrom('events')
    .select((e) => e.fn.countAll<number>().as('n'))
    .where('type', '=', 'settled-late')
    .where('by_whom', '=', 'callback')
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

class Tour {
  readonly #fleet: Fleet;
  readonly #setup: { readonly callbackBase?: string };
  #worker: WorkerChild | null = null;
  readonly #batches: string[] = [];
  videos = 0;

  constructor(fleet: Fleet, setup: { readonly callbackBase?: string }) {
    this.#fleet = fleet;
    this.#setup = setup;
  }

  async fault({ point, victim }: Fault, n: number): Promise<number> {
    const startedAt = performance.now();
    const worker = (this.#worker ??= await WorkerChild.start(this.#fleet, this.#setup));
    worker.arm(point, victim === 'worker' ? 'kill' : 'wait');
    const batch = `fault-${n}-${point}`;
    await this.#fleet.submit(batch, this.#rows(n));
    this.#batches.push(batch);
    if (victim === 'worker') {
      if (!(await worker.ended(90_000))) throw new Error(`${point} was not met`);
    } else {
      await worker.met(point);
      await killEngine(this.#fleet.dir);
      if (victim === 'both') await worker.kill();
      else worker.goOn();
    }
    if (worker.gone) this.#worker = await WorkerChild.start(this.#fleet, this.#setup);
    return performance.now() - startedAt;
  }

  /** Waits until nothing runs; gives the batches that still do. */
  async end(withinMs = 60_000): Promise<string[]> {
    const until = Date.now() + withinMs;
    const stuck: string[] = [];
    for (const batch of this.#batches)
      await this.#fleet.ended(batch, Math.max(1_000, until - Date.now())).catch(() => stuck.push(batch));
    return stuck;
  }

  async stop(): Promise<void> {
    await this.#worker?.end();
  }

  /** Two items of one video and one of another, none of them used before. */
  #rows(n: number): TestRow[] {
    this.videos += 2;
    return [
      { id: 'a', video: `tour-${n}-x.mp4`, face: 'ana' },
      { id: 'b', video: `tour-${n}-x.mp4`, face: 'bo' },
      { id: 'c', video: `tour-${n}-y.mp4`, face: 'ana' },
    ];
  }
}
