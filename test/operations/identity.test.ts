import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fetchOutputs, planFetch } from '../../operations/fetch-outputs.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { startUp } from '../../operations/up.ts';
import { following, makePlace, refusal, sheet } from './operations-harness.ts';

describe('what is the same work', () => {
  test('is reused in another batch, paid again when its output is gone or its row changed, and collected again for nothing', async () => {
    const place = await makePlace();
    place.write('one.csv', sheet(3));
    const ctx = await place.open();
    await runBatch(ctx, await planBatch(ctx, { file: 'one.csv' }), following());
    const book = place.emulator.book;
    expect(book.creates()).toHaveLength(3);

    // The same sheet under another name: links, no tasks.
    place.write('two.csv', sheet(3));
    const reuse = await planBatch(ctx, { file: 'two.csv' });
    expect(reuse).toMatchObject({ counts: { reuse: 3, run: 0 }, spends: false, credits: { high: 0 } });
    expect(await runBatch(ctx, reuse, following())).toMatchObject({
      exit: 0,
      totals: { done: 3 },
      credits: { charged: 0 },
    });
    expect(book.creates()).toHaveLength(3);
    expect((await readReport(ctx, 'two')).items.map((item) => item.reused_from)).toEqual([
      'one/sh000',
      'one/sh001',
      'one/sh002',
    ]);

    // A file that is gone is collected again while its link lives; that costs nothing.
    rmSync(join(place.dir, 'out', 'one', 'sh000.mp4'));
    const missing = await planFetch(ctx, 'one', { verify: false });
    expect(missing).toEqual({ batch: 'one', missing: ['sh000'], changed: [], intact: 2 });
    expect(await fetchOutputs(ctx, missing, following())).toMatchObject({ exit: 0, totals: { done: 3 } });
    expect(await planFetch(ctx, 'one', { verify: true })).toMatchObject({ missing: [], changed: [], intact: 3 });
    place.write('out/one/sh001.mp4', 'not a film');
    expect(await planFetch(ctx, 'one', { verify: true })).toMatchObject({ changed: ['sh001'], intact: 2 });

    // All copies gone: the plan says what that means.
    rmSync(join(place.dir, 'out', 'one', 'sh002.mp4'));
    rmSync(join(place.dir, 'out', 'two', 'sh002.mp4'));
    place.write('three.csv', sheet(3));
    const gone = await planBatch(ctx, { file: 'three.csv' });
    expect(gone.items.find((item) => item.id === 'sh002')).toMatchObject({
      action: 'repay',
      why: 'output gone, will be paid again',
      credits: 15,
    });
    expect(await runBatch(ctx, gone, following())).toMatchObject({
      exit: 0,
      totals: { done: 3 },
      credits: { charged: 15 },
    });
    expect(book.creates()).toHaveLength(4);
  }, 90_000);

  test('changed, added, vanished and bad rows', async () => {
    const place = await makePlace();
    place.write('b.csv', sheet(3));
    const ctx = await place.open();
    await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following());
    const lines = sheet(3).trim().split('\n');
    const changed = lines[2]?.replace('/f0.jpg', '/other.jpg') ?? '';
    place.write(
      'b.csv',
      `${[lines[0], lines[1], changed].join('\n')}\nnew1,https://media.example.com/plates/new1.mp4,https://media.example.com/faces/f0.jpg\nbad1,https://media.example.com/plates/x.mp4,nobody\n`,
    );
    expect(await refusal(planBatch(ctx, { file: 'b.csv' }))).toMatchObject({ exit: 3, problems: [{ code: 'M112' }] });
    const plan = await planBatch(ctx, { file: 'b.csv', skipBadRows: true });
    expect(Object.fromEntries(plan.items.map((item) => [item.id, item.action]))).toEqual({
      sh000: 'done',
      sh001: 'repay',
      new1: 'run',
      bad1: 'bad',
      sh002: 'done',
    });
    expect(plan.credits.high).toBe(30);
    const result = await runBatch(ctx, plan, following());
    expect(result).toMatchObject({ exit: 6, totals: { items: 5, done: 4, failed: 1 } });
    const report = await readReport(ctx, 'b');
    expect(report.items.find((item) => item.id === 'sh001')?.output?.file).toBe('b/sh001.v2.mp4');
    expect(report.checks).toEqual({ lost: 0, paid_twice: 0, paid_again_on_request: 1 });
    expect(report.items.find((item) => item.id === 'bad1')?.reason).toMatchObject({ code: 'M112', charged: 0 });

    // Corrected under the same id, run takes it up.
    place.write(
      'b.csv',
      sheet(1, 1, 'bad1,https://media.example.com/plates/x.mp4,https://media.example.com/faces/f0.jpg\n'),
    );
    const corrected = await planBatch(ctx, { file: 'b.csv' });
    expect(corrected.items.find((item) => item.id === 'bad1')).toMatchObject({ action: 'run', why: 'corrected' });
    expect(await runBatch(ctx, corrected, following())).toMatchObject({ exit: 0 });
  }, 90_000);

  test('changed and changed back, a row takes up the output that was paid for it', async () => {
    const place = await makePlace();
    const row = (face: string) =>
      `id,video,swap\nsh1,https://media.example.com/plates/a.mp4,https://media.example.com/faces/${face}.jpg\n`;
    const ctx = await place.open();
    const up = await startUp(ctx);
    try {
      const next = async (face: string) => {
        place.write('b.csv', row(face));
        const plan = await planBatch(ctx, { file: 'b.csv' });
        return { plan, end: await runBatch(ctx, plan, following()) };
      };
      await next('a');
      const first = await readReport(ctx, 'b');
      expect((await next('b')).plan.counts).toMatchObject({ repay: 1 });
      const { plan, end } = await next('a');
      expect(plan).toMatchObject({ counts: { reuse: 1, repay: 0 }, spends: false, credits: { high: 0 } });
      expect(plan.items[0]?.why).toContain('the same work is done (b/sh1)');
      expect(end).toMatchObject({ exit: 0, totals: { done: 1 }, credits: { charged: 30 } });
      const again = await readReport(ctx, 'b');
      expect(again.items[0]?.output).toMatchObject({
        file: 'b/sh1.v3.mp4',
        sha256: first.items[0]?.output?.sha256,
      });
      expect(again.items[0]?.mappings).toEqual(first.items[0]?.mappings);
      // And forth: that is paid for as well.
      expect((await next('b')).plan.counts).toMatchObject({ reuse: 1 });
      expect(place.emulator.book.creates()).toHaveLength(2);
      // With its file gone it can only be paid again, and the plan says so.
      for (const name of ['sh1.mp4', 'sh1.v3.mp4']) rmSync(join(place.dir, 'out', 'b', name));
      place.write('b.csv', row('a'));
      expect((await planBatch(ctx, { file: 'b.csv' })).items[0]).toMatchObject({
        action: 'repay',
        why: 'output gone, will be paid again',
      });
    } finally {
      await up.stop();
    }
  }, 60_000);

  test('is confirmed by what was shown: file, path, account', async () => {
    const place = await makePlace({ config: '' });
    place.write('b.csv', sheet(2));
    const ctx = await place.open();
    const plan = await planBatch(ctx, { file: 'b.csv' });
    expect(plan.questions.map((question) => question.code)).toEqual(['new-ledger']);
    expect(await refusal(runBatch(ctx, plan, { ...following(), yes: false }))).toMatchObject({
      exit: 2,
      next: expect.stringContaining('--yes') as string,
    });
    place.write('b.csv', sheet(3));
    expect(await refusal(runBatch(ctx, plan, following()))).toMatchObject({
      exit: 11,
      message: expect.stringContaining('manifest changed') as string,
    });
    expect(place.emulator.book.creates()).toHaveLength(0);
    await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following());
    place.write('elsewhere/b.csv', sheet(3));
    const moved = await planBatch(ctx, { file: 'elsewhere/b.csv' });
    expect(moved.questions.map((question) => question.code)).toEqual(['manifest-path']);
    expect(await refusal(runBatch(ctx, moved, { ...following(), yes: false }))).toMatchObject({ exit: 11 });
    const rehearsal = await place.open({ account: 'emulator' });
    expect(rehearsal.stateDir).toBe(join(place.dir, '.headswap', 'emulator'));
    expect((await planBatch(rehearsal, { file: 'b.csv' })).counts).toMatchObject({ run: 3 });
  }, 60_000);
});
