/** The CSV report is a manifest: what comes back from the reader is what went in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readManifest, type ManifestReading } from '../../manifests/read-manifest.ts';
import { buildReport } from '../../report/build-report.ts';
import { reportCsv } from '../../report/csv.ts';
import type { ItemFact, ReportFacts } from '../../report/report-facts.ts';
import { NO_SETTINGS } from '../../schemas/item-fields.ts';
import type { BadRow, Manifest, ManifestItem } from '../../schemas/manifest-item.ts';
import { doneItem, factsOf } from './sample-facts.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headswap-again-'));
});
afterEach(() => rm(folder, { recursive: true }));

const config = { defaults: NO_SETTINGS, faces: [], ignoreQuery: [], allowPrivateHosts: false };

async function read(file: string, text: string, batchName?: string): Promise<ManifestReading> {
  await writeFile(join(folder, file), text);
  return readManifest({ file, cwd: folder, batchName, config });
}

function good(reading: ManifestReading): Manifest {
  expect(reading.problems).toEqual([]);
  if (reading.manifest === null) throw new Error('no manifest');
  return reading.manifest;
}

/** The facts of a batch whose items all ended well, but for its bad rows. */
function reported(manifest: Manifest): string {
  const items = manifest.items.map((item, n) => doneItem(item.id, n, factOf(item)));
  const bad = manifest.bad.map((row, n) => doneItem(row.id, n, badFactOf(row)));
  const facts = factsOf([...items, ...bad]);
  const whole: ReportFacts = { ...facts, batch: { ...facts.batch, id: manifest.batch, sheet: manifest.sheet } };
  return reportCsv(whole, buildReport(whole));
}

function factOf(item: ManifestItem): Partial<ItemFact> {
  const { output, ...same } = item;
  return { ...same, outputKey: output };
}

function badFactOf(row: BadRow): Partial<ItemFact> {
  const { code, message, cells } = row;
  return { swap: null, rule: '', cells, state: 'failed', reason: { code, message, vendor: null, next: null } };
}

/** What an item means: everything but where it was written. */
function meaning({ items }: Manifest) {
  return items.map(({ file: _file, line: _line, cells: _cells, rule: _rule, ...rest }) => rest);
}

const faces = 'face,image,consent,until\nana,https://e.com/ana.jpg,C-1,2027-03-31\nbo,https://e.com/bo.jpg,,\n';

test.each([
  [
    'the short form',
    'id,video,swap,note,x_act\nsh1,https://e.com/1.mp4,ana,=1+1,-3.5\n010,"https://e.com/2.mp4?a=1,2",0:ana 1:keep,"two\nlines",\nsh3,https://e.com/3.mp4,pick,\'quoted,+x\n',
  ],
  [
    'semicolons and odd headers',
    'ID;Video ;Swap;Keep Original Sound\nsh1;https://e.com/1.mp4;ana;no\nsh2;https://e.com/2.mp4;all:bo;yes\n',
  ],
  [
    'the long form',
    'id,video,person,face\nsh1,https://e.com/1.mp4,0,ana\nsh1,https://e.com/1.mp4,1,bo\nsh2,https://e.com/2.mp4,0,bo\n',
  ],
  ['letters of the world', 'id,video,swap,note\nünï-影,https://e.com/1.mp4,ana,été\n'],
])('%s', async (_name, text) => {
  await writeFile(join(folder, 'faces.csv'), faces);
  const first = good(await read('shots.csv', text));
  const csv = reported(first);
  const second = await read('report.csv', csv, first.batch);
  expect(meaning(good(second))).toEqual(meaning(first));
  expect(second.warnings).toEqual([]);
  // And a third time, over the columns of the second.
  const again = reported(good(second));
  expect(again).toBe(csv);
});

test('a YAML batch, faces by URL', async () => {
  const yaml = `version: 1
batch: spring
project: nordlys
faces:
  ana: { image: "https://e.com/ana.jpg?x=1,2;3", consent: C-1, until: 2027-03-31 }
  bo: https://e.com/bo.jpg
items:
  - { id: sh1, video: https://e.com/1.mp4, swap: ana, note: "=1", x_act: "2" }
  - { id: sh2, video: https://e.com/2.mp4, swap: { 0: ana, 1: bo, 2: keep }, check: k7f3c, resolution: 480p, when_people_differ: fail, keep_original_sound: false }
  - { id: sh3, video: https://e.com/3.mp4, swap: { all: bo }, output: "{batch}/deep/{id}.mp4" }
  - { id: sh4, video: https://e.com/4.mp4, swap: pick }
  - { id: sh5, video: https://e.com/5.mp4, swap: skip }
  - { id: "{clip}-{face}", matrix: { clip: [teaser, hero], face: [ana, bo] }, video: "https://e.com/{clip}.mp4", swap: "{face}" }
`;
  const first = good(await read('spring.yaml', yaml));
  expect(first.items).toHaveLength(9);
  await mkdir(join(folder, 'elsewhere'));
  const second = good(await read('elsewhere/report.csv', reported(first), first.batch));
  /** Names and consents of faces stay in the YAML; the work is the same. */
  const work = (manifest: Manifest) =>
    JSON.parse(JSON.stringify(meaning(manifest)), (key, value: unknown) =>
      ['name', 'consent', 'until'].includes(key) ? undefined : value,
    ) as unknown;
  expect(work(second)).toEqual(work(first));
});

test('bad rows are there to be corrected', async () => {
  await writeFile(join(folder, 'faces.csv'), faces);
  const reading = await read('shots.csv', 'id,video,swap\nsh1,https://e.com/1.mp4,ana\nsh2,https://e.com/2.mp4,anna\n');
  const csv = reported(reading.manifest!);
  expect(csv).toContain('sh2,https://e.com/2.mp4,anna,failed,M112,');
  const corrected = good(await read('report.csv', csv.replace(',anna,', ',bo,'), 'shots'));
  expect(corrected.items.map(({ id }) => id)).toEqual(['sh1', 'sh2']);
});
