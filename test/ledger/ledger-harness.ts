import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { freshDatabase, postgresPrograms } from './postgres-server.ts';

/** A database of its own for one test file: its URL for further handles and for child processes. */
export interface TestDatabase {
  readonly dialect: 'sqlite' | 'postgres';
  readonly url: string;
  /** For relative SQLite paths and other files of the test. */
  readonly dir: string;
}

/** What a suite sees; filled before its first test. */
export interface Opened {
  readonly database: TestDatabase;
  readonly ledger: Ledger;
  /** Another handle on the same database, as another process would have it. */
  again(): Promise<Ledger>;
}

/**
 * The same suite on SQLite (a temporary file) and on PostgreSQL (a private server, if one is installed; otherwise its tests
 * are skipped and say so). After every test the counters must be what the rows say.
 */
export function onBothDatabases(name: string, suite: (opened: Opened) => void): void {
  describe(`${name} on SQLite`, () => runSuite('sqlite', suite));
  const installed = postgresPrograms() !== null;
  const note = installed ? '' : ' (skipped: no PostgreSQL server is installed; apt-get install postgresql)';
  describe.skipIf(!installed)(`${name} on PostgreSQL${note}`, () => runSuite('postgres', suite));
}

function runSuite(dialect: TestDatabase['dialect'], suite: (opened: Opened) => void): void {
  const handles: Ledger[] = [];
  const state: { database?: TestDatabase } = {};
  const opened: Opened = {
    get database() {
      return state.database!;
    },
    get ledger() {
      return handles[0]!;
    },
    async again() {
      const handle = await openLedger({ url: state.database!.url, baseDir: state.database!.dir });
      handles.push(handle);
      return handle;
    },
  };
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-ledger-'));
    state.database = {
      dialect,
      dir,
      url: dialect === 'sqlite' ? `sqlite:${join(dir, 'ledger.db')}` : await freshDatabase(),
    };
    await opened.again();
  }, 60_000);
  afterEach(async () => {
    if (handles[0] !== undefined) expect(await differences(handles[0])).toEqual([]);
  });
  afterAll(async () => {
    for (const handle of handles) await handle.close();
    if (state.database !== undefined) rmSync(state.database.dir, { recursive: true, force: true });
  });
  suite(opened);
}

/** Counters that are not what the rows say, seen in one transaction. */
export function differences(ledger: Ledger) {
  return ledger.write((tx) => verifyCounters(tx));
}
