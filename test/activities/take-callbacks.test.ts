import { afterEach, describe, expect, test } from 'vitest';
import type { FaultRule } from '../../emulator/fault-plan.ts';
import { settleByHand } from '../../ledger/uncertain-steps.ts';
import { CallbackWorld, SECRETS, type WorldOptions } from './callback-world.ts';

let world: CallbackWorld;
const start = async (options: WorldOptions = {}) => (world = await CallbackWorld.start(options));

afterEach(async () => {
  expect(await world.audit()).toEqual({ counters: [], doublePaid: 0 });
  await world.stop();
});

/** The create is accepted and charged, its answer lost. */
const LOST: FaultRule = { on: 'create', at: [1], do: { kind: 'drop-answer', cut: 'reset' } };

describe('a create whose answer is lost', () => {
  test.each(['close', 'reset'] as const)('(%s) is bound by its callback, and paid once', async (cut) => {
    await start({ emulator: { faults: [{ ...LOST, do: { kind: 'drop-answer', cut } }] } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    expect(await world.attempt(attempt)).toMatchObject({ state: 'uncertain', awaiting: 1, called_back: 1 });
    await world.reaches(work!.item, 'collecting');
    expect(await world.attempt(attempt)).toMatchObject({ state: 'settled', awaiting: 0, charged: 15 });
    expect(world.emulator.book.creates()).toHaveLength(1);
    expect(await world.events('settled-late')).toHaveLength(1);
  });

  test('is bound while its answer is still waited for, not only after the time-out', async () => {
    await start({ timeoutMs: 20_000, emulator: { faults: [{ ...LOST, do: { kind: 'drop-answer', cut: 'hang' } }] } });
    const [work] = await world.ready(1);
    const creating = world.create(work!);
    await world.reaches(work!.item, 'collecting');
    expect(world.emulator.book.creates()).toHaveLength(1);
    await world.emulator.app.close();
    const attempt = await creating;
    expect((await world.attempt(attempt)).state).toBe('settled');
  });

  test('a failed task found by its callback fails the item and costs nothing', async () => {
    await start({ emulator: { faults: [LOST, { on: 'create', at: [1], do: { kind: 'fail' } }] } });
    const [work] = await world.ready(1);
    await world.create(work!);
    await world.reaches(work!.item, 'failed');
    expect(await world.item(work!.item)).toMatchObject({ reason_code: 'P105', charged: 0 });
  });
});

describe('a create with an answer', () => {
  test('is polled at once when its callback comes, however far the next poll is', async () => {
    await start();
    const [work] = await world.ready(1);
    await world.create(work!);
    await world.reaches(work!.item, 'collecting');
    expect((await world.heard())[0]).toMatchObject({ state: 'processed' });
  });

  test('a callback before the answer is kept for it', async () => {
    await start({ emulator: { faults: [{ on: 'callback', do: { kind: 'early' } }] } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    await world.reaches(work!.item, 'collecting');
    expect(await world.attempt(attempt)).toMatchObject({ state: 'settled', held: 100, charged: 15 });
  });

  test('a hundred duplicates make one change', async () => {
    await start({ emulator: { faults: [{ on: 'callback', do: { kind: 'duplicate', times: 100 } }] } });
    const [work] = await world.ready(1);
    await world.create(work!);
    await world.reaches(work!.item, 'collecting');
    await world.until(async () => (world.emulator.book.callbacks().length === 100 ? true : null), 15_000);
    const rows = await world.heard();
    expect(rows.filter((row) => row.state === 'processed')).toHaveLength(1);
    expect(world.emulator.book.callbacks().every((sent) => sent.answered === 200)).toBe(true);
    expect(world.emulator.book.count('poll')).toBeLessThanOrEqual(4);
  });

  test('a message that is not final causes no poll', async () => {
    await start({ emulator: { taskMs: 60_000 } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    const polls = world.emulator.book.count('poll');
    const [task] = world.emulator.book.creates();
    expect(await world.say(attempt, { _id: task!.id, status: 2 })).toBe(200);
    expect((await world.heard())[0]).toMatchObject({ state: 'processed' });
    expect(world.emulator.book.count('poll')).toBe(polls);
  });

  test('without a client id a message still hastens the poll', async () => {
    await start({ secrets: null });
    const [work] = await world.ready(1);
    await world.create(work!);
    await world.reaches(work!.item, 'collecting');
  });
});

describe('what is not to be believed changes nothing', () => {
  const before = async (item: number, attempt: number) => [
    (await world.item(item)).state,
    (await world.attempt(attempt)).state,
  ];

  test('forged: another secret under the known client id', async () => {
    await start({ emulator: { faults: [LOST, { on: 'callback', do: { kind: 'never' } }] } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    const states = await before(work!.item, attempt);
    const polls = world.emulator.book.count('poll');
    const id = world.emulator.book.creates()[0]!.id;
    const forger = { ...SECRETS, clientSecret: 'x'.repeat(32) };
    for (let n = 0; n < 5; n += 1)
      expect(await world.say(attempt, { _id: id, status: 3 }, forger, String(n))).toBe(200);
    const rows = await world.heard(5);
    expect(rows.every((row) => row.state === 'quarantined')).toBe(true);
    expect(await before(work!.item, attempt)).toEqual(states);
    expect(world.emulator.book.count('poll')).toBe(polls);
    expect(await world.events('callback-refused')).toHaveLength(1);
  });

  test('replayed to the address of another attempt', async () => {
    await start({
      emulator: {
        faults: [
          { on: 'create', at: [2], do: { kind: 'drop-answer' } },
          { on: 'callback', at: [2], do: { kind: 'never' } },
        ],
      },
    });
    const [first, second] = await world.ready(2);
    await world.create(first!);
    const lost = await world.create(second!);
    await world.reaches(first!.item, 'collecting');
    const [heard] = await world.messages();
    expect(await world.post((await world.attempt(lost)).token, heard!.body)).toBe(200);
    const rows = await world.heard(2);
    expect(rows[1]).toMatchObject({ state: 'quarantined', reason: 'it names the task of another attempt' });
    expect((await world.attempt(lost)).state).toBe('uncertain');
  });

  test('well sealed, but naming a task of another video: the vendor is asked once', async () => {
    await start({ emulator: { faults: [LOST, { on: 'callback', do: { kind: 'never' } }] } });
    const [work, other] = await world.ready(2);
    const attempt = await world.create(work!);
    const stranger = await world.create(other!);
    // As if somebody else had made it: the ledger does not know it.
    const { id } = world.emulator.book.creates()[1]!;
    await world.ledger.write((tx) => tx.deleteFrom('tasks').where('attempt', '=', stranger).execute());
    const polls = world.emulator.book.count('poll');
    for (let n = 0; n < 20; n += 1) await world.say(attempt, { _id: id, status: 3 }, SECRETS, String(n));
    await world.until(async () => ((await world.messages()).some((row) => row.state === 'quarantined') ? true : null));
    for (let n = 0; n < 10; n += 1) await world.tick();
    expect(world.emulator.book.count('poll') - polls).toBe(1);
    expect((await world.messages())[0]!.reason).toContain('another video');
    expect((await world.attempt(attempt)).state).toBe('uncertain');
    await world.ledger.write((tx) =>
      tx
        .insertInto('tasks')
        .values({
          account: world.account,
          id,
          attempt: stranger,
          batch: other!.candidate.batch,
          lane: 0,
          item: other!.item,
          state: 'open',
          vendor_status: 1,
          created_at: 0,
          next_poll_at: Number.MAX_SAFE_INTEGER,
          polls: 0,
          not_yet_ms: 0,
          held: null,
          orphan: 0,
        })
        .execute(),
    );
  });

  test('an id that the vendor does not know stays unbound', async () => {
    await start({ emulator: { faults: [LOST, { on: 'callback', do: { kind: 'never' } }] } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    await world.say(attempt, { _id: 'f'.repeat(24), status: 3 });
    for (let look = 0; look < 6; look += 1) {
      await world.until(async () => {
        const [row] = await world.messages();
        return row!.tries > look || row!.state === 'quarantined' ? true : null;
      });
      world.clock.aheadMs += 400_000;
    }
    expect((await world.messages())[0]).toMatchObject({ state: 'quarantined' });
    expect((await world.attempt(attempt)).state).toBe('uncertain');
  });
});

describe('late', () => {
  test('by days, for an attempt a person has called not created: its task is followed, its charge booked', async () => {
    await start({ emulator: { faults: [LOST, { on: 'callback', do: { kind: 'never' } }] } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    const at = { batch: work!.candidate.batch, account: world.account, item: 'x', attempt };
    await world.ledger.write((tx, nowMs) => settleByHand(tx, at, 'not-created', 'ann', nowMs));
    expect((await world.item(work!.item)).state).toBe('failed');
    world.clock.aheadMs += 3 * 86_400_000;
    await world.say(attempt, { _id: world.emulator.book.creates()[0]!.id, status: 3 });
    await world.reaches(work!.item, 'collecting');
    expect((await world.attempt(attempt)).state).toBe('abandoned');
    const orphan = await world.ledger.db.selectFrom('tasks').selectAll().executeTakeFirstOrThrow();
    expect(orphan).toMatchObject({ orphan: 1, state: 'done', charged: 15 });
    const batch = await world.ledger.db.selectFrom('batches').selectAll().executeTakeFirstOrThrow();
    expect(batch).toMatchObject({ charged: 15, committed: 15 });
  });

  test('before it is paid again: nothing is paid again', async () => {
    await start({ emulator: { faults: [LOST, { on: 'callback', do: { kind: 'never' } }] } });
    const [work] = await world.ready(1);
    const attempt = await world.create(work!);
    const at = { batch: work!.candidate.batch, account: world.account, item: 'x', attempt };
    await world.ledger.write((tx, nowMs) => settleByHand(tx, at, 'pay-again', 'ann', nowMs));
    expect((await world.item(work!.item)).state).toBe('ready');
    await world.say(attempt, { _id: world.emulator.book.creates()[0]!.id, status: 3 });
    await world.reaches(work!.item, 'collecting');
    expect(world.emulator.book.creates()).toHaveLength(1);
  });
});

/** The messages of vendor.md 6.3: secrets of 24 and 32 bytes, client ids of 16 and 24 characters. */
const VECTORS = [
  {
    clientId: 'dGVzdC1jbGllbnQtaWQtMDE=',
    clientSecret: 'unit-test-secret-0123456789abcde',
    dataEncrypt:
      'DLHS+N+ijmLDrxdzYOpGf7trX+Uej8MllTcHrR6v8iiZkBjSRteszEHdBjHhsvdUQtbJ0j2YDhyDfVlC/I1Ww/YAPOIIbh9NepWg7TXVG+gaD9/a0j0ssspXgCpudmYn1fjDroTuQmZ4gBYpkxT5vbREDDV5m8myrOHvwP5FKO8=',
    signature: '586a0579f4e812e3a79b7b86c28938359a0fff3e',
  },
  {
    clientId: 'test-client-id16',
    clientSecret: 'unit-test-secret-24bytes',
    dataEncrypt:
      'Iw0yHwaetNKQ6d66lj/EumgUzm02vRqfaLkkYPVDXEuaVyXt/ns19KuHPB/sQ1Kmykem42GlFFFJqW1Dre/zP2MsZSrAlsNnINudMcerzpCZr/fbjJ9FCaVXCyfjj3Vhvnjk7GAzYiua1UY7s3uXJYrIzW3uFGBmSHqEd3+be9s=',
    signature: 'a1e27c84f3be8861999e3fe26a7dbe2918481834',
  },
];
test.each(VECTORS)('the vector of $clientId is received and read', async ({ dataEncrypt, signature, ...secrets }) => {
  await start({ secrets, emulator: { faults: [LOST, { on: 'callback', do: { kind: 'never' } }] } });
  const [work] = await world.ready(1);
  const attempt = await world.create(work!);
  // The nonce as text and as a number: the vendor's page has both.
  for (const nonce of ['9047', 9047]) {
    const body = JSON.stringify({ signature, dataEncrypt, timestamp: 1_757_785_623_798, nonce });
    expect(await world.post((await world.attempt(attempt)).token, body)).toBe(200);
  }
  await world.until(async () => ((await world.messages()).every((row) => row.task_id !== null) ? true : null));
  expect((await world.messages()).map(({ task_id, status }) => [task_id, status])).toEqual([
    ['6a066dc58570ecbf64f761a5', 3],
    ['6a066dc58570ecbf64f761a5', 3],
  ]);
});
