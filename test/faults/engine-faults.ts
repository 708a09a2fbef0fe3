import { enginePaths } from '../../engine/engine-paths.ts';
import { readEngineRecord } from '../../engine/engine-record.ts';
import { formatIdentity, identityOf, isAlive } from '../../engine/process-identity.ts';

/** The Temporal server of a state directory, as a process; null when none runs. */
export function enginePid(stateDir: string): number | null {
  return readEngineRecord(enginePaths(stateDir).record)?.pid ?? null;
}

/** SIGKILL to the engine's server; resolves when it is gone. Whoever holds the engine's lock starts it again. */
export async function killEngine(stateDir: string): Promise<void> {
  const pid = enginePid(stateDir);
  if (pid !== null) await killHard(pid);
}

export async function killHard(pid: number): Promise<void> {
  const identity = identityOf(pid);
  if (identity === undefined) return;
  process.kill(pid, 'SIGKILL');
  while (isAlive(formatIdentity(identity)) === 'alive') await new Promise((next) => setTimeout(next, 5));
}
