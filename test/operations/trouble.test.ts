import { describe, expect, test } from 'vitest';
import { planBatch } from '../../operations/plan-batch.ts';
import { readUncertain, resolveUncertain } from '../../operations/resolve.ts';
import { planResume, resumeBatch } from '../../operations/resume.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { skipItems } from '../../operations/skip.ts';
import { readStatus } from '../../operations/status.ts';
import { following, makePlace, refusal, sheet } from './operations-harness.ts';

describe('trouble', () => {
  test('a failed task is not run again by run, and is by resume, which says what it costs', async () => {
    const place = await makePlace({
      emulator: { faults: [{ on: 'create', match: 'clip1', times: 1, do: { kind: 'fail', reason: 'no face' } }] },
    });
    place.write('b.csv', sheet(4));
    const ctx = await place.open();
    const first = await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following());
    expect(first).toMatchObject({ exit: 6, state: 'finished', totals: { done: 3, failed: 1 } });
    const again = await planBatch(ctx, { file: 'b.csv' });
    expect(again.counts).toMatchObject({ done: 3, ended: 1, run: 0, repay: 0 });
    expect(again.items.find((item) => item.action === 'ended')?.why).toMatch(/P105.*headswap resume/u);
    expect(await runBatch(ctx, again, following())).toMatchObject({ exit: 6 });
    expect(place.emulator.book.creates()).toHaveLength(4);
    const resume = await planResume(ctx, { batch: 'b' });
    expect(resume.counts).toEqual({ again: 1, goes_on: 0, no: 0, done: 3 });
    expect(resume.credits).toMatchObject({ high: 15 });
    expect(await resumeBatch(ctx, resume, following())).toMatchObject({ exit: 0, totals: { done: 4 } });
    expect(place.emulator.book.creates()).toHaveLength(5);
  }, 60_000);

  test('a lost answer is settled by the task id, and by nothing that does not fit', async () => {
    const place = await makePlace({
      emulator: { faults: [{ on: 'create', match: 'clip0', times: 1, do: { kind: 'drop-answer', cut: 'reset' } }] },
    });
    place.write('b.csv', sheet(3));
    const ctx = await place.open();
    const first = await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following());
    expect(first).toMatchObject({ exit: 5, state: 'waiting', totals: { done: 2, uncertain: 1 } });
    // The hold was never told; what it may cost is counted all the same, and the balance is the evidence.
    expect((await readStatus(ctx, { batch: 'b' })).batches[0]?.credits.held).toBe(15);
    expect(first.credits.unexplained).toBe(15);
    expect((await readStatus(ctx, { batch: 'b' })).batches[0]?.needs_you).toEqual([
      { kind: 'uncertain', count: 1, command: 'headswap resolve b sh000' },
    ]);
    expect(await refusal(skipItems(ctx, 'b', ['sh000'], { reason: null }))).toMatchObject({ exit: 5 });
    expect(await refusal(planResume(ctx, { batch: 'b', items: ['sh000'] }))).toMatchObject({
      exit: 5,
      next: expect.stringContaining('headswap resolve b sh000') as string,
    });
    expect(await refusal(resolveUncertain(ctx, 'b', 'sh000', { kind: 'not-created' }, { yes: true }))).toMatchObject({
      exit: 5,
      next: expect.stringContaining('allowed from') as string,
    });
    expect(await refusal(resolveUncertain(ctx, 'b', 'sh000', { kind: 'pay-again' }, { yes: false }))).toMatchObject({
      exit: 2,
    });
    expect((await readUncertain(ctx, 'b', 'sh000')).allowedNow).toBe(false);
    const tasks = place.emulator.book.creates();
    const other = tasks.find((task) => task.body.video_url.includes('clip1'))?.id ?? '';
    expect(
      await refusal(resolveUncertain(ctx, 'b', 'sh000', { kind: 'task-id', taskId: other }, { yes: true })),
    ).toMatchObject({ exit: 5, message: expect.stringContaining('another video') as string });
    expect(
      await refusal(
        resolveUncertain(ctx, 'b', 'sh000', { kind: 'task-id', taskId: '0123456789abcdef01234567' }, { yes: true }),
      ),
    ).toMatchObject({ exit: 5 });
    const mine = tasks.find((task) => task.body.video_url.includes('clip0'))?.id ?? '';
    expect(await resolveUncertain(ctx, 'b', 'sh000', { kind: 'task-id', taskId: mine }, { yes: true })).toMatchObject({
      state: 'queued',
      next: 'headswap resume b',
    });
    const plan = await planResume(ctx, { batch: 'b' });
    expect(plan).toMatchObject({ spends: false, counts: { goes_on: 1 } });
    const last = await resumeBatch(ctx, plan, following());
    expect(last).toMatchObject({ exit: 0, totals: { done: 3 }, credits: { charged: 45, unexplained: 0 } });
    expect(place.emulator.book.doublePaid()).toEqual([]);
  }, 60_000);

  test('a budget of 300 at 15 each: 20 of 40 done, 300 charged, exit 7; raising it to 600 finishes', async () => {
    const place = await makePlace();
    place.write('b.csv', sheet(40, 8));
    const ctx = await place.open();
    const held = await runBatch(ctx, await planBatch(ctx, { file: 'b.csv', budget: 300 }), following());
    expect(held).toMatchObject({ exit: 7, totals: { done: 20, waiting: 20 }, credits: { charged: 300, budget: 300 } });
    expect(place.emulator.book.charges().total).toBe(300);
    const unchanged = await planBatch(ctx, { file: 'b.csv' });
    expect(unchanged.budget).toBe(300);
    const plan = await planResume(ctx, { batch: 'b', budget: 600 });
    expect(plan.credits.high).toBe(300);
    expect(await resumeBatch(ctx, plan, following())).toMatchObject({
      exit: 0,
      totals: { done: 40 },
      credits: { charged: 600, budget: 600 },
    });
    expect(place.emulator.book.creates()).toHaveLength(40);
  }, 90_000);

  test('a refused key writes nothing; one refused later parks the batch, and the next resume probes first', async () => {
    const place = await makePlace({ emulator: { taskMs: 600 } });
    place.write('b.csv', sheet(8));
    const ctx = await place.open();
    const plan = await planBatch(ctx, { file: 'b.csv' });
    place.emulator.control.refuseKeys(1101);
    expect(await refusal(runBatch(ctx, plan, following()))).toMatchObject({ exit: 4, code: 'A101' });
    expect((await readStatus(ctx, {})).batches).toEqual([]);
    place.emulator.control.refuseKeys(null);
    const lines = following();
    const parked = await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), {
      ...lines,
      onLine: (line) => {
        if (line.type === 'item' && line.state === 'queued') place.emulator.control.refuseKeys(1101);
      },
    });
    expect(parked).toMatchObject({ exit: 4, state: 'waiting' });
    const resume = await planResume(ctx, { batch: 'b' });
    expect(await refusal(resumeBatch(ctx, resume, following()))).toMatchObject({ exit: 4 });
    place.emulator.control.refuseKeys(null);
    expect(await resumeBatch(ctx, await planResume(ctx, { batch: 'b' }), following())).toMatchObject({
      exit: 0,
      totals: { done: 8 },
    });
    expect(place.emulator.book.doublePaid()).toEqual([]);
    expect(place.emulator.book.creates()).toHaveLength(8);
  }, 90_000);
});
