import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cancelBatch } from '../../operations/cancel.ts';
import { pauseBatch } from '../../operations/pause.ts';
import { exportPicks } from '../../operations/picks-export.ts';
import { applyPicks, planPicks } from '../../operations/picks.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
import { planResume, resumeBatch } from '../../operations/resume.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { skipItems } from '../../operations/skip.ts';
import { following, makePlace, sheet } from './operations-harness.ts';

describe('two operators at once', () => {
  test('two resume: one works, the other attaches; one create for each item', async () => {
    const faults = [0, 1, 2].map(
      (n) => ({ on: 'create', match: `clip${n}.`, times: 1, do: { kind: 'fail', reason: 'no face' } }) as const,
    );
    const place = await makePlace({ emulator: { faults: [...faults], taskMs: 1_500 } });
    place.write('b.csv', sheet(5));
    const [mira, noor] = [await place.open(), await place.open({}, { HEADSWAP_OPERATOR: 'noor' })];
    const first = await runBatch(mira, await planBatch(mira, { file: 'b.csv' }), following());
    expect(first).toMatchObject({ exit: 6, totals: { done: 2, failed: 3 } });
    const plans = [await planResume(mira, { batch: 'b' }), await planResume(noor, { batch: 'b' })] as const;
    const both = await Promise.all([
      resumeBatch(mira, plans[0], following()),
      resumeBatch(noor, plans[1], following()),
    ]);
    for (const end of both) expect(end).toMatchObject({ exit: 0, totals: { done: 5 } });
    expect(place.emulator.book.creates()).toHaveLength(8);
    expect(place.emulator.book.doublePaid()).toEqual([]);
    const { events } = await readReport(mira, 'b');
    // Each of the three was taken up once, by whoever was first.
    expect(events.filter(({ type }) => type === 'retried')).toHaveLength(3);
  }, 60_000);

  test('two picks apply of one file: decided once, one create for each item', async () => {
    const place = await makePlace({ emulator: { taskMs: 1_500 } });
    place.write('faces.csv', 'face,image\nana,https://media.example.com/faces/ana.jpg\n');
    const rows = ['s1', 's2', 's3'].map((id) => `${id},https://media.example.com/plates/${id}.mp4,pick`);
    place.write('b.csv', ['id,video,swap', ...rows, ''].join('\n'));
    const [mira, noor] = [await place.open(), await place.open({}, { HEADSWAP_OPERATOR: 'noor' })];
    const first = await runBatch(mira, await planBatch(mira, { file: 'b.csv' }), following());
    expect(first).toMatchObject({ exit: 9, totals: { waiting: 3 } });
    const { file } = await exportPicks(mira, 'b', { out: null });
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/,,(k?\w+)\r/gu, ',ana,$1\r'));
    const plans = [await planPicks(mira, { batch: 'b' }), await planPicks(noor, { batch: 'b' })] as const;
    expect(plans.map(({ counts }) => counts.apply)).toEqual([3, 3]);
    const both = await Promise.all([applyPicks(mira, plans[0], following()), applyPicks(noor, plans[1], following())]);
    for (const end of both) expect(end).toMatchObject({ exit: 0, totals: { done: 3 } });
    expect(place.emulator.book.creates()).toHaveLength(3);
    const { events } = await readReport(mira, 'b');
    expect(events.filter(({ type }) => type === 'picked')).toHaveLength(3);
  }, 60_000);

  test('pause, skip and cancel done twice are done once, and say who, when and why', async () => {
    const place = await makePlace({ emulator: { taskMs: 4_000 } });
    place.write('b.csv', sheet(14));
    const [mira, noor] = [await place.open(), await place.open({}, { HEADSWAP_OPERATOR: 'noor' })];
    const running = runBatch(mira, await planBatch(mira, { file: 'b.csv' }), following());
    const ledger = await mira.ledger();
    const sent = () =>
      ledger.db.selectFrom('items').select('id').where('state', 'in', ['queued', 'processing']).execute();
    await expect.poll(async () => (await sent()).length, { timeout: 20_000 }).toBe(10);
    const why = { reason: 'lunch' };
    await Promise.all([pauseBatch(mira, 'b', why), pauseBatch(noor, 'b', why)]);
    await Promise.all([skipItems(mira, 'b', ['sh013'], why), skipItems(noor, 'b', ['sh013'], why)]);
    await Promise.all([
      cancelBatch(mira, 'b', { ...why, notStarted: false }),
      cancelBatch(noor, 'b', { ...why, notStarted: false }),
    ]);
    // What was sent is collected; nothing else was created.
    expect(await running).toMatchObject({ totals: { done: 10, skipped: 1, cancelled: 3 } });
    expect(place.emulator.book.creates()).toHaveLength(10);
    const { events } = await readReport(noor, 'b');
    for (const type of ['paused', 'skipped'])
      expect(events.filter((event) => event.type === type)).toMatchObject([
        { by: expect.stringMatching(/^(mira|noor)$/u) as string, detail: expect.stringContaining('lunch') as string },
      ]);
    expect(events.some(({ type, detail }) => type === 'cancelled' && detail.includes('lunch'))).toBe(true);
  }, 60_000);
});
