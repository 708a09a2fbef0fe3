import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { readFiles, readRows } from '../manifests/manifest-folder.ts';
import { following, makePlace } from '../operations/operations-harness.ts';

// What a sheet from outside could try, taken through the whole program. The parts have suites of their own: output-path,
// spreadsheet-cell and csv for texts, file-store for links on the disk, preview and fetch-checked for what is fetched,
// receiver for what is received.

const VIDEO = 'https://media.example.com/plates/a.mp4';

describe('an output path cannot leave its folder, nor touch the journal', () => {
  it.each([
    '../{id}.mp4',
    '/tmp/{id}.mp4',
    '{batch}/../../{id}.mp4',
    '.journal/{id}.mp4',
    'a\\..\\..\\{id}.mp4',
    '~/x.mp4',
  ])('as the template %j', async (output) => {
    const { manifest, problems } = await readRows([`sh1,${VIDEO},ana,"${output}"`], {}, 'id,video,swap,output');
    expect(manifest?.items ?? []).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(['M122']);
  });

  it.each(['..', '../..', '/etc', '.journal', '.', 'C:', 'a/../../b', '..\\..', '~root', 'CON'])(
    'through a column of its own holding %j',
    async (value) => {
      const header = 'id,video,swap,output,x_dir';
      const { manifest, problems } = await readRows([`sh1,${VIDEO},ana,{x_dir}/{id}.mp4,${value}`], {}, header);
      for (const { output } of manifest?.items ?? []) expect(output).toMatch(/^[^./~\\][^\\:]*$/u);
      if ((manifest?.items ?? []).length === 0) expect(problems).not.toEqual([]);
    },
  );

  it('through a sheet that another manifest names', async () => {
    const yaml = 'version: 1\nbatch: spring\nitems:\n  - from: ../outside.csv\n';
    const { problems } = await readFiles({
      'inside/shots.yaml': yaml,
      'outside.csv': `id,video,swap\na,${VIDEO},skip\n`,
    });
    expect(problems).not.toEqual([]);
  });
});

it.each(['__proto__', 'constructor', 'x___proto__', 'x_constructor', 'x_prototype'])(
  'a column cannot be called %s',
  async (name) => {
    const { problems, warnings } = await readRows([`sh1,${VIDEO},ana,polluted`], {}, `id,video,swap,${name}`);
    expect([...problems, ...warnings]).toHaveLength(1);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  },
);

it('ids and columns named like parts of every object, formulas and markup come back as they went in', async () => {
  const place = await makePlace({
    emulator: { faults: [{ on: 'preview', do: { kind: 'svg' } }] },
    account: '    prices: { 480p: 6, 720p: 15 }\n',
  });
  const face = 'https://media.example.com/faces/a.jpg';
  const markup = '</script><svg onload=alert(1)><img src=x onerror=alert(2)>';
  const sheet = `id,video,swap,note,x_a,x_valueof,x_tostring
constructor,${VIDEO},${face},=HYPER,polluted,"${markup}",-1+1
__proto__x,https://media.example.com/plates/b.mp4,pick,+cmd|x,@SUM(A1),hasOwnProperty,'=quoted
`;
  place.write('hostile.csv', sheet);
  const context = await place.open();
  const result = await runBatch(context, await planBatch(context, { file: 'hostile.csv' }), following());
  expect(result.exit).toBe(EXIT.waiting);

  const folder = join(place.dir, 'out', 'hostile');
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as {
    items: { id: string; x: object }[];
  };
  expect(report.items.map(({ id }) => id)).toEqual(['constructor', '__proto__x']);
  expect(JSON.stringify(report.items[0]?.x)).toContain('"x_a":"polluted"');

  const html = readFileSync(join(folder, 'report.html'), 'utf8');
  expect(html).not.toContain('<svg onload');
  expect(html).not.toContain('<img src=x');
  // The preview was an SVG: shown as no picture at all, neither as markup nor as data.
  expect(html).not.toContain('image/svg+xml');
  const pictures = readdirSync(join(place.dir, 'out'), { recursive: true, encoding: 'utf8' });
  expect(pictures.filter((name) => name.endsWith('.svg'))).toEqual([]);

  const csv = readFileSync(join(folder, 'report.csv'), 'utf8');
  for (const cell of csv.split(/[,\n]/u)) expect(cell.replace(/^"/u, '')).not.toMatch(/^[=+@-]/u);
  place.write('again/hostile.csv', csv);
  const plan = await planBatch(context, { file: 'again/hostile.csv' });
  expect(plan.spends).toBe(false);
  expect(plan.manifest.items.map(({ note }) => note)).toEqual(['=HYPER', '+cmd|x']);
  expect(plan.manifest.items[0]?.x).toEqual(
    Object.fromEntries([
      ['x_a', 'polluted'],
      ['x_valueof', markup],
      ['x_tostring', '-1+1'],
    ]),
  );
  expect(existsSync(join(place.dir, 'out', 'hostile', 'constructor.mp4'))).toBe(true);
}, 120_000);
