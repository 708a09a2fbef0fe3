import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
import { planResume, resumeBatch } from '../../operations/resume.ts';
import { enterPlan } from '../../operations/run-batch.ts';
import { enterAccount } from '../../operations/take-up.ts';
import { following, makePlace } from './operations-harness.ts';

test('a consent that is required since the batch was planned is asked for before anything is created', async () => {
  const place = await makePlace();
  place.write(
    'faces.csv',
    'face,image,consent\nana,https://media.example.com/faces/ana.jpg,C-1\nbo,https://media.example.com/faces/bo.jpg,\n',
  );
  const rows = ['s1,https://media.example.com/plates/s1.mp4,ana', 's2,https://media.example.com/plates/s2.mp4,bo'];
  place.write('b.csv', `id,video,swap\n${rows.join('\n')}\n`);
  const before = await place.open();
  // Entered, and whatever drove it is gone.
  const account = await before.account(null);
  await enterAccount(before, await before.ledger(), account, null);
  await enterPlan(before, await before.ledger(), await planBatch(before, { file: 'b.csv' }), account, null);
  appendFileSync(join(place.dir, 'headswap.yaml'), 'require: [consent]\n');
  const ctx = await place.open();
  const end = await resumeBatch(ctx, await planResume(ctx, { batch: 'b' }), following());
  expect(end).toMatchObject({ exit: 6, totals: { done: 1, failed: 1 }, credits: { charged: 15 } });
  expect(place.emulator.book.creates()).toHaveLength(1);
  const bo = (await readReport(ctx, 'b')).items.find(({ id }) => id === 's2');
  expect(bo?.reason).toMatchObject({ code: 'M126', charged: 0, next: expect.stringContaining('faces.csv') as string });
}, 60_000);
