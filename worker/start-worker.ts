import { join } from 'node:path';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities, type Activities } from '../activities/index.ts';
import { upsertAccount } from '../ledger/account-row.ts';
import { catchUpWithJournal } from '../operations/journal-check.ts';
import type { RunningWorker, WorkerStart } from '../operations/starters.ts';
import { startNoticePump } from '../operations/notice-pump.ts';
import { QUEUE_KINDS, queues, type QueueKind } from '../schemas/names.ts';
import { traceActivities } from './activity-tracing.ts';
import { buildDependencies } from './dependencies.ts';
import { fenceQueues } from './queue-fence.ts';
import { driveAgain, takeOver } from './take-over.ts';
import { installRuntime, openLog } from './worker-log.ts';
import { workflowBundle, type WorkflowBundle } from './workflow-bundle.ts';

/** Beyond the longest create: a normal stop abandons none (design D6). */
const GRACE_BEYOND_REQUEST_MS = 40_000;
/** Slots that worked well when measured: passes wait long, creates are many, downloads are bounded inside. */
const SLOTS = { advance: 8, analyze: 20, create: 100, media: 20 } as const;
const POLLERS = 4;
/** Bytes of cut transfers that nobody went on from for this long are let go of. */
const PARTS_KEPT_MS = 7 * 86_400_000;

/**
 * Starts one worker per queue of the chosen kinds, on one connection. Running work of this ledger is taken over at once.
 * Rejects when the engine cannot be reached or the bundle cannot be made.
 */
export async function startWorker(start: WorkerStart): Promise<RunningWorker> {
  const log = openLog(join(start.stateDir, 'logs', 'worker.log'));
  installRuntime(log, start.config.metrics);
  await catchUpWithJournal(start);
  const kinds = new Set<QueueKind>(start.queues ?? QUEUE_KINDS);
  const stop = new AbortController();
  for (const account of start.accounts) await start.ledger.write((tx) => upsertAccount(tx, account.settings));
  const bundle = kinds.has('flow') ? await workflowBundle() : null;
  const built = buildDependencies(start, log, stop.signal, bundle?.digest ?? null);
  const connection = await NativeConnection.connect(start.engine.connectionOptions ?? {});
  const deps = {
    ...built,
    drive: (batch: string) => driveAgain(start, batch, bundle?.digest ?? '', connection),
  };
  const workers = await Promise.all(
    workerOptions(start, kinds, createActivities(deps), bundle).map((options) =>
      Worker.create({ ...options, connection }),
    ),
  );
  // Before anything runs: what the first batch of a ledger comes to is news already.
  // Beside the media queue, which every deployment serves somewhere; where it is not served nobody is told from here.
  const notices = startNoticePump({
    ledger: start.ledger,
    egress: deps.egress,
    targets: kinds.has('media') ? (start.config.notify ?? []) : [],
    allowPrivateHosts: start.config.allowPrivateHosts,
    warn: (message, fields) => deps.log.warn(message, fields),
  });
  if (kinds.has('media'))
    deps.store.sweepParts(PARTS_KEPT_MS, Date.now()).catch((error: unknown) => {
      deps.log.warn('old parts of outputs could not be removed', { error: String(error) });
    });
  const running = workers.map((worker) => worker.run());
  // The fence takes the server a quarter of a second; the ledger keeps the limits without it.
  await Promise.all([
    fenceQueues(start, connection),
    bundle === null ? undefined : takeOver(start, bundle.digest, connection),
  ]);
  start.log('worker started', { queues: workers.length });
  return {
    bundleDigest: bundle?.digest ?? null,
    poke() {
      deps.wakeUps.poke();
      notices.poke();
    },
    async shutdown() {
      stop.abort();
      notices.closing();
      deps.wakeUps.poke();
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.allSettled(running);
      await deps.journal?.close();
      await notices.stop();
      await deps.egress.close();
      await connection.close();
      log.flush();
    },
  };
}

function workerOptions(
  start: WorkerStart,
  kinds: ReadonlySet<QueueKind>,
  all: Activities,
  bundle: WorkflowBundle | null,
): WorkerOptions[] {
  const { ledger8 } = start.ledger;
  const longestRequestMs = Math.max(0, ...start.accounts.map((account) => account.requestTimeoutMs));
  const base: WorkerOptions = {
    namespace: start.engine.namespace,
    shutdownGraceTime: longestRequestMs + GRACE_BEYOND_REQUEST_MS,
    maxConcurrentActivityTaskPolls: POLLERS,
    interceptors: { activity: [traceActivities] },
    taskQueue: '',
  };
  const options: WorkerOptions[] = [];
  if (bundle !== null) {
    options.push({
      namespace: start.engine.namespace,
      taskQueue: queues.flow(ledger8),
      workflowBundle: { codePath: bundle.codePath },
      maxCachedWorkflows: 200,
      maxConcurrentWorkflowTaskExecutions: 40,
      maxConcurrentWorkflowTaskPolls: POLLERS,
      // A killed worker costs seconds, not the default ten.
      stickyQueueScheduleToStartTimeout: '3s',
    });
  }
  const { advance, bind, closeRound, submitAnalysis, createTask, collectOutputs, keepPictures, writeReport } = all;
  const { beginScheduledRun, checkScheduledManifest, followScheduledRun } = all;
  if (kinds.has('advance'))
    options.push({
      ...base,
      taskQueue: queues.advance(ledger8),
      activities: { advance, bind, closeRound, beginScheduledRun, checkScheduledManifest, followScheduledRun },
      maxConcurrentActivityTaskExecutions: SLOTS.advance,
    });
  if (kinds.has('media'))
    options.push({
      ...base,
      taskQueue: queues.media(ledger8),
      activities: { collectOutputs, keepPictures, writeReport },
      maxConcurrentActivityTaskExecutions: SLOTS.media,
    });
  for (const { settings } of start.accounts) {
    if (kinds.has('analyze'))
      options.push({
        ...base,
        taskQueue: queues.analyze(ledger8, settings.name),
        activities: { submitAnalysis },
        maxConcurrentActivityTaskExecutions: SLOTS.analyze,
      });
    if (kinds.has('create'))
      options.push({
        ...base,
        taskQueue: queues.create(ledger8, settings.name),
        activities: { createTask },
        maxConcurrentActivityTaskExecutions: SLOTS.create,
      });
  }
  return options;
}
