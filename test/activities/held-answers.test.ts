import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createCreateTask } from '../../activities/create-task.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { HeldAnswers } from '../../activities/held-answers.ts';
import { sweepStranded } from '../../activities/steps/sweep-stranded.ts';
import type { AnswerAction } from '../../emulator/fault-plan.ts';
import { accountRow } from '../../ledger/account-row.ts';
import { openConnection } from '../../ledger/sqlite-connection.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import type { Due } from '../../schemas/workflow-inputs.ts';
import { ActivityWorld } from './activity-harness.ts';

// Fault rows 17 and 19: the answer to a create is heard while the ledger is away, for longer than the activity may last and
// than the sweep waits. What is known is no lost answer. (Times are scaled: the activity waits 0.2 s, not 25.)

const ACTIVITY_WAITS_MS = 200;
/** Past request timeout and grace, by the ledger's clock. */
const LATE_MS = 60_000;

let world: ActivityWorld;
const clock = { aheadMs: 0 };
let unlock: () => void = () => undefined;
/** Another process's write transaction, from the moment in which the create's first byte has left. */
function lockLedger(): void {
  const { raw } = openConnection(world.ledger.location);
  raw.exec('begin immediate');
  unlock = () => {
    raw.exec('rollback');
    raw.close();
    unlock = () => undefined;
  };
}

/** One create answered so, with the ledger locked; what this process holds then. */
async function answeredWhileLocked(answer: AnswerAction) {
  clock.aheadMs = 0;
  world = await ActivityWorld.start(
    { faults: [{ on: 'create', at: [1], do: answer }] },
    { clock: () => Date.now() + clock.aheadMs, busyAtMostMs: 50 },
  );
  await world.enter(['one']);
  const advance = (): Promise<Due> => new MockActivityEnvironment().run(world.activities.advance, world.input);
  const [analysis] = (await advance()).analyse;
  await new MockActivityEnvironment().run(() => world.activities.submitAnalysis(analysis ?? 0));
  const [attempt = 0] = (await advance()).create;
  const held = new HeldAnswers(world.deps.stopping, ACTIVITY_WAITS_MS);
  const deps: ActivityDependencies = {
    ...world.deps,
    at: (point) => Promise.resolve(point === 'after-first-byte' ? lockLedger() : undefined),
  };
  const unbound = await new MockActivityEnvironment().run(() => createCreateTask(deps, held)(attempt));
  expect(held.has(attempt)).toBe(true);
  expect((await attemptRow()).state).toBe('sending');
  clock.aheadMs = LATE_MS;
  const sweep = async (by: HeldAnswers) =>
    sweepStranded(
      world.deps,
      by,
      { batch: 'b', lane: 0 },
      await accountRow(world.ledger.db, 'default'),
      await world.ledger.now(),
    );
  return { held, attempt, sweep, unbound };
}

const attemptRow = () => world.ledger.db.selectFrom('attempts').selectAll().executeTakeFirstOrThrow();
const events = async (type: string) =>
  (await world.ledger.db.selectFrom('events').select('detail').where('type', '=', type).execute()).length;

const REFUSED: AnswerAction = { kind: 'code', code: 1003, msg: 'Parameter error' };

describe('an answer that the ledger could not take', () => {
  afterEach(async () => {
    unlock();
    expect(await verifyCounters(world.ledger.db)).toEqual([]);
    await world.end();
  });

  it('a refusal is never called uncertain by the process that heard it, and is written as soon as the ledger is back', async () => {
    const { held, attempt, sweep } = await answeredWhileLocked(REFUSED);
    unlock();
    await sweep(held);
    await expect.poll(() => held.has(attempt), { timeout: 5_000 }).toBe(false);
    expect(await attemptRow()).toMatchObject({ state: 'refused', charged: 0 });
    expect([await world.state('one'), await events('uncertain')]).toEqual(['failed', 0]);
    expect(world.emulator.book.creates()).toEqual([]);
  });

  it('one that another process took for lost meanwhile is settled by it after all', async () => {
    const { held, attempt, sweep } = await answeredWhileLocked(REFUSED);
    unlock();
    await sweep(new HeldAnswers(() => false));
    expect([await world.state('one'), await events('uncertain')]).toEqual(['uncertain', 1]);
    await expect.poll(() => held.has(attempt), { timeout: 5_000 }).toBe(false);
    expect(await attemptRow()).toMatchObject({ state: 'refused', charged: 0, awaiting: 0, counted_open: 0 });
    expect([await world.state('one'), await events('settled-late')]).toEqual(['failed', 1]);
    expect(await accountRow(world.ledger.db, 'default')).toMatchObject({ uncertain: 0, open_tasks: 0 });
  });

  it('a throttled create is ready again, not uncertain', async () => {
    const { held, attempt, sweep } = await answeredWhileLocked({ kind: 'throttle' });
    unlock();
    await sweep(held);
    await expect.poll(() => held.has(attempt), { timeout: 5_000 }).toBe(false);
    expect([await world.state('one'), (await attemptRow()).state]).toEqual(['ready', 'refused']);
  });

  it('a task id travels on, and is bound here too', async () => {
    const { held, attempt, sweep, unbound } = await answeredWhileLocked({ kind: 'slow', delayMs: 50 });
    const [task] = world.emulator.book.creates();
    expect(unbound).toMatchObject({ attempt, taskId: task!.id });
    unlock();
    await sweep(held);
    await expect.poll(() => held.has(attempt), { timeout: 5_000 }).toBe(false);
    expect([await world.state('one'), await events('uncertain')]).toEqual(['queued', 0]);
  });
});

it('is let go of when the process is asked to stop and the ledger stays away', async () => {
  const held = new HeldAnswers(() => true, 20);
  expect(await held.write(7, () => Promise.reject(new Error('away')))).toBe(false);
  await expect.poll(() => held.has(7), { timeout: 5_000 }).toBe(false);
});
