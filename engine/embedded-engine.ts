import { mkdirSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDirectoryLock, type DirectoryLock } from './directory-lock.ts';
import { EngineUnreachable } from './engine-errors.ts';
import { enginePaths, type EnginePaths } from './engine-paths.ts';
import { readEngineRecord, serverRuns, writeEngineRecord, type EngineRecord } from './engine-record.ts';
import { liveUsers, registerUser, removeDeadUsers, type EngineRole, type EngineUser } from './engine-users.ts';
import { isServing } from './health-check.ts';
import { parseIdentity } from './process-identity.ts';
import { killServer, NAMESPACE } from './server-process.ts';
import { superviseServer, type EngineLog, type Supervision } from './supervise-server.ts';
import type { TemporalCli } from './temporal-cli.ts';

/** How soon a follower notices that the lock is free or the server is another one. Each look costs about 30 µs. */
const LOOK_EVERY_MS = 100;
const CHECK_TIMEOUT_MS = 1_000;
/** Somebody else starts the server meanwhile; see START_TIMEOUT_MS in supervise-server.ts. */
const JOIN_TIMEOUT_MS = 20_000;

export interface JoinOptions {
  /** `.headswap`, made if missing. Must be on a disk of this machine: the lock is the kernel's. */
  readonly stateDir: string;
  readonly cli: TemporalCli;
  readonly role: EngineRole;
  readonly log: EngineLog;
  /** Called when a server was started and is about to be waited for. */
  readonly onStarting?: () => void;
}

/** A process's share in the embedded engine of one state directory. */
export interface EngineHandle {
  /** `host:port`. May change at a restart if something else took the port meanwhile: listen to onRestart. */
  readonly address: string;
  readonly namespace: string;
  /** Whether this process holds the lock now, so supervises the server. Changes when another supervisor dies. */
  readonly owned: boolean;
  /** Same for every process on this state directory, for ever: what leases name as their engine (design D10). */
  readonly identity: string;
  /** Called whenever a new server process serves. Returns the way to stop listening. */
  onRestart(listener: (address: string) => void): () => void;
  /** Gives up the share; the last one out stops the server. Calling it again does nothing. */
  leave(): Promise<void>;
}

/**
 * Joins the embedded engine of a state directory, starting it if nobody has. Processes need not know of each other:
 * whoever holds the directory's lock supervises the server, the others watch the lock and race for it when its holder
 * dies. Rejects with EngineUnreachable.
 *
 *   follower --lock free--> holder --leave--> gone (server runs on, or is stopped by the last)
 *       \--leave-----------------------------^
 */
export async function joinEngine({ stateDir, cli, role, log, onStarting }: JoinOptions): Promise<EngineHandle> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const place = realpathSync(stateDir);
  const paths = enginePaths(place);
  const unregister = registerUser(paths.users, role);
  const lock = openDirectoryLock(paths.lock);
  const listeners = new Set<(address: string) => void>();
  const left = new AbortController();
  let owned = false;
  let supervision: Supervision | undefined;
  let current: EngineRecord | undefined;

  const serves = (record: EngineRecord): void => {
    const restarted = current !== undefined && current.process !== record.process;
    current = record;
    if (restarted) for (const listener of listeners) listener(record.address);
  };
  const lookOnce = async (): Promise<void> => {
    if (supervision) return;
    if (lock.tryTake()) {
      owned = true;
      removeDeadUsers(paths.users);
      supervision = await superviseServer(paths, cli, log, left.signal, {
        serving: serves,
        starting: () => onStarting?.(),
      });
      return;
    }
    const record = readEngineRecord(paths.record);
    if (!serverRuns(record) || record.process === current?.process) return;
    if (await isServing(record.address, CHECK_TIMEOUT_MS)) serves(record);
  };
  const follow = async (): Promise<void> => {
    while (!supervision && !left.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { ref: false });
      try {
        if (!left.signal.aborted) await lookOnce();
      } catch (error) {
        lock.release();
        owned = false;
        log('taking over the embedded engine failed', {
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
  };

  try {
    await untilServing(lookOnce, () => current, paths);
  } catch (error) {
    unregister();
    lock.close();
    throw error;
  }
  const following = follow();
  let leaving: Promise<void> | undefined;
  return {
    get address() {
      return current?.address ?? '';
    },
    get owned() {
      return owned;
    },
    namespace: NAMESPACE,
    identity: `embedded:${place}`,
    onRestart: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    leave: async () => {
      leaving ??= (async () => {
        left.abort();
        await following;
        listeners.clear();
        unregister();
        await leaveServer(lock, paths, supervision);
        lock.close();
        owned = false;
      })();
      return leaving;
    },
  };
}

/** Looks at once and then regularly until a server serves, whoever starts it. */
async function untilServing(
  lookOnce: () => Promise<void>,
  current: () => EngineRecord | undefined,
  paths: EnginePaths,
): Promise<void> {
  const deadline = performance.now() + JOIN_TIMEOUT_MS;
  for (;;) {
    await lookOnce();
    if (current()) return;
    if (performance.now() > deadline) break;
    await sleep(LOOK_EVERY_MS);
  }
  const others = liveUsers(paths.users)
    .filter(({ pid }) => pid !== process.pid)
    .map(({ pid }) => pid);
  throw new EngineUnreachable(
    readEngineRecord(paths.record)?.address ?? 'embedded',
    `another headswap (pid ${others.join(', ') || 'unknown'}) keeps the embedded engine but it does not answer`,
    `end that process or wait for it, then run the same command again; its log is ${paths.log}`,
  );
}

/**
 * The last one out stops the server. Whoever gives the lock back looks once more who is left: another may have gone in
 * the moment between, and left the stopping to us because we still held the lock.
 */
async function leaveServer(
  lock: DirectoryLock,
  paths: EnginePaths,
  supervision: Supervision | undefined,
): Promise<void> {
  if (supervision) {
    if (liveUsers(paths.users).length === 0) {
      await supervision.stop();
      return;
    }
    await supervision.abandon();
    lock.release();
  }
  while (liveUsers(paths.users).length === 0 && lock.tryTake()) {
    if (liveUsers(paths.users).length === 0) {
      await stopRecorded(paths.record);
      return;
    }
    // Somebody joined just now and waits for the lock.
    lock.release();
  }
}

async function stopRecorded(file: string): Promise<void> {
  const record = readEngineRecord(file);
  const server = serverRuns(record) ? parseIdentity(record.process) : undefined;
  if (!record || !server) return;
  await killServer(server);
  writeEngineRecord(file, { ...record, pid: null, startTime: null, process: null });
}

/** What can be seen of a state directory's engine from outside. */
export interface EnginePeek {
  readonly address: string;
  /** Whether an `up` keeps it, which stays (contract section 3). */
  readonly up: boolean;
  /** Empty for a server whose commands were all killed: the next to join takes it over. */
  readonly users: readonly EngineUser[];
}

/** The embedded engine that serves on this state directory now, or undefined. Joins nothing, starts nothing. */
export async function peekEngine(stateDir: string): Promise<EnginePeek | undefined> {
  const paths = enginePaths(stateDir);
  const record = readEngineRecord(paths.record);
  if (!serverRuns(record) || !(await isServing(record.address, CHECK_TIMEOUT_MS))) return undefined;
  const users = liveUsers(paths.users);
  return { address: record.address, up: users.some(({ role }) => role === 'up'), users };
}
