import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { configuredTarget, connectClient, embeddedTarget, type EngineTarget } from '../engine/connect.ts';
import { joinEngine, peekEngine, type EngineHandle } from '../engine/embedded-engine.ts';
import { EngineUnreachable } from '../engine/engine-errors.ts';
import type { EngineRole } from '../engine/engine-users.ts';
import { findTemporalCli } from '../engine/temporal-cli.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { FAILURE_CODES } from '../schemas/failure-codes.ts';
import { queues } from '../schemas/names.ts';
import type { Context } from './context.ts';
import { driveBatch } from './drive-batch.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { serveCallbacks, type ServedCallbacks } from './serve-callbacks.ts';
import { scheduleWork } from './schedule-work.ts';
import { servedAccounts } from './served-accounts.ts';
import type { AccountInUse, RunningWorker } from './starters.ts';

/** A command's hold on an engine. Every one must end in `leave`. */
export interface EngineUse {
  readonly client: Client;
  readonly target: EngineTarget;
  /** As leases name it: the state directory of an embedded engine, the address and namespace of another. */
  readonly driver: string;
  /** When this command took an engine that nobody kept: batches left running before are orphans of a crash. Null: others keep it. */
  readonly takenOverAtMs: number | null;
  /** The worker of this process, once started. */
  readonly worker: () => RunningWorker | null;
  /** Where this process receives callbacks, if it does. */
  readonly callbacksUrl: () => string | null;
  /** Starts this process's worker, unless the engine has workers of its own. */
  startWorker(ledger: Ledger, asked: AccountInUse | null): Promise<void>;
  /** Drives a batch: signal with start, which also wakes one that is driven already. */
  drive(ledger: Ledger, batch: DrivenBatch): Promise<void>;
  /** True when this command alone keeps the engine, so that Ctrl-C stops the batch instead of leaving it to others. */
  ownsSpending(): Promise<boolean>;
  /** Ends this process's worker gracefully; the engine stays. */
  stopWorker(): Promise<void>;
  /** Ends the worker gracefully, then gives the engine up. */
  leave(): Promise<void>;
}

export interface DrivenBatch {
  readonly id: string;
  readonly account: string;
  readonly lanes: number;
  readonly requestTimeoutMs: number;
}

/** What is needed: an engine that is up (`submit`, `watch`), or one of our own if none is (`run`, `resume`), kept as `up` does. */
export type EngineNeed = 'must-be-up' | 'own-if-none' | 'up';

/** Long enough for a worker that is just starting, short enough to be told soon (contract section 3). */
const WORKER_WAIT_MS = 10_000;

/** OperationError exit 8, with nothing changed, when the engine cannot be had or does not fit the ledger. */
export async function useEngine(ctx: Context, need: EngineNeed): Promise<EngineUse> {
  try {
    if (ctx.temporalConfigured) return await useConfigured(ctx, need);
    if (!ctx.ledgerUrl.startsWith('sqlite:')) {
      throw unreachable(
        'S101',
        'the ledger is PostgreSQL, and no TEMPORAL_* variable names a Temporal server to drive it',
        'set TEMPORAL_ADDRESS (or TEMPORAL_PROFILE), or use a SQLite ledger',
      );
    }
    return need === 'must-be-up' ? await useRunning(ctx) : await useEmbedded(ctx, need === 'up' ? 'up' : 'command');
  } catch (error) {
    if (error instanceof EngineUnreachable) throw unreachable('S101', error.message, error.cure, error);
    throw error;
  }
}

