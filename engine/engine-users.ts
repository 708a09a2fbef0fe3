import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatIdentity, isAlive, ownIdentity } from './process-identity.ts';

/** `up` stays until it is told to go; a `command` goes when its work is done. */
export type EngineRole = 'up' | 'command';

export interface EngineUser {
  readonly pid: number;
  readonly role: EngineRole;
}

/** Joins within one process, which share its pid and start time. */
let joins = 0;

/**
 * Puts this process on the list of those who use the engine, and gives the way off it. The list is a folder of small
 * files, one for each, because a file can be made and removed atomically by processes that know nothing of each other.
 */
export function registerUser(folder: string, role: EngineRole): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { pid, startTime } = ownIdentity();
  joins += 1;
  const name = `${pid}-${startTime.replaceAll(/\W+/g, '_')}-${joins}`;
  const file = join(folder, name);
  const unfinished = join(folder, `.${name}`);
  writeFileSync(unfinished, JSON.stringify({ pid, role, process: formatIdentity(ownIdentity()) }), { mode: 0o600 });
  renameSync(unfinished, file);
  return () => rmSync(file, { force: true });
}

/** Who uses the engine now. Whoever died without leaving is left out. */
export function liveUsers(folder: string): EngineUser[] {
  return userFiles(folder)
    .map(readUser)
    .filter((user) => user !== undefined);
}

/** Takes the dead off the list. Only for the holder of the lock. */
export function removeDeadUsers(folder: string): void {
  for (const file of userFiles(folder)) if (!readUser(file)) rmSync(file, { force: true });
}

function userFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Undefined for the dead, and for users on another host: they cannot reach a server on this one's loopback. */
function readUser(file: string): EngineUser | undefined {
  try {
    const { pid, role, process: identity } = JSON.parse(readFileSync(file, 'utf8')) as EngineUser & { process: string };
    return isAlive(identity) === 'alive' ? { pid, role } : undefined;
  } catch {
    return undefined;
  }
}
