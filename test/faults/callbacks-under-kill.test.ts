import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultAction } from '../../emulator/fault-plan.ts';
import { HONEST } from '../fleet/audit.ts';
import { Fleet, type TestRow } from '../fleet/fleet-harness.ts';
import { hostCallbacks } from './callback-host.ts';
import { WorkerChild } from './worker-child.ts';

// Fault rows 5, 6, 32, 33 and 34 with a receiver of callbacks, a real Temporal server and real SIGKILLs: a create whose answer
// nobody heard is bound by the token in its callback; one that never reached the vendor is held.

/** A worker takes this long to start, at least: a task that lasts as long ends when somebody can act on it. */
const TASK_MS = 1_500;

describe('callbacks settle what a killed worker was sending', () => {
  let fleet: Fleet;
  let host: Awaited<ReturnType<typeof hostCallbacks>>;
  let worker: WorkerChild;
  const start = () => WorkerChild.start(fleet, { callbackBase: host.url });
  beforeAll(async () => {
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: TASK_MS, callbacks: { retryMs: [200, 500, 1_000, 2_000] } },
      requestTimeoutMs: 3_000,
      uncertain: { waitMs: 30_000, afterwards: 'hold', maxPayAgain: 0 },
    });
    host = await hostCallbacks(fleet.ledger);
    worker = await start();
  }, 60_000);
  afterAll(async () => {
    await worker.end();
    await host.close();
    await fleet.stop();
  });

  const fault = (video: string, what: FaultAction) =>
    fleet.emulator.control.addFaults({ on: 'create', match: video, do: what });
  const created = (video: string) =>
    fleet.emulator.book.creates().filter(({ body }) => body.video_url.endsWith(`/${video}`));
  const settledLate = (batch: string) =>
    fleet.ledger.db
      .selectFrom('events')
      .select(['item', 'by_whom'])
      .where('batch', '=', batch)
      .where('type', '=', 'settled-late')
      .execute();

  it('row 5: killed after the bytes of a create were sent, before its answer', async () => {
    fault('five.mp4', { kind: 'slow', delayMs: 20_000 });
    await fleet.submit('five', [{ id: 'a', video: 'five.mp4' }]);
    await fleet.until(() => Promise.resolve(created('five.mp4').length === 1), 60_000);
    await worker.kill();
    worker = await start();
    expect(await fleet.ended('five', 60_000)).toBe('finished');
    expect(created('five.mp4')).toHaveLength(1);
    expect(await fleet.item('five', 'a')).toMatchObject({ state: 'done', charged: 15 });
    expect(await settledLate('five')).toEqual([{ item: 'a', by_whom: 'callback' }]);
  }, 150_000);

  it('row 6: killed after the answer, before its task id was written down', async () => {
    worker.arm('after-answer', 'kill');
    await fleet.submit('six', [{ id: 'a', video: 'six.mp4' }]);
    expect(await worker.ended(60_000)).toBe(true);
    worker = await start();
    expect(await fleet.ended('six', 60_000)).toBe('finished');
    expect(created('six.mp4')).toHaveLength(1);
    expect(await fleet.item('six', 'a')).toMatchObject({ state: 'done', charged: 15 });
  }, 150_000);

  it('rows 32 to 34: no answer, a connection reset after the vendor had it, and one reset before', async () => {
    const rows: readonly (TestRow & { readonly what: FaultAction })[] = [
      { id: 'hangs', video: 'hangs.mp4', what: { kind: 'drop-answer', cut: 'hang' } },
      { id: 'reset', video: 'reset.mp4', what: { kind: 'drop-answer', cut: 'reset' } },
      { id: 'never', video: 'never.mp4', what: { kind: 'drop-before', cut: 'reset' } },
    ];
    for (const { video, what } of rows) fault(video, what);
    await fleet.submit('lost', rows);
    const states = () => Promise.all(rows.map(async ({ id }) => (await fleet.item('lost', id)).state));
    await expect.poll(states, { timeout: 60_000 }).toEqual(['done', 'done', 'uncertain']);
    expect((await settledLate('lost')).map(({ by_whom }) => by_whom)).toEqual(['callback', 'callback']);
    expect(created('never.mp4')).toEqual([]);
    expect(fleet.emulator.book.creates()).toHaveLength(4);
    expect(await fleet.audit()).toMatchObject({ ...HONEST, creates: 4, charged: 60, booked: 60, uncertain: 1 });
  }, 150_000);
});
