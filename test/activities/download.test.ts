import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { Poller } from '../../activities/poller.ts';
import type { FaultRule } from '../../emulator/fault-plan.ts';
import { outputOf } from '../../emulator/media.ts';
import type { Due } from '../../schemas/workflow-inputs.ts';
import { ActivityWorld } from './activity-harness.ts';

// Fault rows 8, 61 and 62: transfers that are cut. And how many run at a time in one process.

let world: ActivityWorld;
afterEach(() => world.end());

const inActivity = <T>(run: () => Promise<T>): Promise<T> => new MockActivityEnvironment().run(run) as Promise<T>;
const advance = (): Promise<Due> => new MockActivityEnvironment().run(world.activities.advance, world.input);

/** Leads items to where their outputs are to be collected; gives their keys. */
async function collecting(ids: readonly string[]): Promise<readonly number[]> {
  await world.enter(ids);
  const keys = new Set<number>();
  while (keys.size < ids.length) {
    const due = await advance();
    for (const key of due.analyse) await inActivity(() => world.activities.submitAnalysis(key));
    for (const key of due.create) await inActivity(() => world.activities.createTask(key));
    for (const key of due.collect) keys.add(key);
  }
  return [...keys];
}

const collect = (items: readonly number[]) => inActivity(() => world.activities.collectOutputs(items));
const made = () => outputOf(world.emulator.book.creates()[0]!);
const stored = () => world.deps.store.hash('one.mp4');
const files = () => readdirSync(dirname(world.deps.store.pathOf('one.mp4') ?? ''));
const part = async () => world.deps.store.partOf('one.mp4', world.emulator.book.creates()[0]!.id);

/** More than half of an output, so that two of it are more than the whole and one is not. */
const CUT = 2_000;

describe('a transfer that was cut', () => {
  it('goes on where it stopped at the next try, when the server says that the bytes are the same', async () => {
    // The second request asks for the rest and is refused, so that the first try fails; every request is cut, so that only
    // one that goes on can ever reach the end.
    const faults: FaultRule[] = [
      { on: 'output', at: [2], do: { kind: 'gone', status: 503 } },
      { on: 'output', do: { kind: 'truncate', bytes: CUT, resumable: true } },
    ];
    world = await ActivityWorld.start({ faults });
    const items = await collecting(['one']);
    await collect(items);
    expect(await world.state('one')).toBe('collecting');
    expect(await part()).toMatchObject({ bytes: CUT });
    await collect(items);
    expect(await world.state('one')).toBe('done');
    expect(await stored()).toBe(made().sha256);
    expect(files()).toEqual(['one.mp4']);
  });

  it('begins anew when the server cannot go on', async () => {
    world = await ActivityWorld.start({ faults: [{ on: 'output', at: [1], do: { kind: 'truncate', bytes: CUT } }] });
    const items = await collecting(['one']);
    await collect(items);
    expect([await world.state('one'), await part()]).toEqual(['collecting', null]);
    await collect(items);
    expect([await world.state('one'), await stored(), files()]).toEqual(['done', made().sha256, ['one.mp4']]);
  });

  it.each([
    ['other bytes are behind the link by now', '"of-other-bytes"', 100],
    ['nothing comes after what was kept', null, 0],
  ])('begins anew when %s', async (_, validator, bytes) => {
    world = await ActivityWorld.start({ faults: [{ on: 'output', at: [1], do: { kind: 'gone', status: 503 } }] });
    const items = await collecting(['one']);
    await collect(items);
    const { bytes: whole, sha256 } = made();
    const kept = bytes === 0 ? whole : Buffer.alloc(bytes, 'x');
    const cut = (async function* () {
      yield kept;
      throw new Error('cut');
    })();
    const named = { name: world.emulator.book.creates()[0]!.id, validator: validator ?? `"${sha256.slice(0, 32)}"` };
    await expect(world.deps.store.put('one.mp4', cut, { part: { ...named, from: 0 } })).rejects.toThrow('cut');
    await collect(items);
    expect([await world.state('one'), await stored(), files()]).toEqual(['done', sha256, ['one.mp4']]);
  });
});

describe('at one time', () => {
  it('four outputs are fetched, however many activities ask', async () => {
    const ids = Array.from({ length: 9 }, (_, n) => `i${n}`);
    world = await ActivityWorld.start({ faults: [{ on: 'output', do: { kind: 'slow', delayMs: 150 } }] });
    const items = await collecting(ids);
    const open = { now: 0, most: 0 };
    world.emulator.app.server.on('request', (request, response) => {
      if (request.url?.includes('/outputs/') !== true) return;
      open.most = Math.max(open.most, (open.now += 1));
      response.once('close', () => (open.now -= 1));
    });
    await Promise.all([items.slice(0, 3), items.slice(3, 6), items.slice(6)].map(collect));
    expect(open).toEqual({ now: 0, most: 4 });
    for (const id of ids) expect(await world.state(id)).toBe('done');
  });

  it('twenty polls are under way, and the others are not even given permits', async () => {
    world = await ActivityWorld.start();
    const poller = new Poller(world.deps);
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const begun = new Set<string>();
    const polls = Array.from({ length: 30 }, (_, n) => ({
      id: `p${n}`,
      poll: async () => {
        begun.add(`p${n}`);
        await answered;
      },
    }));
    const ask = () =>
      poller.start(
        'default',
        polls.filter(({ id }) => !begun.has(id)),
      );
    await expect.poll(async () => (await ask(), begun.size), { timeout: 10_000 }).toBe(20);
    for (let more = 0; more < 10; more += 1) await ask();
    expect([begun.size, poller.room()]).toEqual([20, 0]);
    answer();
    await expect.poll(async () => (await ask(), begun.size), { timeout: 10_000 }).toBe(30);
    await expect.poll(() => poller.busy()).toBe(false);
  });
});
