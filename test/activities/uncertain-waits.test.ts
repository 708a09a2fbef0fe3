import { afterEach, describe, expect, test } from 'vitest';
import { inFlightBeside } from '../../ledger/in-flight.ts';
import { beatReceiver, callbacksCome } from '../../ledger/receiver-beat.ts';
import { readJournals } from '../../ledger/read-journal.ts';
import { mayBeSettledFromMs, waitEndsAtMs } from '../../ledger/uncertain-wait.ts';
import { CallbackWorld, type WorldOptions } from './callback-world.ts';

describe('when a wait ends', () => {
  const attempt = { calledBack: true, sentAtMs: 1_000 };
  const hold = { policy: { waitMs: 5_000, afterwards: 'hold', maxPayAgain: 0 }, requestTimeoutMs: 60_000 } as const;
  const pay = { policy: { waitMs: 5_000, afterwards: 'pay-again', maxPayAgain: 1 }, requestTimeoutMs: 60_000 } as const;

  test('hold: after the wait, from when it became uncertain', () => {
    expect(waitEndsAtMs(attempt, hold, 2_000)).toBe(7_000);
  });
  test('hold without a callback address: there is nothing to wait for', () => {
    expect(waitEndsAtMs({ ...attempt, calledBack: false }, hold, 2_000)).toBeNull();
  });
  test('pay again: never before its own create is certainly over', () => {
    expect(mayBeSettledFromMs(1_000, 60_000)).toBe(181_000);
    expect(waitEndsAtMs(attempt, pay, 2_000)).toBe(181_000);
    expect(waitEndsAtMs({ ...attempt, calledBack: false }, pay, 2_000)).toBe(181_000);
    expect(waitEndsAtMs(attempt, { ...pay, policy: { ...pay.policy, waitMs: 600_000 } }, 2_000)).toBe(602_000);
  });
});

let world: CallbackWorld;
const start = async (options: WorldOptions) => {
  world = await CallbackWorld.start({
    ...options,
    emulator: {
      faults: [
        { on: 'create', do: { kind: 'drop-answer' } },
        { on: 'callback', do: { kind: 'never' } },
      ],
    },
  });
};
afterEach(() => world?.stop());

const inFlight = async (batch: string) => {
  const nowMs = await world.ledger.now();
  const now = { nowMs, stalledAfterMs: 3_600_000, callbacksCome: await callbacksCome(world.ledger.db, nowMs) };
  return (await inFlightBeside(world.ledger.db, { batch, lane: 0 }, now)).count;
};
/** Time passes, in steps in which a living receiver beats. */
const pass = async (ms: number, alive = true) => {
  for (let left = ms; left > 0; left -= 5_000) {
    world.clock.aheadMs += Math.min(5_000, left);
    if (alive) await world.ledger.write((tx, nowMs) => beatReceiver(tx, nowMs));
  }
  await world.tick();
};

test('held for a person when the wait ends; in flight until then', async () => {
  await start({ uncertain: { waitMs: 60_000, afterwards: 'hold', maxPayAgain: 0 } });
  const [work] = await world.ready(1);
  const attempt = await world.create(work!);
  await pass(50_000);
  expect(await inFlight(work!.candidate.batch)).toBe(1);
  await pass(15_000);
  expect(await inFlight(work!.candidate.batch)).toBe(0);
  expect(await world.attempt(attempt)).toMatchObject({ state: 'uncertain', awaiting: 0 });
  expect(await world.events('wait-ended')).toHaveLength(1);
  expect(world.emulator.book.creates()).toHaveLength(1);
});

test('while no receiver lives the wait stands still, and the item is not in flight', async () => {
  await start({ uncertain: { waitMs: 60_000, afterwards: 'hold', maxPayAgain: 0 } });
  const [work] = await world.ready(1);
  const attempt = await world.create(work!);
  const batch = work!.candidate.batch;
  await pass(30_000);
  await pass(7_200_000, false);
  expect(await inFlight(batch)).toBe(0);
  expect((await world.attempt(attempt)).awaiting).toBe(1);
  await world.ledger.write((tx, nowMs) => beatReceiver(tx, nowMs));
  expect(await inFlight(batch)).toBe(1);
  await pass(25_000);
  expect((await world.attempt(attempt)).awaiting).toBe(1);
  await pass(10_000);
  expect((await world.attempt(attempt)).awaiting).toBe(0);
});

test('paid again by the policy, no sooner than allowed and no more often than max_pay_again', async () => {
  await start({ uncertain: { waitMs: 10_000, afterwards: 'pay-again', maxPayAgain: 1 }, timeoutMs: 2_000 });
  const work = await world.ready(2);
  for (const one of work) await world.create(one);
  await pass(60_000);
  const states = async () => (await Promise.all(work.map(({ item }) => world.item(item)))).map((row) => row.state);
  expect(await states()).toEqual(['uncertain', 'uncertain']);
  await pass(10_000);
  expect((await states()).toSorted()).toEqual(['ready', 'uncertain']);
  expect(await world.events('paid-again')).toHaveLength(1);
  expect(await world.events('wait-ended')).toHaveLength(1);
  // A rebuilt ledger must not ask a person for what the policy has settled.
  const settled = async () => {
    const { lines } = await readJournals(world.journal);
    return lines.filter(({ type }) => type === 'settle').map(({ outcome, n }) => ({ outcome, n }));
  };
  await expect.poll(settled).toEqual([{ outcome: 'abandoned', n: 1 }]);
  const again = work[(await states()).indexOf('ready')]!;
  const second = await world.create(again);
  await pass(100_000);
  expect(await world.attempt(second)).toMatchObject({ n: 2, state: 'uncertain', awaiting: 0 });
  expect((await world.audit()).counters).toEqual([]);
});

test('not behind a gate that a person has closed', async () => {
  await start({ uncertain: { waitMs: 10_000, afterwards: 'pay-again', maxPayAgain: 2 } });
  const [work] = await world.ready(1);
  await world.create(work!);
  const { pauseSpending, openBatchGates } = await import('../../ledger/operator-steps.ts');
  const at = { batch: work!.candidate.batch, account: world.account };
  await world.ledger.write((tx, nowMs) => pauseSpending(tx, at, 'ann', 'lunch', nowMs));
  await pass(200_000);
  expect((await world.item(work!.item)).state).toBe('uncertain');
  expect(await inFlight(at.batch)).toBe(0);
  await world.ledger.write((tx, nowMs) => openBatchGates(tx, at, ['pause'], 'ann', 'back', nowMs));
  await pass(5_000);
  expect((await world.item(work!.item)).state).toBe('ready');
});
