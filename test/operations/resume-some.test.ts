import { expect, test } from 'vitest';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
import { planResume, resumeBatch, type ResumePlan } from '../../operations/resume.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { readStatus } from '../../operations/status.ts';
import { startUp } from '../../operations/up.ts';
import { following, makePlace, sheet } from './operations-harness.ts';

const actions = ({ items }: ResumePlan) => Object.fromEntries(items.map(({ id, action }) => [id, action]));

test('of a batch that is held, items resumed by name or state run alone; the others wait for a resume of theirs', async () => {
  const place = await makePlace({
    emulator: { faults: [{ on: 'create', at: [1], do: { kind: 'fail', reason: 'no face' } }] },
  });
  place.write('b.csv', sheet(6, 1));
  const ctx = await place.open();
  const creates = () => place.emulator.book.creates().length;
  const up = await startUp(await place.open());
  try {
    // Of one video, so in the order of the sheet. The first fails, and its credits come back: the budget is enough for two more.
    const held = await runBatch(ctx, await planBatch(ctx, { file: 'b.csv', budget: 30 }), following());
    expect(held).toMatchObject({ exit: 7, totals: { failed: 1, done: 2, waiting: 3 } });
    expect(creates()).toBe(3);

    const one = await planResume(ctx, { batch: 'b', items: ['sh004'], budget: 1_000 });
    expect(actions(one)).toEqual({
      sh000: 'no',
      sh001: 'no',
      sh002: 'no',
      sh003: 'no',
      sh004: 'goes-on',
      sh005: 'no',
    });
    expect(one.items.find(({ id }) => id === 'sh003')?.why).toContain('not named: stays held');
    expect(one.credits).toMatchObject({ high: 15 });
    const end = await resumeBatch(ctx, one, following());
    expect(end).toMatchObject({ state: 'stopped', exit: 9, totals: { done: 3, failed: 1, pending: 2 } });
    expect(creates()).toBe(4);
    expect((await readStatus(ctx, { batch: 'b' })).batches[0]?.gates).toMatchObject([
      { name: 'stopped', reason: expect.stringContaining('only some of its items') as string },
    ]);

    // What failed, and nothing of what waits.
    const failed = await planResume(ctx, { batch: 'b', only: ['failed'] });
    expect(failed.credits).toMatchObject({ high: 15 });
    expect(await resumeBatch(ctx, failed, following())).toMatchObject({
      state: 'stopped',
      totals: { done: 4, failed: 0, pending: 2 },
    });
    expect(creates()).toBe(5);

    const rest = await planResume(ctx, { batch: 'b' });
    expect(rest).toMatchObject({ counts: { goes_on: 2 }, credits: { high: 30 } });
    expect(await resumeBatch(ctx, rest, following())).toMatchObject({ exit: 0, totals: { done: 6 } });
    expect(creates()).toBe(7);
    expect((await readReport(ctx, 'b')).batch.rounds).toBe(4);

    // With nothing to take up there is no round to open.
    await resumeBatch(ctx, await planResume(ctx, { batch: 'b' }), following());
    expect((await readReport(ctx, 'b')).batch.rounds).toBe(4);
  } finally {
    await up.stop();
  }
}, 60_000);