async function useEmbedded(ctx: Context, role: EngineRole): Promise<EngineUse> {
  const { PATH, TEMPORAL_CLI_PATH } = ctx.options.env;
  const cli = await findTemporalCli({ PATH, TEMPORAL_CLI_PATH });
  const lookedAtMs = ctx.nowMs();
  const before = await peekEngine(ctx.stateDir);
  const log = (message: string, fields?: Readonly<Record<string, string | number>>) => ctx.options.log(message, fields);
  // The worker's code is loaded while the server starts. What fails to load says so when it is started.
  const onStarting = () => void ctx.options.starters.loadWorker?.().catch(() => undefined);
  const handle = await joinEngine({ stateDir: ctx.stateDir, cli, role, log, onStarting });
  return engineUse(ctx, embeddedTarget(handle), {
    driver: handle.identity,
    // Two that start in the same moment both see nobody; only one of them gets the lock.
    takenOverAtMs: handle.owned && (before === undefined || before.users.length === 0) ? lookedAtMs : null,
    handle,
    // One that stays may be scraped; passing commands would fight for the port.
    metrics: role === 'up' ? ctx.config.metrics : null,
    ownWorker: true,
    ownsSpending: async () => (await peekEngine(ctx.stateDir))?.up !== true,
  });
}

/** An embedded engine that another command keeps. */
async function useRunning(ctx: Context): Promise<EngineUse> {
  const running = await peekEngine(ctx.stateDir);
  // A passing command would take the engine down with it.
  if (running?.up !== true) {
    throw unreachable(
      'S101',
      `no engine is up on ${ctx.stateDir}`,
      'start `headswap up` in another terminal, or use `headswap run`, which brings its own',
    );
  }
  const target = embeddedTarget({ address: running.address, namespace: 'default' });
  return engineUse(ctx, target, {
    driver: `embedded:${realpathSync(ctx.stateDir)}`,
    takenOverAtMs: null,
    handle: null,
    metrics: null,
    ownWorker: false,
    ownsSpending: () => Promise.resolve(false),
  });
}

/** The server that TEMPORAL_* names. `up` is a worker there, and the receiver; other commands leave both to it unless asked. */
async function useConfigured(ctx: Context, need: EngineNeed): Promise<EngineUse> {
  const target = await configuredTarget(ctx.options.env);
  if (ctx.ledgerUrl.startsWith('sqlite:') && !isLoopback(target.address)) {
    throw unreachable(
      'S101',
      `the ledger is a SQLite file of this machine, and ${target.chosenBy} names a Temporal server on another (${target.address}): workers there could not see it`,
      'use a PostgreSQL ledger (HEADSWAP_LEDGER), or unset the variable to use the embedded engine',
    );
  }
  return engineUse(ctx, target, {
    driver: `${target.address}/${target.namespace}`,
    takenOverAtMs: null,
    handle: null,
    metrics: need === 'up' ? ctx.config.metrics : null,
    ownWorker: need === 'up' || ctx.options.flags.withWorker === true,
    ownsSpending: () => Promise.resolve(false),
  });
}

