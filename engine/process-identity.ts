import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Which process, beyond doubt: pids are used again, so its start time belongs to it, and both mean something only on the
 * same boot of the same host (and within one pid namespace, where containers share a kernel).
 */
export interface ProcessIdentity {
  readonly host: string;
  /** Boot id, with the pid namespace behind a dot on Linux. */
  readonly bootId: string;
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, a date on macOS. Only equality means anything. */
  readonly startTime: string;
}

/** `unknown`: its host is not this one, or not visibly so. Whoever asks must then rely on time alone. */
export type Liveness = 'alive' | 'dead' | 'unknown';

let own: ProcessIdentity | undefined;

/** This process. Read once: nothing of it changes. */
export function ownIdentity(): ProcessIdentity {
  own ??= { ...thisMachine(), pid: process.pid, startTime: startTimeOf(process.pid) ?? '0' };
  return own;
}

/** Identity of another process of this host, or undefined if there is none. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const startTime = startTimeOf(pid);
  const { host, bootId } = ownIdentity();
  return startTime === undefined ? undefined : { host, bootId, pid, startTime };
}

/** As text, `host/boot/pid/start`, for ledger columns, file names' contents and locks. */
export function formatIdentity({ host, bootId, pid, startTime }: ProcessIdentity): string {
  return [host, bootId, pid, startTime].map((part) => encodeURIComponent(part)).join('/');
}

/** Undefined for text of another form. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const [host, bootId, pid, startTime, ...rest] = text.split('/').map(decodeURIComponent);
  if (!host || !bootId || !startTime || rest.length > 0 || !/^\d+$/.test(pid ?? '')) return undefined;
  return { host, bootId, pid: Number(pid), startTime };
}

/** Whether the process that wrote `text` (formatIdentity) still runs. Text of another form: unknown. */
export function isAlive(text: string): Liveness {
  const written = parseIdentity(text);
  if (!written) return 'unknown';
  const here = ownIdentity();
  if (written.host !== here.host) return 'unknown';
  const [bootThen, namespaceThen] = written.bootId.split('.');
  const [bootNow, namespaceNow] = here.bootId.split('.');
  if (bootThen !== bootNow) return 'dead';
  if (namespaceThen !== namespaceNow) return 'unknown';
  return startTimeOf(written.pid) === written.startTime ? 'alive' : 'dead';
}

/** Start time of a running process; undefined when there is none with this pid, or only its unreaped remains. */
function startTimeOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') return execText('ps', ['-o', 'lstart=', '-p', String(pid)]) || undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in parentheses, may hold blanks and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, threads, startTime] = [fields[0], Number(fields[17]), fields[19]];
    // A killed process counts until its last thread is gone: until then it holds its sockets and files.
    return state === 'X' || (state === 'Z' && threads <= 1) ? undefined : startTime;
  } catch {
    return undefined;
  }
}

function thisMachine(): Pick<ProcessIdentity, 'host' | 'bootId'> {
  if (process.platform !== 'linux') return { host: hostname(), bootId: execText('sysctl', ['-n', 'kern.boottime']) };
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const namespace = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  return { host: hostname(), bootId: `${boot}.${namespace}` };
}

function execText(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}
