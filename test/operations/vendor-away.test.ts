import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator } from '../../emulator/start.ts';
import { findFreePort } from '../../engine/free-port.ts';
import { openContext } from '../../operations/context.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { readStatus } from '../../operations/status.ts';
import { following, makePlace, refusal, sheet } from './operations-harness.ts';

// Exit 8 for a vendor that is away before the first write (contract section 4): 30 s, scaled here to a few.

async function placeAt(port: number) {
  const place = await makePlace();
  place.write('b.csv', sheet(2));
  const flags = place.options({}, { AKOOL_BASE_URL: `http://127.0.0.1:${port}` });
  const ctx = await openContext({ ...flags, vendorPatienceMs: 5_000 });
  onTestFinished(() => ctx.close());
  return ctx;
}

test('a vendor that is not reached is asked again and again, and then it is exit 8 with nothing entered', async () => {
  let asked = 0;
  const deaf: Server = createServer((socket) => {
    asked += 1;
    socket.destroy();
  });
  const port = await findFreePort();
  deaf.listen(port, '127.0.0.1');
  await once(deaf, 'listening');
  onTestFinished(() => void deaf.close());
  const ctx = await placeAt(port);
  const plan = await planBatch(ctx, { file: 'b.csv' });
  expect(await refusal(runBatch(ctx, plan, following()))).toMatchObject({
    exit: 8,
    code: 'N101',
    message: expect.stringMatching(/was not reached for 5 s .*nothing was started/u) as string,
    charged: 'Nothing was charged.',
  });
  expect(asked).toBeGreaterThanOrEqual(2);
  expect((await readStatus(ctx, {})).batches).toEqual([]);
}, 60_000);

test('one that comes back in time is waited for', async () => {
  const port = await findFreePort();
  const ctx = await placeAt(port);
  const plan = await planBatch(ctx, { file: 'b.csv' });
  const running = runBatch(ctx, plan, following());
  await new Promise((later) => setTimeout(later, 1_000));
  const emulator = await startEmulator({ port, analysisMs: 50, taskMs: 100 });
  onTestFinished(() => emulator.close());
  expect(await running).toMatchObject({ exit: 0, totals: { done: 2 } });
}, 60_000);
