import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { LedgerTooNew } from '../../ledger/migrations.ts';
import { openLedger, sqliteFile } from '../../ledger/open-ledger.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { freshDatabase, postgresPrograms } from './postgres-server.ts';

const run = promisify(execFile);
const CHILD = join(import.meta.dirname, 'open-and-hold.process.ts');

onBothDatabases('opening a ledger', (opened) => {
  it('is new once, and keeps its id and its tables when it is opened again', async () => {
    expect(opened.ledger.isNew).toBe(true);
    const again = await opened.again();
    expect(again.isNew).toBe(false);
    expect(again.id).toBe(opened.ledger.id);
    expect(again.ledger8).toBe(opened.ledger.id.slice(0, 8));
    expect(again.location).not.toContain('password');
  });

  it('refuses a ledger that a newer program wrote', async () => {
    const setVersion = (value: string) =>
      opened.ledger.write((tx) => tx.updateTable('ledger_meta').set({ value }).where('name', '=', 'version').execute());
    const { value } = await opened.ledger.db
      .selectFrom('ledger_meta')
      .select('value')
      .where('name', '=', 'version')
      .executeTakeFirstOrThrow();
    await setVersion('999');
    await expect(openLedger({ url: opened.database.url, baseDir: '/' })).rejects.toThrow(LedgerTooNew);
    await setVersion(value);
  });

  it('undoes a write that throws, whole', async () => {
    const write = opened.ledger.write(async (tx) => {
      await tx.insertInto('ledger_meta').values({ name: 'half', value: '1' }).execute();
      throw new Error('no');
    });
    await expect(write).rejects.toThrow('no');
    expect(await opened.ledger.db.selectFrom('ledger_meta').selectAll().where('name', '=', 'half').execute()).toEqual(
      [],
    );
  });
});

describe('two processes open a new ledger at the same moment', () => {
  const bothOpen = async (url: string) => {
    const answers = await Promise.all([1, 2, 3].map(() => run(process.execPath, [CHILD, 'open', url])));
    return new Set(answers.map((answer) => (JSON.parse(answer.stdout) as { id: string }).id));
  };

  it('on SQLite: one set of tables, one id', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-open-'));
    expect((await bothOpen(`sqlite:${join(dir, 'deep', 'ledger.db')}`)).size).toBe(1);
    rmSync(dir, { recursive: true });
  });

  it.skipIf(postgresPrograms() === null)('on PostgreSQL: one set of tables, one id', async () => {
    expect((await bothOpen(await freshDatabase())).size).toBe(1);
  });
});

describe('ledger URLs', () => {
  it('names what it does not know', async () => {
    await expect(openLedger({ url: 'mysql://host', baseDir: '/' })).rejects.toThrow('ledger "mysql:" is not known');
  });

  it('takes relative paths from the given folder', () => {
    expect(sqliteFile('sqlite:.headswap/ledger.db', '/work/show')).toBe('/work/show/.headswap/ledger.db');
    expect(sqliteFile('sqlite:/var/ledger.db', '/work/show')).toBe('/var/ledger.db');
    expect(sqliteFile('sqlite:///var/ledger.db', '/work/show')).toBe('/var/ledger.db');
  });
});
