import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { FaultRule } from '../../emulator/fault-plan.ts';
import { startEmulator } from '../../emulator/start.ts';
import { eventually, FACE, FleetOfOne, good } from './fleet-of-one.ts';
import { HandClock } from './hand-clock.ts';

let folder: string;
let bookPath: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  bookPath = join(folder, 'deep', 'book.jsonl');
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

async function startProcess(...args: string[]): Promise<{ url: string; child: ChildProcess }> {
  const main = new URL('../../emulator/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url: (JSON.parse(line) as { url: string }).url, child };
}

async function control(url: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const init =
    body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${url}/_emulator/${path}`, init);
  return { httpStatus: response.status, ...((await response.json()) as object) };
}

test('a killed emulator comes back with its tasks, analyses, money and outputs', async () => {
  const args = ['--book', bookPath, '--credits', '400', '--options', '{"analysisMs":0,"taskMs":0}'];
  const before = await startProcess(...args);
  const fleet = new FleetOfOne(before.url);
  await fleet.analyse();
  await control(before.url, 'faults', { on: 'create', at: [2], do: { kind: 'stall' } });
  const done = await fleet.created();
  const output = Buffer.from(await (await fetch((await fleet.finished(done)).outputUrl ?? '')).arrayBuffer());
  const stalled = await fleet.created({ mappings: [{ obj_id: 0, img_url: `${FACE}?2` }] });
  expect(good(await fleet.client.balance())).toBe(285);
  before.child.kill('SIGKILL');
  await once(before.child, 'exit');
  await fleet.close();

  const after = await startProcess(...args);
  const again = new FleetOfOne(after.url);
  expect(good(await again.client.balance())).toBe(285);
  const url = good(await again.client.taskDetail(done)).outputUrl ?? '';
  expect(url.startsWith(after.url)).toBe(true);
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(output)).toBe(true);
  expect(good(await again.client.taskDetail(stalled)).phase).toBe('processing');
  const next = await again.created();
  expect([done, stalled]).not.toContain(next);
  await control(after.url, 'finish', { id: stalled });
  expect((await again.finished(stalled)).phase).toBe('completed');
  await again.finished(next);
  expect(await control(after.url, 'summary')).toMatchObject({ accepted: 3, charged: 45, balance: 355 });
  await again.close();
});

test('what ended while it was down is settled, at the time it ended', async () => {
  const clock = new HandClock();
  const settings = { clock, bookPath, analysisMs: 0, taskMs: 10_000, credits: 400 };
  const before = await startEmulator(settings);
  const fleet = new FleetOfOne(before.url);
  await fleet.analyse();
  const id = await fleet.created();
  const endsAt = clock.now() + 10_000;
  await fleet.close();
  await before.close();
  clock.advance(3_600_000);
  const after = await startEmulator(settings);
  expect(after.book.settlements()).toMatchObject([{ id, at: endsAt, charge: 15, refund: 85 }]);
  expect(after.control.balance()).toBe(385);
  await after.close();
});

test('rules go on counting where they stopped', async () => {
  const rule: FaultRule = { on: 'create', at: [2], do: { kind: 'throttle' } };
  const kinds: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const emulator = await startEmulator({ bookPath, analysisMs: 0, taskMs: 0, faults: [rule] });
    const fleet = new FleetOfOne(emulator.url);
    await fleet.analyse();
    kinds.push((await fleet.create()).kind);
    await fleet.close();
    await emulator.close();
  }
  expect(kinds).toEqual(['created', 'refused', 'created']);
});

test('half a last line, as a kill can leave it, is cut off', async () => {
  const first = await startEmulator({ bookPath, credits: 123 });
  await first.close();
  await appendFile(bookPath, '{"t":"create","id":"6a0');
  const second = await startEmulator({ bookPath });
  expect(second.control.balance()).toBe(123);
  second.control.setBalance(77);
  await second.close();
  const lines = (await readFile(bookPath, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { t: string }).t)).toEqual(['open', 'balance']);
});

test('it can be steered from another process, and refuses what it does not understand', async () => {
  const { url } = await startProcess('--options', '{"analysisMs":0,"taskMs":0}');
  const fleet = new FleetOfOne(url);
  expect(await control(url, 'balance', { credits: 5 })).toEqual({ httpStatus: 200, balance: 5 });
  expect(good(await fleet.client.balance())).toBe(5);
  await control(url, 'limits', { createPerSecond: 1 });
  await control(url, 'key', { refuse: 1200 });
  expect(await fleet.client.balance()).toMatchObject({ code: 1200 });
  await control(url, 'key', { refuse: null });
  await control(url, 'faults', { faults: [{ on: 'balance', do: { kind: 'code', code: 2001 } }] });
  expect(await fleet.client.balance()).toMatchObject({ code: 2001 });
  await fetch(`${url}/_emulator/faults`, { method: 'DELETE' });
  expect((await fleet.client.balance()).kind).toBe('ok');
  expect(await control(url, 'faults', { on: 'balance', do: { kind: 'explode' } })).toMatchObject({ httpStatus: 400 });
  expect(await control(url, 'limits', { createsPerSecond: 1 })).toMatchObject({ httpStatus: 400 });
  const { entries } = await control(url, 'book');
  expect(entries).toMatchObject([{ t: 'open' }, { t: 'balance', credits: 5 }]);
  await fleet.close();
});

test('a fault plan in YAML, and a broken one that is refused with its place', async () => {
  const plan = join(folder, 'plan.yaml');
  await writeFile(plan, 'faults:\n  - { on: balance, at: [1], do: { kind: code, code: 1005 } }\n');
  const { url, child } = await startProcess('--faults', plan);
  const fleet = new FleetOfOne(url);
  expect(await fleet.client.balance()).toMatchObject({ code: 1005 });
  child.kill('SIGTERM');
  await eventually(() => child.exitCode);
  await fleet.close();
  await writeFile(plan, 'faults:\n  - { on: balance, do: { kind: code, code: many } }\n');
  const main = new URL('../../emulator/main.ts', import.meta.url).pathname;
  const broken = spawn(process.execPath, [main, '--faults', plan], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(broken);
  const [said] = (await once(broken.stderr, 'data')) as [Buffer];
  await once(broken, 'close');
  expect(broken.exitCode).toBe(2);
  expect(said.toString()).toContain('/faults/0');
});
