import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { openLedger } from '../../ledger/open-ledger.ts';
import { Program } from '../faults/program.ts';

// Fault rows 15, 16 and 18: the ledger lost in mid-batch, or restored from an older copy. The emulated vendor's book is the
// oracle: whatever the ledger forgot, nothing is created twice.

const ITEMS = 12;
const REFUSED = 'ledger rebuild';

let program: Program;
afterEach(() => program.remove());

const ledgerFile = () => join(program.stateDir, 'ledger.db');

function deleteLedger(): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${ledgerFile()}${end}`, { force: true });
}

async function told(...args: readonly string[]): Promise<{ readonly exit: number | null; readonly text: string }> {
  const command = program.start(...args);
  const exit = await command.exit;
  return { exit, text: command.output() };
}

/** Stopped in mid-batch by a SIGKILL of everything. */
async function killedInMidBatch(after: number): Promise<void> {
  program.start('run', 'shots.csv', '--yes');
  await program.until(() => program.emulator.book.creates().length >= after, 60_000);
  await program.killEverything();
}

async function counters(): Promise<unknown> {
  const ledger = await openLedger({ url: `sqlite:${ledgerFile()}`, baseDir: program.dir });
  const found = await verifyCounters(ledger.db);
  await ledger.close();
  return found;
}

/** Nothing created twice: as many tasks as there are items, each of its own video and face. */
function createdOnce(): void {
  expect(program.emulator.book.creates()).toHaveLength(ITEMS);
}

async function everybodyRefuses(): Promise<void> {
  expect((await told('plan', 'shots.csv')).text).toContain(REFUSED);
  expect((await told('status')).text).toContain(REFUSED);
  expect(await told('ledger', 'verify')).toEqual({ exit: 1, text: expect.stringContaining(REFUSED) });
  expect((await told('ledger', 'rebuild')).exit).toBe(2);
  expect((await told('run', 'shots.csv', '--yes')).exit).toBe(8);
}

/** Everything refuses, rebuilds, and goes on to the end. Items about to be sent at the kill may be uncertain. */
async function refusedThenRebuilt(how: { readonly askEverybody: boolean }): Promise<void> {
  const created = program.emulator.book.creates().length;
  const refused = await told('run', 'shots.csv', '--yes');
  expect(refused).toEqual({ exit: 8, text: expect.stringContaining(REFUSED) });
  expect(refused.text).toContain('S106');
  if (how.askEverybody) await everybodyRefuses();
  expect(program.emulator.book.creates()).toHaveLength(created);

  const rebuilt = await told('ledger', 'rebuild', '--yes');
  expect([rebuilt.exit, rebuilt.text]).toEqual([0, expect.stringContaining('creates entered')]);
  expect(await told('ledger', 'verify')).toMatchObject({ exit: 0 });
  const run = await told('run', 'shots.csv', '--yes');
  const states = await program.states();
  const uncertain = states['uncertain'] ?? 0;
  expect([run.exit, run.text]).toEqual([uncertain === 0 ? 0 : 5, expect.anything()]);
  expect(states).toEqual({ done: ITEMS - uncertain, ...(uncertain === 0 ? {} : { uncertain }) });
  const ofUncertain = program.emulator.book.creates().length - (ITEMS - uncertain);
  expect(ofUncertain).toBeGreaterThanOrEqual(0);
  expect(ofUncertain).toBeLessThanOrEqual(uncertain);
  const pairs = program.emulator.book.creates().map((task) => JSON.stringify(task).match(/shots\.csv-\d+\.mp4/u)?.[0]);
  expect(new Set(pairs).size).toBe(program.emulator.book.creates().length);
  expect(await counters()).toEqual([]);
}

describe('a ledger that is behind its journal', () => {
  it('lost in mid-batch: refused, rebuilt, finished with no second create', async () => {
    program = await Program.install();
    program.sheet('shots.csv', ITEMS, ITEMS);
    await killedInMidBatch(6);
    deleteLedger();
    await refusedThenRebuilt({ askEverybody: true });
  }, 180_000);

  it('restored from an older copy: the same', async () => {
    program = await Program.install();
    program.sheet('shots.csv', ITEMS, ITEMS);
    await killedInMidBatch(3);
    const old = join(program.dir, 'old.db');
    const source = new DatabaseSync(ledgerFile());
    await backup(source, old);
    source.close();
    await killedInMidBatch(7);
    deleteLedger();
    copyFileSync(old, ledgerFile());
    await refusedThenRebuilt({ askEverybody: false });
  }, 180_000);

  it('a journal that cannot be written: nothing is sent, and it goes on by itself', async () => {
    program = await Program.install();
    program.sheet('shots.csv', ITEMS, ITEMS);
    await told('status');
    const blocked = join(program.dir, 'out');
    writeFileSync(blocked, 'a file where the outputs belong');
    program.start('run', 'shots.csv', '--yes');
    await program.until(async () => {
      if (!existsSync(ledgerFile())) return false;
      const { db } = await program.ledger();
      return (await db.selectFrom('gates').select('name').where('name', '=', 'disk').execute()).length > 0;
    }, 60_000);
    expect(program.emulator.book.creates()).toHaveLength(0);
    rmSync(blocked);
    await program.until(async () => (await program.states())['done'] === ITEMS, 90_000);
    createdOnce();
    expect(readdirSync(join(blocked, '.journal'))).toHaveLength(1);
  }, 180_000);
});
