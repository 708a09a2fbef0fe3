import { describe, expect, test } from 'vitest';
import { sealCallback } from '../../akool/callback.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { findFreePort } from '../../engine/free-port.ts';
import type { Context } from '../../operations/context.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { startUp } from '../../operations/up.ts';
import type { StartOptions } from '../../emulator/start.ts';
import { until } from '../akool/expectations.ts';
import { following, makePlace, sheet } from '../operations/operations-harness.ts';

async function placeWithCallbacks(emulator: StartOptions, uncertain: string) {
  const port = await findFreePort();
  const place = await makePlace({
    emulator,
    account: `    prices: { 480p: 6, 720p: 15 }\n    client_id: ${DEFAULT_CLIENT_ID}\n    uncertain: ${uncertain}\n`,
    config: `web: { port: ${port}, public_url: "http://127.0.0.1:${port}/" }\n`,
  });
  return { place, receiver: `http://127.0.0.1:${port}` };
}

async function run(ctx: Context) {
  return runBatch(ctx, await planBatch(ctx, { file: 'spring.csv' }), following());
}

const item = async (ctx: Context, id: string) =>
  (await ctx.ledger()).db.selectFrom('items').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('run with public_url', () => {
  test('settles creates whose answers were lost by their callbacks, and pays nothing twice', async () => {
    const lost = { on: 'create', at: [2, 4], do: { kind: 'drop-answer' } } as const;
    const callbacks = { retryMs: [200, 1_000, 3_000] };
    const { place } = await placeWithCallbacks(
      { callbacks, faults: [{ ...lost, at: [2, 4] }] },
      '{ wait: 30m, then: hold }',
    );
    place.write('spring.csv', sheet(6));
    const ctx = await place.open();
    const result = await run(ctx);
    expect(result).toMatchObject({ exit: 0, state: 'finished', totals: { items: 6, done: 6 } });
    expect(result.credits).toMatchObject({ charged: 90, held: 0 });
    expect(place.emulator.book.creates()).toHaveLength(6);
    expect(place.emulator.book.doublePaid()).toEqual([]);
    expect(place.emulator.book.callbacks().every((sent) => sent.answered === 200)).toBe(true);
  }, 60_000);

  test('stays while the wait for a callback runs, ends with 5, and up adopts what comes late', async () => {
    const { place, receiver } = await placeWithCallbacks(
      {
        faults: [
          { on: 'create', at: [1], do: { kind: 'drop-answer' } },
          { on: 'callback', do: { kind: 'never' } },
        ],
      },
      '{ wait: 4s, then: hold }',
    );
    place.write('spring.csv', sheet(2));
    const ctx = await place.open();
    const result = await run(ctx);
    expect(result).toMatchObject({ exit: 5, state: 'waiting', totals: { done: 1, uncertain: 1 } });
    const ledger = await ctx.ledger();
    const attempt = await ledger.db
      .selectFrom('attempts')
      .selectAll()
      .where('state', '=', 'uncertain')
      .executeTakeFirstOrThrow();
    expect(attempt.awaiting).toBe(0);
    expect(attempt.uncertain_until! - attempt.uncertain_at!).toBeGreaterThanOrEqual(4_000);
    const ended = await ledger.db.selectFrom('events').select('at').where('type', '=', 'wait-ended').executeTakeFirst();
    expect(ended!.at).toBeGreaterThanOrEqual(attempt.uncertain_until!);

    const up = await startUp(ctx);
    expect(up.callbacks).toBe(receiver);
    const [task] = place.emulator.book.creates();
    const secrets = { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY };
    const body = JSON.stringify(sealCallback(secrets, { _id: task!.id, status: 3 }, { timestampMs: 1, nonce: '1' }));
    const answer = await fetch(`${receiver}/callback/${attempt.token}`, { method: 'POST', body });
    expect(answer.status).toBe(200);
    const key = (await ledger.db.selectFrom('items').select('id').where('key', '=', attempt.item).executeTakeFirst())!;
    await until(async () => ((await item(ctx, key.id)).state === 'done' ? true : null), { patienceMs: 30_000 });
    await until(
      async () => {
        const batch = await ledger.db.selectFrom('batches').selectAll().executeTakeFirstOrThrow();
        return batch.state === 'finished' ? true : null;
      },
      { patienceMs: 15_000 },
    );
    await up.stop();
    expect(place.emulator.book.creates()).toHaveLength(2);
  }, 120_000);

  test('a port that something else has is named before anything is paid', async () => {
    const { place, receiver } = await placeWithCallbacks({}, '{ wait: 4s }');
    const { createServer } = await import('node:http');
    const other = createServer((_, response) => response.end('{"ledger":"another"}'));
    await new Promise<void>((resolve) => other.listen(Number(new URL(receiver).port), '127.0.0.1', resolve));
    place.write('spring.csv', sheet(1));
    const ctx = await place.open();
    await expect(run(ctx)).rejects.toMatchObject({ exit: 2, message: expect.stringContaining('cannot listen') });
    expect(place.emulator.book.creates()).toEqual([]);
    await new Promise((resolve) => other.close(resolve));
  }, 60_000);
});
