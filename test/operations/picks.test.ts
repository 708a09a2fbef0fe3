import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../operations/context.ts';
import { exportPicks } from '../../operations/picks-export.ts';
import { applyPicks, planPicks } from '../../operations/picks.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
import { planResume } from '../../operations/resume.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { following, makePlace, refusal } from './operations-harness.ts';

const FACES = `face,image,consent,until
ana,https://media.example.com/faces/ana.jpg,C-1,
bo,https://media.example.com/faces/bo.jpg,,
`;

function mixed(ready: number, picks: number): string {
  const row = (id: string, rule: string) => `${id},https://media.example.com/plates/${id}.mp4,${rule}`;
  return [
    'id,video,swap',
    ...Array.from({ length: ready }, (_, n) => row(`go${n}`, 'ana')),
    ...Array.from({ length: picks }, (_, n) => row(`see${n}`, 'pick')),
    '',
  ].join('\n');
}

/** Fills the column face of the exported file, as a person would. */
function fill(path: string, face: (id: string, person: string) => string): string {
  const [head = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\r\n');
  const filled = lines.map((line) => {
    const cells = line.split(',');
    cells[4] = face(cells[0] ?? '', cells[1] ?? '');
    return cells.join(',');
  });
  writeFileSync(path, [head, ...filled, ''].join('\r\n'));
  return path;
}

async function run(ctx: Context) {
  return runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following());
}

