import { afterEach, expect, test } from 'vitest';
import { attachItem } from '../../ledger/resolve-item.ts';
import { FACE } from '../emulator/fleet-of-one.ts';
import { readyBatch } from '../ledger/ledger-world.ts';
import { CallbackWorld } from './callback-world.ts';

const DAY = 86_400_000;
let world: CallbackWorld;
afterEach(() => world?.stop());

const today = () => new Date(Date.now()).toISOString().slice(0, 10);
/** Every item's face has a consent until the given day. */
const consented = (consent: string | null, until: string | null) => {
  const mappings = JSON.stringify([{ objId: 0, face: 'ana', url: FACE, consent, until }]);
  return world.ledger.write((tx) => tx.updateTable('items').set({ mappings }).execute());
};

test('a consent that ran out between planning and sending ends the item, and nothing is charged', async () => {
  world = await CallbackWorld.start({ require: ['consent'] });
  const [first, second] = await world.ready(2);
  await consented('C-1', today());
  await world.create(first!);
  expect((await world.item(first!.item)).state).toBe('queued');
  // Its last day is over.
  world.clock.aheadMs = DAY;
  const attempt = await world.create(second!);
  expect(await world.item(second!.item)).toMatchObject({
    state: 'failed',
    reason_code: 'M127',
    reason_message: expect.stringMatching(/^the consent C-1 for "ana" ended on .*; no task was created$/u) as string,
    charged: 0,
  });
  expect(await world.attempt(attempt)).toMatchObject({ state: 'refused', code: 'M127', charged: 0, sent_at: null });
  expect(world.emulator.book.creates()).toHaveLength(1);
  expect((await world.audit()).counters).toEqual([]);
});

test('without a consent on record nothing is created either, once it is required', async () => {
  world = await CallbackWorld.start({ require: ['consent'] });
  const [one] = await world.ready(1);
  await consented(null, null);
  await world.create(one!);
  expect(await world.item(one!.item)).toMatchObject({ state: 'failed', reason_code: 'M126' });
  expect(world.emulator.book.creates()).toHaveLength(0);
});

test('an item of another batch that followed it claims for itself', async () => {
  world = await CallbackWorld.start({ require: ['consent'] });
  const [one] = await world.ready(1);
  const other = await readyBatch(world.ledger, world.account, 1);
  const follower = other.work[0]!.item;
  await consented('C-1', '2020-01-01');
  const { ledger } = world;
  // It attaches in the moment between the claim and the send.
  Object.assign(world.deps, {
    at: async (point: string) => {
      if (point !== 'after-reserve') return;
      const { id } = await ledger.db.selectFrom('attempts').select('id').executeTakeFirstOrThrow();
      await ledger.write((tx, nowMs) => attachItem(tx, follower, id, nowMs));
    },
  });
  await world.create(one!);
  expect((await world.item(one!.item)).state).toBe('failed');
  expect(await world.item(follower)).toMatchObject({ state: 'ready', attempt: null });
  expect((await world.audit()).counters).toEqual([]);
});

test('where no consent is required none is looked at', async () => {
  world = await CallbackWorld.start();
  const [one] = await world.ready(1);
  await consented(null, '2020-01-01');
  await world.create(one!);
  expect((await world.item(one!.item)).state).toBe('queued');
});
