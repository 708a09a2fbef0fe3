import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDirectoryLock, type DirectoryLock } from '../../engine/directory-lock.ts';

let folder: string;
const opened: DirectoryLock[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => {
  for (const lock of opened.splice(0)) lock.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(): DirectoryLock {
  const lock = openDirectoryLock(join(folder, 'x.lock'));
  opened.push(lock);
  return lock;
}

test('one of many holds it; the next gets it when it is released or closed', () => {
  const [a, b, c] = [open(), open(), open()];
  expect([a, b, c].map((lock) => lock.tryTake())).toEqual([true, false, false]);
  expect(a.tryTake()).toBe(true);
  a.release();
  expect([c.tryTake(), b.tryTake(), a.tryTake()]).toEqual([true, false, false]);
  c.close();
  opened.splice(opened.indexOf(c), 1);
  expect(b.tryTake()).toBe(true);
});

test('a process that is killed gives it back', async () => {
  const script = `
    import { openDirectoryLock } from '${join(import.meta.dirname, '../../engine/directory-lock.ts')}';
    console.log(openDirectoryLock(process.argv[1]).tryTake());
    setInterval(() => {}, 1000);`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, join(folder, 'x.lock')];
  const child = spawn(process.execPath, args);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString().trim()).toBe('true');
  const lock = open();
  expect(lock.tryTake()).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lock.tryTake()).toBe(true);
});
