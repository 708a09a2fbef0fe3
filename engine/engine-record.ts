import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isAlive } from './process-identity.ts';

/** What `engine.json` says about the server. Only the holder of the lock writes it; anybody may read it. */
export interface EngineRecord {
  readonly address: string;
  /** Kept over restarts, so that clients and workers reconnect by themselves. */
  readonly port: number;
  /** Null once it was stopped on purpose. */
  readonly pid: number | null;
  readonly startTime: string | null;
  /** Identity of the server process (process-identity.ts), or null. */
  readonly process: string | null;
  /** Of the Temporal CLI that carries it. */
  readonly version: string;
}

/** Undefined when there is none, or it is not ours to understand. */
export function readEngineRecord(file: string): EngineRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function writeEngineRecord(file: string, record: EngineRecord): void {
  // Read by others at any moment, so never half written.
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}

/** True while the recorded server process runs; whether it answers is another question (health-check.ts). */
export function serverRuns(record: EngineRecord | undefined): record is EngineRecord & { readonly process: string } {
  return typeof record?.process === 'string' && isAlive(record.process) === 'alive';
}

function isRecord(value: unknown): value is EngineRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { address, port, process: server, version } = value as Partial<Record<keyof EngineRecord, unknown>>;
  return (
    typeof address === 'string' &&
    typeof port === 'number' &&
    typeof version === 'string' &&
    (server === null || typeof server === 'string')
  );
}
