import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { closeGate } from '../../ledger/gates.ts';
import { renewLease } from '../../ledger/batch-lease.ts';
import type { Due } from '../../schemas/workflow-inputs.ts';
import { ActivityWorld } from './activity-harness.ts';

let world: ActivityWorld;
afterEach(() => world.end());

const advance = (environment = new MockActivityEnvironment()): Promise<Due> =>
  environment.run(world.activities.advance, world.input);
const inActivity = (run: () => Promise<unknown>): Promise<unknown> => new MockActivityEnvironment().run(run);

describe('advance reads the ledger and says what is due', () => {
  it('leads one item from its analysis to its output', async () => {
    world = await ActivityWorld.start();
    await world.enter(['one']);
    const analysed = await advance();
    expect(analysed).toMatchObject({ create: [], collect: [], closed: false });
    expect(analysed.analyse).toHaveLength(1);
    await inActivity(() => world.activities.submitAnalysis(analysed.analyse[0] ?? 0));
    const created = await advance();
    expect(created.create).toHaveLength(1);
    expect(await inActivity(() => world.activities.createTask(created.create[0] ?? 0))).toBeNull();
    expect(await world.state('one')).toBe('queued');
    const collected = await advance();
    expect(collected.collect).toHaveLength(1);
    await inActivity(() => world.activities.collectOutputs(collected.collect));
    expect(await world.state('one')).toBe('done');
    expect(await advance()).toEqual({ analyse: [], create: [], collect: [], idleMs: null, closed: true });
    expect(world.emulator.book.creates()).toHaveLength(1);
  });

  it('issues a claim that was never started again, and a second start of it sends nothing', async () => {
    world = await ActivityWorld.start();
    await world.enter(['one']);
    const analysed = await advance();
    await inActivity(() => world.activities.submitAnalysis(analysed.analyse[0] ?? 0));
    const first = await advance();
    const again = await advance();
    expect(again.create).toEqual(first.create);
    await Promise.all([1, 2, 3].map(() => inActivity(() => world.activities.createTask(first.create[0] ?? 0))));
    expect(world.emulator.book.creates()).toHaveLength(1);
  });

  it('returns at once when it is cancelled, with what it had claimed', async () => {
    world = await ActivityWorld.start({ taskMs: 60_000 });
    await world.enter(['one']);
    const analysed = await advance();
    await inActivity(() => world.activities.submitAnalysis(analysed.analyse[0] ?? 0));
    const created = await advance();
    await inActivity(() => world.activities.createTask(created.create[0] ?? 0));
    const environment = new MockActivityEnvironment();
    const pass = advance(environment);
    environment.cancel();
    expect(await pass).toMatchObject({ closed: false, create: [] });
  });

  it('what does not fit into the budget holds up nothing that costs less', async () => {
    world = await ActivityWorld.start();
    await world.enter(['dear', 'cheap']);
    await world.ledger.write(async (tx) => {
      await tx.updateTable('batches').set({ budget: 10 }).execute();
      await tx.updateTable('items').set({ resolution: '480p' }).where('id', '=', 'cheap').execute();
    });
    const analysed = await advance();
    await Promise.all(analysed.analyse.map((key) => inActivity(() => world.activities.submitAnalysis(key))));
    let due = await advance();
    while (due.create.length === 0) due = await advance();
    await inActivity(() => world.activities.createTask(due.create[0] ?? 0));
    expect(await world.state('cheap')).toBe('queued');
    expect(await world.state('dear')).toBe('ready');
  });

  it('claims nothing behind a closed gate, and parks what only a person can move', async () => {
    world = await ActivityWorld.start();
    await world.enter(['one', 'two']);
    await world.ledger.write((tx, nowMs) =>
      closeGate(
        tx,
        { scope: 'batch', owner: 'b' },
        { name: 'pause', code: 'S', reason: 'held', reopens: 'resume' },
        nowMs,
      ),
    );
    expect(await advance()).toMatchObject({ analyse: [], create: [], closed: true });
    expect(world.emulator.book.count('analyze')).toBe(0);
  });

  it('lets go of a batch that another engine drives', async () => {
    world = await ActivityWorld.start();
    await world.enter(['one']);
    await world.ledger.write((tx, nowMs) => renewLease(tx, 'b', 'another-engine', nowMs + 60_000, nowMs));
    expect(await advance()).toMatchObject({ analyse: [], closed: true });
  });

  it('calls a create uncertain when the process that was sending it died, and sends nothing again', async () => {
    world = await ActivityWorld.start();
    await world.enter(['one']);
    const analysed = await advance();
    await inActivity(() => world.activities.submitAnalysis(analysed.analyse[0] ?? 0));
    const created = await advance();
    await world.ledger.write(async (tx, nowMs) => {
      await tx.updateTable('attempts').set({ state: 'sending', sent_at: nowMs, owner: 'dead/process' }).execute();
      await tx.updateTable('accounts').set({ reserved: 0 }).execute();
    });
    expect(created.create).toHaveLength(1);
    const after = await advance();
    expect(await world.state('one')).toBe('uncertain');
    expect(after).toEqual({ analyse: [], create: [], collect: [], idleMs: null, closed: true });
    expect(world.emulator.book.creates()).toHaveLength(0);
  });
});
