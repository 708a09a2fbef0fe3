import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDemo } from '../../operations/demo.ts';
import { writeStarter } from '../../operations/init.ts';
import { planBatch, type Plan } from '../../operations/plan-batch.ts';
import { validateFiles } from '../../operations/validate.ts';
import { following, makePlace } from './operations-harness.ts';

test('the demo does the main job without key, configuration or leftovers, and shows trouble when asked', async () => {
  const place = await makePlace();
  // Whatever is configured here must not be used: neither the broken file nor the key.
  place.write('headswap.yaml', 'this is: [not a configuration');
  const plans: Plan[] = [];
  const options = place.options(
    {},
    {
      AKOOL_API_KEY: 'a-real-key',
      AKOOL_BASE_URL: place.emulator.url,
      HEADSWAP_STORAGE: 'file:./elsewhere',
      TEMPORAL_ADDRESS: '127.0.0.1:9',
    },
  );
  const { yes: _, ...follow } = following();
  const demo = await runDemo(options, { ...follow, failSome: true, onPlan: (plan) => plans.push(plan) });
  expect(plans[0]?.counts.run).toBe(12);
  expect(demo.result).toMatchObject({
    how: 'ended',
    exit: 5,
    totals: { items: 12, failed: 1, uncertain: 1, done: 10 },
  });
  expect(demo.wouldHaveCost).toBe(132);
  expect(demo.troubles.join('\n')).toMatch(/P105[\s\S]*U101/u);
  expect(demo.reportHtml).toBe(join(place.dir, '.headswap', 'demo', 'out', 'demo', 'report.html'));
  expect(existsSync(join(place.dir, 'elsewhere'))).toBe(false);
  expect([...place.emulator.book.creates(), ...place.emulator.book.analyses()]).toEqual([]);
}, 90_000);

test('starter files are valid as they stand, and nothing is overwritten', async () => {
  const place = await makePlace();
  const first = await writeStarter({ cwd: place.dir }, { dir: 'batch', csv: false });
  expect(first.written).toEqual([
    'batch/headswap.yaml',
    'batch/manifest.yaml',
    'batch/manifest.schema.json',
    'batch/manifest.csv',
    'batch/faces.csv',
  ]);
  place.write('batch/manifest.csv', 'mine');
  expect(await writeStarter({ cwd: place.dir }, { dir: 'batch', csv: true })).toMatchObject({
    written: [],
    kept: expect.arrayContaining(['batch/manifest.csv']) as string[],
  });
  expect(readFileSync(join(place.dir, 'batch', 'manifest.csv'), 'utf8')).toBe('mine');
  const inside = { ...place.options({ account: 'emulator' }), cwd: join(place.dir, 'batch') };
  expect(await validateFiles(inside, { files: ['manifest.yaml'] })).toMatchObject({ ok: true, items: 3, warnings: [] });
  const ctx = await place.open({ account: 'emulator', config: join(place.dir, 'batch', 'headswap.yaml') });
  expect((await planBatch(ctx, { file: 'batch/manifest.yaml' })).counts).toMatchObject({ run: 3 });
});