describe('picks', () => {
  test('what needs no choice is done; choices run what is decided, the rest waits on; later runs keep them', async () => {
    const place = await makePlace();
    place.write('faces.csv', FACES);
    place.write('b.csv', mixed(8, 4));
    const ctx = await place.open();
    expect(await run(ctx)).toMatchObject({ exit: 9, state: 'waiting', totals: { done: 8, waiting: 4 } });
    expect(place.emulator.book.creates()).toHaveLength(8);

    const sheet = await exportPicks(ctx, 'b', { out: null });
    expect(sheet).toMatchObject({ items: 4, analysing: [] });
    expect(readFileSync(sheet.sheet, 'utf8')).toContain('see3');
    fill(sheet.file, (id) => (id === 'see3' ? '' : id === 'see0' ? 'BO' : 'ana'));
    const plan = await planPicks(ctx, { batch: 'b' });
    expect(plan).toMatchObject({
      counts: { apply: 3, open: 1, refused: 0 },
      waiting: 1,
      spends: true,
      credits: { high: 45 },
    });
    expect(await refusal(applyPicks(ctx, plan, { ...following(), yes: false }))).toMatchObject({ exit: 2 });
    expect(place.emulator.book.creates()).toHaveLength(8);
    expect(await applyPicks(ctx, plan, following())).toMatchObject({ exit: 9, totals: { done: 11, waiting: 1 } });
    expect(place.emulator.book.creates()).toHaveLength(11);
    const report = await readReport(ctx, 'b');
    expect(report.items.find(({ id }) => id === 'see0')).toMatchObject({ state: 'done', mappings: [{ face: 'bo' }] });
    expect(report.events.filter(({ type, by }) => type === 'picked' && by === 'mira')).toHaveLength(3);

    // The same file once more pays for nothing.
    const again = await planPicks(ctx, { batch: 'b' });
    expect(again).toMatchObject({ counts: { apply: 0, same: 3, open: 1, refused: 0 }, spends: false });
    expect(await applyPicks(ctx, again, following())).toMatchObject({ exit: 9 });
    // Another choice for what is paid is no accident's business.
    fill(sheet.file, () => 'bo');
    expect((await planPicks(ctx, { batch: 'b' })).counts).toMatchObject({ apply: 1, same: 1, refused: 2 });

    // Later runs of the sheet: nothing to do; a changed row keeps its choice, and its cost is in the plan.
    expect((await planBatch(ctx, { file: 'b.csv' })).counts).toMatchObject({ done: 11, pick: 1, run: 0, repay: 0 });
    place.write(
      'b.csv',
      mixed(8, 4)
        .replace('id,video,swap', 'id,video,swap,resolution')
        .replaceAll(/(,ana|,pick)$/gmu, (rule) => `${rule},${rule === ',pick' ? '480p' : '720p'}`),
    );
    const changed = await planBatch(ctx, { file: 'b.csv' });
    expect(changed.counts).toMatchObject({ done: 8, repay: 3, pick: 1 });
    expect(changed.credits.high).toBe(18);
    expect(await runBatch(ctx, changed, following())).toMatchObject({ exit: 9, totals: { done: 11, waiting: 1 } });
    expect(place.emulator.book.creates()).toHaveLength(14);
    expect((await planResume(ctx, { batch: 'b' })).items.find(({ id }) => id === 'see3')?.why).toContain(
      'picks export',
    );
  }, 90_000);

  test('stale, strange and unfinished rows are refused one by one, with the reason; the rest goes on', async () => {
    const place = await makePlace({ config: 'require: [consent]\n' });
    place.write('faces.csv', FACES);
    place.write('b.csv', mixed(1, 5));
    const ctx = await place.open();
    expect(await run(ctx)).toMatchObject({ exit: 9, totals: { done: 1, waiting: 5 } });
    const { file } = await exportPicks(ctx, 'b', { out: 'sheet' });
    fill(file, (id) => ({ see0: 'ana', see1: 'anna', see2: 'ana', see3: 'bo', see4: 'keep' })[id] ?? '');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text.replace(/(see2,.*),[^,\r]*\r/u, '$1,0000\r')}nobody,0,,,ana,k\r\nsee0,x,,,ana,k\r\n`);
    const plan = await planPicks(ctx, { batch: 'b', file: 'sheet/picks.csv' });
    const why = (id: string) => plan.items.find((item) => item.id === id);
    expect(why('see0')).toMatchObject({ action: 'apply' });
    expect(why('see1')).toMatchObject({
      action: 'refused',
      why: expect.stringContaining('did you mean "ana"') as string,
    });
    expect(why('see2')).toMatchObject({ action: 'refused', why: expect.stringContaining('analysis 0000') as string });
    expect(why('see3')).toMatchObject({ action: 'refused', why: expect.stringContaining('no consent') as string });
    expect(why('see4')).toMatchObject({ action: 'apply', credits: 0 });
    expect(why('nobody')).toMatchObject({ action: 'refused' });
    expect(plan.counts).toMatchObject({ apply: 2, refused: 5 });
    expect(await applyPicks(ctx, plan, following())).toMatchObject({
      exit: 9,
      totals: { done: 2, skipped: 1, waiting: 3 },
    });
    place.write('none.csv', 'a,b\n1,2\n');
    expect(await refusal(planPicks(ctx, { batch: 'b', file: 'none.csv' }))).toMatchObject({ exit: 3 });
    // Rows without a consent are refused at validate as well.
    place.write('c.csv', 'id,video,swap\ns1,https://media.example.com/plates/s1.mp4,bo\n');
    expect(await refusal(planBatch(ctx, { file: 'c.csv' }))).toMatchObject({ exit: 3, code: 'M126' });
  }, 90_000);

  test('choices are taken in while the batch still runs', async () => {
    const place = await makePlace({ emulator: { faults: [{ on: 'create', do: { kind: 'stall' } }] } });
    place.write('faces.csv', FACES);
    place.write('b.csv', mixed(12, 4));
    const [one, two] = [await place.open(), await place.open({}, { HEADSWAP_OPERATOR: 'noor' })];
    const first = run(one);
    const ledger = await one.ledger();
    const waiting = async () =>
      (await ledger.db.selectFrom('items').select('id').where('state', '=', 'needs-pick').execute()).length;
    await expect.poll(waiting, { timeout: 20_000 }).toBe(4);
    const { file } = await exportPicks(two, 'b', { out: null });
    fill(file, (id) => (id === 'see0' ? '' : 'ana'));
    const applying = applyPicks(two, await planPicks(two, { batch: 'b' }), following());
    // Ten places: the first tasks end to make room, and all are there before the last ends.
    const { book, control } = place.emulator;
    const finished = new Set<string>();
    const finish = (keep: number) => {
      for (const { id } of book.creates().slice(0, book.creates().length - keep)) {
        if (finished.has(id)) continue;
        finished.add(id);
        control.finish(id);
      }
      return book.creates().length;
    };
    await expect.poll(() => finish(1), { timeout: 30_000 }).toBe(15);
    finish(0);
    const second = await applying;
    expect(second).toMatchObject({ exit: 9, totals: { done: 15, waiting: 1 } });
    expect(await first).toMatchObject({ exit: 9, totals: { done: 15, waiting: 1 } });
    expect((await readReport(one, 'b')).batch.rounds).toBe(1);
    expect(place.emulator.book.doublePaid()).toEqual([]);
    expect(place.emulator.book.creates()).toHaveLength(15);
  }, 90_000);

  test('of 200 items 40 wait for a choice: 160 are done meanwhile; 30 choices, 15 of them while it runs, leave 10', async () => {
    const place = await makePlace({ emulator: { analysisMs: 50, taskMs: 50 } });
    const config = readFileSync(join(place.dir, 'headswap.yaml'), 'utf8');
    place.write(
      'headswap.yaml',
      config.replaceAll('per_second: 20', 'per_second: 200').replaceAll(/(open_\w+): 10/gu, '$1: 60'),
    );
    place.write('faces.csv', FACES);
    place.write('b.csv', mixed(160, 40));
    const [one, two] = [await place.open(), await place.open({}, { HEADSWAP_OPERATOR: 'noor' })];
    const { book, control } = place.emulator;
    expect(await run(one)).toMatchObject({ exit: 9, state: 'waiting', totals: { items: 200, done: 160, waiting: 40 } });
    expect(book.creates()).toHaveLength(160);

    const { file } = await exportPicks(one, 'b', { out: null });
    const decide = async (ctx: Context, from: number, to: number) => {
      fill(file, (id) => (Number(id.slice(3)) >= from && Number(id.slice(3)) < to ? 'ana' : ''));
      return applyPicks(ctx, await planPicks(ctx, { batch: 'b' }), following());
    };
    // The tasks of the first choices do not end before the second ones are in.
    control.addFaults({ on: 'create', do: { kind: 'stall' } });
    const first = decide(one, 0, 15);
    await expect.poll(() => book.creates().length, { timeout: 30_000 }).toBe(175);
    const second = decide(two, 15, 30);
    await expect.poll(() => book.creates().length, { timeout: 30_000 }).toBe(190);
    for (const { id } of book.creates().slice(160)) control.finish(id);
    for (const end of await Promise.all([first, second]))
      expect(end).toMatchObject({ exit: 9, state: 'waiting', totals: { done: 190, waiting: 10 } });
    expect(book.creates()).toHaveLength(190);
    expect(book.doublePaid()).toEqual([]);
    const { events, batch } = await readReport(one, 'b');
    const by = events.filter(({ type }) => type === 'picked').map((event) => event.by);
    expect([by.filter((who) => who === 'mira').length, by.filter((who) => who === 'noor').length]).toEqual([15, 15]);
    // The round that the first of them opened is the one that the second choices came into.
    expect(batch.rounds).toBe(2);
  }, 120_000);
});