async function engineUse(
  ctx: Context,
  target: EngineTarget,
  how: Pick<EngineUse, 'driver' | 'takenOverAtMs' | 'ownsSpending'> & {
    readonly handle: EngineHandle | null;
    readonly metrics: string | null;
    readonly ownWorker: boolean;
  },
): Promise<EngineUse> {
  const { connection, client } = await connectClient(target).catch(async (error: unknown) => {
    await how.handle?.leave();
    throw error;
  });
  let worker: RunningWorker | null = null;
  let callbacks: ServedCallbacks | null = null;
  const stopWorker = async (): Promise<void> => {
    const ending = worker;
    worker = null;
    await ending?.shutdown();
    // Last: a create that is being settled may still have its callback coming.
    await callbacks?.stop();
    callbacks = null;
  };
  const drive = async (ledger: Ledger, batch: DrivenBatch): Promise<void> => {
    await signalBatch(client, ledger, batch, worker?.bundleDigest ?? null);
    worker?.poke();
  };
  return {
    client,
    target,
    driver: how.driver,
    takenOverAtMs: how.takenOverAtMs,
    ownsSpending: how.ownsSpending,
    worker: () => worker,
    callbacksUrl: () => callbacks?.url() ?? null,
    async startWorker(ledger, asked) {
      if (!how.ownWorker) return awaitWorkers(client, target.namespace, ledger.ledger8, asked?.settings.name ?? null);
      const waker = { poke: () => worker?.poke(), drive: (batch: DrivenBatch) => drive(ledger, batch) };
      if (ctx.config.web.publicUrl !== null) callbacks = await serveCallbacks(ctx, ledger, waker, receiverPlace(ctx));
      worker = await ctx.options.starters.startWorker({
        config: {
          storage: ctx.storage,
          ignoreQuery: ctx.config.ignoreQuery,
          allowPrivateHosts: ctx.config.allowPrivateHosts,
          require: ctx.config.require,
          metrics: how.metrics,
          notify: ctx.config.notify,
        },
        ledger,
        engine: target,
        callbackBase: ctx.rehearsal ? (callbacks?.url() ?? null) : ctx.config.web.publicUrl,
        accounts: await servedAccounts(ctx, ledger, asked),
        stateDir: ctx.stateDir,
        baseDir: ctx.baseDir,
        operator: ctx.operator,
        driver: how.driver,
        alone: how.takenOverAtMs !== null,
        allowedHost: ctx.emulatorHost(),
        schedules: scheduleWork(ctx, how.driver),
        log: ctx.options.log,
      });
    },
    drive,
    stopWorker,
    async leave() {
      try {
        await stopWorker();
      } finally {
        await connection.close();
        await how.handle?.leave();
      }
    },
  };
}

/** The emulated vendor of a rehearsal calls back on any free port: the configured one is for real deliveries. */
function receiverPlace(ctx: Context): { readonly port: number; readonly host: string } {
  return ctx.rehearsal ? { port: 0, host: '127.0.0.1' } : ctx.config.web;
}

async function signalBatch(client: Client, ledger: Ledger, batch: DrivenBatch, digest: string | null): Promise<void> {
  const { id, account, lanes, requestTimeoutMs } = batch;
  await driveBatch(client, { batch: id, ledger8: ledger.ledger8, account, lanes, requestTimeoutMs }, digest);
}

/** Waits until a worker polls the workflows of this ledger and the creates of the account. OperationError exit 8 after 10 s. */
async function awaitWorkers(client: Client, namespace: string, ledger8: string, account: string | null): Promise<void> {
  const wanted = [
    { name: queues.flow(ledger8), kind: 1 as const },
    ...(account === null ? [] : [{ name: queues.create(ledger8, account), kind: 2 as const }]),
  ];
  const deadline = performance.now() + WORKER_WAIT_MS;
  for (;;) {
    const polled = await Promise.all(
      wanted.map(async ({ name, kind }) => (await pollers(client, namespace, name, kind)) > 0),
    );
    const missing = wanted.find((_, index) => polled[index] === false);
    if (missing === undefined) return;
    if (performance.now() > deadline) {
      throw unreachable(
        'S104',
        `no worker polls the task queue ${missing.name}`,
        `${FAILURE_CODES.S104.next} On a configured Temporal, --with-worker starts one in this command.`,
      );
    }
    await sleep(500);
  }
}

/** A long poll lasts a minute; whoever has not asked for longer is gone. */
const POLLER_SEEN_MS = 75_000;

async function pollers(client: Client, namespace: string, name: string, taskQueueType: 1 | 2): Promise<number> {
  const { pollers: found } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name },
    taskQueueType,
  });
  const since = Date.now() / 1000 - POLLER_SEEN_MS / 1000;
  return (found ?? []).filter((poller) => Number(poller.lastAccessTime?.seconds ?? 0) > since).length;
}

function isLoopback(address: string): boolean {
  const host = address.replace(/:\d+$/u, '').replace(/^\[|\]$/gu, '');
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function unreachable(code: 'S101' | 'S104', message: string, next: string, cause?: unknown): OperationError {
  return new OperationError(
    EXIT.unreachable,
    { code, message, charged: NOTHING_CHARGED, next },
    cause === undefined ? undefined : { cause },
  );
}
