import { afterEach, describe, expect, it } from 'vitest';
import { HONEST } from '../fleet/audit.ts';
import { Fleet, rowsOver } from '../fleet/fleet-harness.ts';
import { WorkerChild } from './worker-child.ts';

// Fault rows 4 to 7 and 21: a worker that was stopped for longer than every time-out at each named line of createTask, and
// then goes on as if nothing had happened. All four at once; a fifth worker does all the rest meanwhile.

const POINTS = ['after-reserve', 'after-first-byte', 'after-answer', 'after-bind'] as const;
const REQUEST_TIMEOUT_MS = 1_000;
/** createTask's start-to-close is request timeout + 30 s, the longest of all time-outs about a create. */
const LONGER_THAN_EVERY_TIMEOUT_MS = REQUEST_TIMEOUT_MS + 33_000;
const ITEMS = 40;

let fleet: Fleet;
const workers: WorkerChild[] = [];
afterEach(async () => {
  for (const worker of workers) worker.signal('SIGCONT');
  await Promise.all(workers.map((worker) => worker.kill()));
  await fleet.stop();
});

describe('zombies', () => {
  it('a worker continued after every time-out sends nothing a second time', async () => {
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: 200 },
      account: { createPerSecond: 10 },
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    });
    const fifth = await WorkerChild.start(fleet);
    workers.push(fifth);
    const zombies = await Promise.all(POINTS.map(() => WorkerChild.start(fleet, { queues: ['create'] })));
    workers.push(...zombies);
    zombies.forEach((worker, n) => worker.arm(POINTS[n] ?? '', 'stop'));
    await fleet.submit('zombies', rowsOver(ITEMS, 10));
    await Promise.all(zombies.map((worker, n) => worker.met(POINTS[n] ?? '', 120_000)));
    const stoppedAtMs = Date.now();
    // The others' items are finished by the fifth, but for the two creates whose answers only the zombies can have heard.
    await fleet.until(async () => ((await fleet.states())['done'] ?? 0) >= ITEMS - 3, 60_000);
    await new Promise((longer) =>
      setTimeout(longer, Math.max(0, stoppedAtMs + LONGER_THAN_EVERY_TIMEOUT_MS - Date.now())),
    );
    const shown = (await fleet.states())['uncertain'] ?? 0;
    expect(shown).toBeGreaterThanOrEqual(1);
    const before = fleet.emulator.book.creates().length;

    for (const zombie of zombies) zombie.signal('SIGCONT');
    // What a zombie heard before it was stopped still counts: its task is bound and collected.
    await fleet.until(async () => (await fleet.states())['done'] === ITEMS, 60_000);
    expect(fleet.emulator.book.creates()).toHaveLength(ITEMS);
    expect(before).toBe(ITEMS);
    expect(await fleet.audit()).toMatchObject({ ...HONEST, uncertain: 0, unfinished: 0 });
  }, 300_000);
});
