import { join } from 'node:path';

/** Where an embedded engine keeps what it has, below the state directory. */
export function enginePaths(stateDir: string): EnginePaths {
  return {
    database: join(stateDir, 'temporal.db'),
    log: join(stateDir, 'logs', 'temporal.log'),
    record: join(stateDir, 'engine.json'),
    lock: join(stateDir, 'engine.lock'),
    users: join(stateDir, 'engine-users'),
  };
}

export interface EnginePaths {
  readonly database: string;
  readonly log: string;
  /** See engine-record.ts. */
  readonly record: string;
  /** See directory-lock.ts: never read it. */
  readonly lock: string;
  /** See engine-users.ts. */
  readonly users: string;
}
