import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineUnreachable } from './engine-errors.ts';
import type { EnginePaths } from './engine-paths.ts';
import { readEngineRecord, serverRuns, writeEngineRecord, type EngineRecord } from './engine-record.ts';
import { findFreePort, isFree } from './free-port.ts';
import { isServing } from './health-check.ts';
import { formatIdentity, parseIdentity } from './process-identity.ts';
import { adoptServer, findServersOn, killServer, startServer, type ServerProcess } from './server-process.ts';
import type { TemporalCli } from './temporal-cli.ts';

/** A healthy orphan answers in milliseconds; one that does not in this time is killed and replaced. */
const ADOPT_TIMEOUT_MS = 2_000;
/** A start takes 0.3-0.9 s; this covers a loaded machine and a large database. */
const START_TIMEOUT_MS = 15_000;
const CHECK_TIMEOUT_MS = 1_000;
const CHECK_EVERY_MS = 15;
const START_TRIES = 3;
/** How long what held the recorded port may take to let go of it, before another is used. */
const PORT_TIMEOUT_MS = 1_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/** Constant message, data in fields. */
export type EngineLog = (message: string, fields?: Readonly<Record<string, string | number>>) => void;

export interface Supervision {
  /** Ends the watch and the server, and records that it was stopped on purpose. */
  stop(): Promise<void>;
  /** Ends the watch; the server runs on for whoever takes the lock next. */
  abandon(): Promise<void>;
}

export interface SupervisionEvents {
  /** A server serves: the first, and each after a restart. */
  readonly serving: (record: EngineRecord) => void;
  /** One was started and is waited for, 0.3 s to 0.9 s. */
  readonly starting: () => void;
}

interface Running {
  readonly server: ServerProcess;
  readonly record: EngineRecord;
}

/**
 * Keeps one server running on the state directory, for the holder of its lock: adopts the one that is there, else starts
 * one, and starts it again, on the same port and file, whenever it dies. Resolves when it serves for the first time;
 * `on` hears of it and of every restart. Rejects with EngineUnreachable, or when `leaving` is aborted.
 */
export async function superviseServer(
  paths: EnginePaths,
  cli: TemporalCli,
  log: EngineLog,
  leaving: AbortSignal,
  on: SupervisionEvents,
): Promise<Supervision> {
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, leaving]);
  let running = (await adoptRunning(paths, log)) ?? (await start(paths, cli, { log, on }, signal));
  on.serving(running.record);

  const watch = async (): Promise<void> => {
    let waitMs = 0;
    for (;;) {
      await Promise.race([running.server.gone, aborted(signal)]);
      if (signal.aborted) return;
      log('embedded engine died, starting it again', { pid: running.server.identity.pid });
      try {
        if (waitMs > 0) await sleep(waitMs, undefined, { ref: false, signal });
        running = await start(paths, cli, { log, on }, signal);
        waitMs = 0;
        on.serving(running.record);
      } catch (error) {
        if (signal.aborted) return;
        waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2 || FIRST_WAIT_MS);
        log('embedded engine does not start', { reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  const watched = watch();

  const abandon = async (): Promise<void> => {
    ended.abort();
    await watched;
  };
  return {
    abandon,
    stop: async () => {
      await abandon();
      await killServer(running.server.identity);
      writeEngineRecord(paths.record, { ...running.record, pid: null, startTime: null, process: null });
    },
  };
}

/** The server an earlier holder of the lock left running, if it is healthy; kills one that is not. */
async function adoptRunning(paths: EnginePaths, log: EngineLog): Promise<Running | undefined> {
  const record = readEngineRecord(paths.record);
  const identity = serverRuns(record) ? parseIdentity(record.process) : undefined;
  if (!record || !identity) return undefined;
  const server = adoptServer(identity);
  if (await becomesServing(record.address, server, ADOPT_TIMEOUT_MS)) {
    log('took over the embedded engine', { pid: identity.pid, address: record.address });
    return { server, record };
  }
  log('embedded engine does not answer, replacing it', { pid: identity.pid, address: record.address });
  await killServer(identity);
  return undefined;
}

async function start(
  paths: EnginePaths,
  cli: TemporalCli,
  { log, on }: { readonly log: EngineLog; readonly on: SupervisionEvents },
  signal: AbortSignal,
): Promise<Running> {
  const before = readEngineRecord(paths.record);
  let address = before?.address ?? '127.0.0.1';
  let reason: unknown;
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    for (const stray of findServersOn(paths.database)) {
      log('killing a server on this database that no record knows', { pid: stray.pid });
      await killServer(stray);
    }
    const port = before && (await becomesFree(before.port)) ? before.port : await findFreePort();
    if (before && port !== before.port) log('the port of the embedded engine is taken, using another', { port });
    signal.throwIfAborted();
    address = `127.0.0.1:${port}`;
    try {
      const server = await startServer(cli.path, paths, port);
      const { pid, startTime } = server.identity;
      const record = { address, port, pid, startTime, process: formatIdentity(server.identity), version: cli.version };
      // Before it serves, so that whoever takes the lock after our death finds it.
      writeEngineRecord(paths.record, record);
      on.starting();
      if (await becomesServing(address, server, START_TIMEOUT_MS, signal)) {
        log('embedded engine serves', { pid, address });
        return { server, record };
      }
      await killServer(server.identity);
      signal.throwIfAborted();
    } catch (error) {
      signal.throwIfAborted();
      reason = error;
    }
  }
  const said = reason instanceof Error ? `: ${reason.message}` : lastWords(paths.log);
  throw new EngineUnreachable(
    address,
    `the embedded engine on ${paths.database} does not start${said}`,
    `look into ${paths.log}, see that the disk is not full, then run the same command again; \`doctor\` checks the rest`,
    { cause: reason },
  );
}

async function becomesServing(
  address: string,
  server: ServerProcess,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  let gone = false;
  void server.gone.then(() => (gone = true));
  const deadline = performance.now() + timeoutMs;
  while (!gone && signal?.aborted !== true && performance.now() < deadline) {
    if (await isServing(address, CHECK_TIMEOUT_MS)) return true;
    await sleep(CHECK_EVERY_MS);
  }
  return false;
}

async function becomesFree(port: number): Promise<boolean> {
  const deadline = performance.now() + PORT_TIMEOUT_MS;
  while (!(await isFree(port))) {
    if (performance.now() > deadline) return false;
    await sleep(CHECK_EVERY_MS);
  }
  return true;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function lastWords(log: string): string {
  try {
    const line = readFileSync(log, 'utf8').trimEnd().split('\n').at(-1);
    return line ? ` (its log ends: ${line.slice(0, 300)})` : '';
  } catch {
    return '';
  }
}
