import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EnginePaths } from './engine-paths.ts';
import { formatIdentity, identityOf, isAlive, type ProcessIdentity } from './process-identity.ts';

/** The log of earlier starts is kept once; errors of a server that restarts for hours must not fill the disk. */
const LOG_LIMIT_BYTES = 5_000_000;
const ADOPTED_POLL_MS = 50;
const KILL_POLL_MS = 5;

export const NAMESPACE = 'default';

/** A server process, ours by birth or by adoption. */
export interface ServerProcess {
  readonly identity: ProcessIdentity;
  /** Settles when it is gone, for whatever reason; never rejects. */
  readonly gone: Promise<void>;
}

/** Starts the dev server on `port`, without waiting until it answers. Rejects when the program cannot be started at all. */
export async function startServer(cliPath: string, paths: EnginePaths, port: number): Promise<ServerProcess> {
  mkdirSync(dirname(paths.log), { recursive: true, mode: 0o700 });
  rotateLog(paths.log);
  const log = openSync(paths.log, 'a', 0o600);
  // Detached: Ctrl-C in the terminal reaches the whole process group, and the server must outlive the command's wind-down.
  const child = spawn(cliPath, serverArguments(paths.database, port), {
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const exited = once(child, 'exit');
  exited.catch(() => undefined);
  await once(child, 'spawn');
  child.unref();
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  if (!identity) throw new Error(`${cliPath} ended as soon as it was started`);
  return { identity, gone: exited.then(() => undefined) };
}

/** One partition: rate limits of task queues are per partition, and this is one machine (temporal.md A5). */
function serverArguments(database: string, port: number): string[] {
  return [
    ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
    ...['--namespace', NAMESPACE, '--db-filename', database, '--log-level', 'error'],
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=FULL'],
    ...['--dynamic-config-value', 'matching.numTaskqueueReadPartitions=1'],
    ...['--dynamic-config-value', 'matching.numTaskqueueWritePartitions=1'],
  ];
}

/** Takes over a server that somebody else's process started. */
export function adoptServer(identity: ProcessIdentity): ServerProcess {
  const text = formatIdentity(identity);
  const gone = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if (isAlive(text) === 'alive') return;
      clearInterval(timer);
      resolve();
    }, ADOPTED_POLL_MS);
    timer.unref();
  });
  return { identity, gone };
}

/**
 * Ends a server at once. SIGKILL, not SIGTERM: its database survives that by design (WAL, synchronous FULL: proven by the
 * tests), and its own shutdown takes 1.2 s, which every command would wait for at its end.
 */
export async function killServer(identity: ProcessIdentity): Promise<void> {
  const text = formatIdentity(identity);
  if (isAlive(text) !== 'alive') return;
  process.kill(identity.pid, 'SIGKILL');
  while (isAlive(text) === 'alive') await sleep(KILL_POLL_MS);
}

/**
 * Servers on this database that no record knows: their supervisor was killed between starting and recording one. Two
 * servers on one file would corrupt each other's shards, so whoever starts one looks first.
 */
export function findServersOn(database: string): ProcessIdentity[] {
  return commandLines()
    .filter(({ words, between }) => words.includes('start-dev') && words.includes(between + database + between))
    .flatMap(({ pid }) => identityOf(pid) ?? []);
}

/** Running programs with their arguments, `between` standing between any two. */
function commandLines(): { pid: number; words: string; between: string }[] {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-axww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
    return lines.map((line) => ({ pid: Number.parseInt(line, 10), words: line, between: ' ' }));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), words: readOrEmpty(`/proc/${name}/cmdline`), between: '\0' }));
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function rotateLog(file: string): void {
  try {
    if (statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  } catch {
    // None yet.
  }
}
