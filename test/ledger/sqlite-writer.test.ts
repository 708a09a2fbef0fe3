import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';

let dir: string;
let ledger: Ledger;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'headswap-writer-'));
  ledger = await openLedger({ url: `sqlite:${join(dir, 'ledger.db')}`, baseDir: dir });
});
afterAll(async () => {
  await ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

const put = (to: Ledger, name: string, fail = false) =>
  to.write(async (tx) => {
    await tx.insertInto('ledger_meta').values({ name, value: '1' }).execute();
    if (fail) throw new Error(`refused ${name}`);
    return name;
  });
const names = async (like: string) =>
  (await ledger.db.selectFrom('ledger_meta').select('name').where('name', 'like', like).orderBy('name').execute()).map(
    (row) => row.name,
  );
/** Grows by one with every commit that changed something. */
const commits = async () =>
  (await sql<{ data_version: number }>`pragma data_version`.execute(ledger.db)).rows[0]!.data_version;

it('commits jobs that arrive together once, and answers each with its own result', async () => {
  const before = await commits();
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => put(ledger, `group-${String(i).padStart(2, '0')}`)),
  );
  expect(results).toHaveLength(40);
  expect(results[7]).toBe('group-07');
  expect((await commits()) - before).toBe(1);
});

it('lets a failing job undo itself alone', async () => {
  const results = await Promise.allSettled([put(ledger, 'iso-1'), put(ledger, 'iso-2', true), put(ledger, 'iso-3')]);
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await names('iso-%')).toEqual(['iso-1', 'iso-3']);
});

it('tells nobody of success when the commit fails', async () => {
  const results = await Promise.allSettled([
    put(ledger, 'lost-1'),
    // The job ends the transaction it shares: the engine refuses what follows, as it does after an I/O error.
    ledger.write((tx) => sql`rollback`.execute(tx)),
    put(ledger, 'lost-2'),
  ]);
  expect(results.map((r) => r.status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await names('lost-%')).toEqual([]);
  await put(ledger, 'after-the-loss');
  expect(await names('after-the-loss')).toEqual(['after-the-loss']);
});

it('waits for a lock that another process holds for a second, without blocking the loop', async () => {
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'open-and-hold.process.ts'),
    'hold',
    join(dir, 'ledger.db'),
    '1000',
  ]);
  await once(child.stdout, 'data');
  const started = performance.now();
  let ticks = 0;
  let longestMs = 0;
  let last = started;
  const clock = setInterval(() => {
    ticks += 1;
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 5);
  await put(ledger, 'patient');
  clearInterval(clock);
  expect(performance.now() - started).toBeGreaterThan(700);
  expect(ticks).toBeGreaterThan(50);
  // The loop turned all the while; what a loaded machine steals is far below a lock wait of a second.
  expect(longestMs).toBeLessThan(500);
  expect(await names('patient')).toEqual(['patient']);
});

it('finishes what was handed in before it closes, and takes nothing afterwards', async () => {
  const other = await openLedger({ url: `sqlite:${join(dir, 'ledger.db')}`, baseDir: dir });
  const slow = other.write(async (tx) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await tx.insertInto('ledger_meta').values({ name: 'closing-1', value: '1' }).execute();
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  const queued = put(other, 'closing-2');
  await other.close();
  await Promise.all([slow, queued]);
  expect(await names('closing-%')).toEqual(['closing-1', 'closing-2']);
  await expect(put(other, 'closing-3')).rejects.toThrow('the ledger is closed');
});

it('reads committed state while a write is under way', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const write = ledger.write(async (tx) => {
    await tx.insertInto('ledger_meta').values({ name: 'unseen', value: '1' }).execute();
    await held;
  });
  expect(await names('unseen')).toEqual([]);
  release();
  await write;
  expect(await names('unseen')).toEqual(['unseen']);
});
