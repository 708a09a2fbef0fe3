import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildReport } from '../../report/build-report.ts';
import { REPORT_FORMATS, writeReport } from '../../report/write-report.ts';
import { springFacts } from './sample-facts.ts';
import { expectValid } from './schema-check.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headswap-write-'));
});
afterEach(() => rm(root, { recursive: true }));

const facts = springFacts();
const report = buildReport(facts);

test('writes what was asked for under the names of the contract, and replaces an earlier report', async () => {
  const dir = join(root, 'out', 'spring');
  const options = { dir, formats: REPORT_FORMATS, storageRoot: join(root, 'out') };
  expect(await writeReport(facts, report, options)).toEqual(
    ['report.html', 'report.json', 'report.csv', 'junit.xml'].map((name) => join(dir, name)),
  );
  expectValid(JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')));
  await writeReport(facts, { ...report, tool_version: '9.9.9' }, { ...options, formats: ['json'] });
  expect(await readFile(join(dir, 'report.json'), 'utf8')).toContain('"tool_version": "9.9.9"');
  expect((await readdir(dir)).toSorted()).toEqual(['junit.xml', 'report.csv', 'report.html', 'report.json']);
});

test('links are relative to where the page lies, through links in the way', async () => {
  const hrefs = async (dir: string, storageRoot: string | null) => {
    const [path = ''] = await writeReport(facts, report, { dir, formats: ['html'], storageRoot });
    return /<tr id="sh100".*?<td[^>]* class="c-out">(.*?)<\/td>/s.exec(await readFile(path, 'utf8'))?.[1];
  };
  const link = (href: string) => expect.stringContaining(`href="${href}"`);
  expect(await hrefs(join(root, 'out', 'spring'), join(root, 'out'))).toEqual(link('sh100.mp4'));
  expect(await hrefs(join(root, 'elsewhere'), join(root, 'out'))).toEqual(link('../out/spring/sh100.mp4'));
  await mkdir(join(root, 'deep', 'er'), { recursive: true });
  await symlink(join(root, 'deep', 'er'), join(root, 'short'));
  expect(await hrefs(join(root, 'short'), join(root, 'out'))).toEqual(link('../../out/spring/sh100.mp4'));
  expect(await hrefs(join(root, 'bucket'), null)).toBe('sh100.mp4');
});
