import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { EmulatorSettings } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { FACE, FleetOfOne, good, request, VIDEO } from './fleet-of-one.ts';
import { HandClock } from './hand-clock.ts';

let emulator: RunningEmulator;
let fleet: FleetOfOne;
let clock: HandClock;

async function start(settings: EmulatorSettings = {}): Promise<void> {
  clock = new HandClock();
  emulator = await startEmulator({ clock, analysisMs: 0, taskMs: 10_000, credits: 250, ...settings });
  fleet = new FleetOfOne(emulator.url);
  await fleet.analyse();
}
afterEach(async () => {
  await fleet.close();
  await emulator.close();
});

const balance = async (): Promise<number> => good(await fleet.client.balance());

describe('holds and charges', () => {
  beforeEach(() => start());

  test('a create locks the hold, the end charges the price and gives the rest back', async () => {
    const id = await fleet.created();
    expect(await balance()).toBe(150);
    clock.advance(9_999);
    expect(await balance()).toBe(150);
    clock.advance(1);
    expect(await balance()).toBe(235);
    expect(good(await fleet.client.taskDetail(id)).charge).toBe(15);
    expect(emulator.book.charges().total).toBe(15);
  });

  test('480p costs less', async () => {
    await fleet.created({ resolution: '480p' });
    clock.advance(10_000);
    expect(await balance()).toBe(244);
  });

  test('1104 while holds tie the balance up, though the real cost would fit', async () => {
    await fleet.created();
    await fleet.created({ mappings: [{ obj_id: 0, img_url: `${FACE}?2` }] });
    expect(await fleet.create()).toMatchObject({ kind: 'refused', code: 1104 });
    clock.advance(10_000);
    expect(await balance()).toBe(220);
    expect((await fleet.create()).kind).toBe('created');
  });

  test('a failed task costs nothing', async () => {
    emulator.control.addFaults({ on: 'create', do: { kind: 'fail', reason: null } });
    const id = await fleet.created();
    clock.advance(10_000);
    expect(await balance()).toBe(250);
    expect(good(await fleet.client.taskDetail(id))).toMatchObject({ phase: 'failed', errorReason: null, charge: 0 });
  });

  test('the balance can be set from outside while tasks run', async () => {
    await fleet.created();
    emulator.control.setBalance(0);
    expect(await fleet.create()).toMatchObject({ code: 1104 });
    clock.advance(10_000);
    expect(await balance()).toBe(85);
  });
});

test('failed tasks are charged behind the switch', async () => {
  await start({ chargeFailed: true, faults: [{ on: 'create', do: { kind: 'fail' } }] });
  await fleet.created();
  clock.advance(10_000);
  expect(await balance()).toBe(235);
});

test('a price per started seconds', async () => {
  const price = { perStartedSeconds: 5, credits: 10 };
  await start({ prices: { '480p': price, '720p': price } });
  const video = 'https://media.example.com/plates/long-12s.mp4';
  await fleet.analyse(video);
  await fleet.created({ video_url: video });
  clock.advance(10_000);
  expect(await balance()).toBe(220);
});

describe('the book', () => {
  beforeEach(() => start({ credits: 10_000 }));

  test('tells what was paid twice: same work, whatever the callback address', async () => {
    const first = await fleet.created({ webhookUrl: 'https://me.example.com/cb/token-1' });
    await fleet.created({ mappings: [{ obj_id: 0, img_url: 'https://media.example.com/faces/bo.jpg' }] });
    expect(emulator.book.doublePaid()).toEqual([]);
    const second = await fleet.created({ webhookUrl: 'https://me.example.com/cb/token-2' });
    expect(emulator.book.doublePaid().map((group) => group.map(({ id }) => id))).toEqual([[first, second]]);
    expect(emulator.book.creates().map(({ token }) => token)).toEqual(['token-1', null, 'token-2']);
  });

  test('does not count a task that was given back', async () => {
    emulator.control.addFaults({ on: 'create', at: [1], do: { kind: 'fail' } });
    await fleet.created();
    clock.advance(10_000);
    await fleet.created();
    expect(emulator.book.doublePaid()).toEqual([]);
  });

  test('counts what was open at one time and asked in one second', async () => {
    for (const at of [0, 400, 400, 400]) {
      clock.advance(at);
      await fleet.created();
    }
    clock.advance(10_000);
    await fleet.created();
    expect(emulator.book.maxRate('create')).toBe(3);
    expect(emulator.book.maxRate('create', 2_000)).toBe(4);
    expect(emulator.book.maxOpenTasks()).toBe(4);
    expect(emulator.book.count('analyze')).toBe(1);
  });
});

describe('limits', () => {
  test('so many creates a second, the rest 1005; refused ones do not count', async () => {
    await start({ credits: 10_000, limits: { createPerSecond: 2 } });
    const kinds: string[] = [];
    for (let n = 0; n < 4; n += 1) kinds.push((await fleet.create()).kind);
    expect(kinds).toEqual(['created', 'created', 'refused', 'refused']);
    clock.advance(1_000);
    expect((await fleet.create()).kind).toBe('created');
    expect(emulator.book.refusals('create').map(({ code }) => code)).toEqual([1005, 1005]);
  });

  test('fractions are exact: 3.3 a second', async () => {
    await start({ credits: 100_000, limits: { createPerSecond: 3.3 } });
    let accepted = 0;
    for (let ms = 0; ms < 10_000; ms += 50) {
      accepted += (await fleet.create()).kind === 'created' ? 1 : 0;
      clock.advance(50);
    }
    expect(accepted).toBeGreaterThanOrEqual(32);
    expect(accepted).toBeLessThanOrEqual(36);
  });

  test('open tasks, told as 429 with Retry-After', async () => {
    await start({ credits: 10_000, limits: { openTasks: 1, tell: '429', retryAfter: '3' } });
    await fleet.created();
    expect(await fleet.create()).toMatchObject({
      kind: 'refused',
      httpStatus: 429,
      consequence: { because: 'throttled', retryAfterMs: 3_000 },
    });
    clock.advance(10_000);
    expect((await fleet.create()).kind).toBe('created');
  });

  test('open analyses and polls', async () => {
    await start({ analysisMs: 0, limits: { openAnalyses: 1, pollPerSecond: 1 } });
    clock.advance(1_000);
    expect((await fleet.client.balance()).kind).toBe('ok');
    expect(await fleet.client.balance()).toMatchObject({ code: 1005 });
  });

  test('they can change while it runs', async () => {
    await start({ limits: { openTasks: 0 } });
    expect(await fleet.create()).toMatchObject({ code: 1005 });
    emulator.control.setLimits({ openTasks: null });
    expect((await fleet.create()).kind).toBe('created');
  });
});

test('two teams have their own credits and do not see each other', async () => {
  const teams = [
    { apiKey: 'first-key', credits: 100 },
    { apiKey: 'second-key', credits: 50 },
  ];
  clock = new HandClock();
  emulator = await startEmulator({ clock, teams, analysisMs: 0 });
  fleet = new FleetOfOne(emulator.url, 'first-key');
  const other = new FleetOfOne(emulator.url, 'second-key');
  const analysis = await fleet.analyse(VIDEO);
  const id = await fleet.created(request());
  expect(good(await other.client.balance())).toBe(50);
  expect(await other.client.taskDetail(id)).toMatchObject({ kind: 'refused', code: 1014 });
  expect(await other.client.analysisDetail(analysis.id ?? '')).toMatchObject({ kind: 'refused', code: 1014 });
  expect(await other.create()).toMatchObject({ kind: 'refused', consequence: { kind: 'reanalyse' } });
  await other.close();
});
