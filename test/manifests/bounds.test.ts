import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderWith } from './manifest-folder.ts';

/** Reads a manifest in a process of its own and reports processor time (not the clock: test files run side by side), memory at its peak, and the problems. */
const PROGRAM = `
import { readManifest } from ${JSON.stringify(join(import.meta.dirname, '../../manifests/read-manifest.ts'))};
import { NO_SETTINGS } from ${JSON.stringify(join(import.meta.dirname, '../../schemas/item-fields.ts'))};
const started = process.cpuUsage();
const config = { defaults: NO_SETTINGS, faces: [], ignoreQuery: [], allowPrivateHosts: false };
const reading = await readManifest({ file: process.argv[1], cwd: '/', config, keepItems: false });
const used = process.cpuUsage(started);
const ms = (used.user + used.system) / 1000;
const [first] = reading.problems;
console.log(JSON.stringify({ ms, maxRssMb: process.resourceUsage().maxRSS / 1024, manifest: reading.manifest !== null, items: reading.items, codes: reading.problems.map((problem) => problem.code), line: first?.line, excerpt: first?.excerpt?.text.length ?? 0 }));
`;
interface Outcome {
  ms: number;
  maxRssMb: number;
  manifest: boolean;
  items: number;
  codes: string[];
  line?: number;
  excerpt: number;
}
function readApart(name: string, content: string): Outcome {
  const file = join(folderWith({ [name]: content }), name);
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', PROGRAM, file], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Outcome;
}
const items = '\nitems: [{ id: a, video: https://a.example.com/a, swap: skip }]\n';
const bomb = (fan: number, levels: number) =>
  [
    'version: 1',
    `a0: &a0 [${Array(fan).fill('x').join(', ')}]`,
    ...Array.from({ length: levels }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(fan).fill(`*a${n}`).join(', ')}]`),
  ].join('\n') + items;

describe('hostile files are refused with a place, in 2 s and 256 MB', () => {
  it.each<[string, string, string, string]>([
    ['alias bomb', 'x.yaml', bomb(9, 12), 'M015'],
    ['wide alias bomb', 'x.yaml', bomb(1_000, 3), 'M015'],
    [
      'mapping bomb',
      'x.yaml',
      [
        'version: 1',
        'a0: &a0 { k: v }',
        ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} { l: *a${n}, r: *a${n} }`),
      ].join('\n') + items,
      'M015',
    ],
    ['cycle', 'x.yaml', `version: 1\nx: &x { y: *x }${items}`, 'M014'],
    ['100,000 brackets', 'x.yaml', `version: 1\nx: ${'['.repeat(100_000)}`, 'M016'],
    ['100,000 braces', 'x.yaml', `version: 1\nx: ${'{a: '.repeat(100_000)}`, 'M016'],
    ['balanced brackets', 'x.yaml', `version: 1\nx: ${'['.repeat(5_000)}${']'.repeat(5_000)}`, 'M016'],
    ['brackets below the first bound', 'x.yaml', `version: 1\nx: ${'['.repeat(150)}${']'.repeat(150)}`, 'M016'],
    ['dashes', 'x.yaml', `version: 1\nx:\n${'- '.repeat(20_000)}a`, 'M016'],
    ['dashes behind a key', 'x.yaml', `version: 1\nx:\n  -  ${'- '.repeat(20_000)}a`, 'M016'],
    [
      'indentation',
      'x.yaml',
      `version: 1\n${Array.from({ length: 2_500 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')}`,
      'M016',
    ],
    ['questions', 'x.yaml', '? '.repeat(20_000), 'M016'],
    ['a scalar of 8 MB', 'x.yaml', `version: 1\nbatch: ${'a'.repeat(8_000_000)}${items}`, 'M125'],
    ['17 MB of YAML', 'x.yaml', `version: 1\n${'# x\n'.repeat(4_400_000)}`, 'M004'],
    [
      '20,000 keys',
      'x.yaml',
      `version: 1\n${Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`).join('\n')}${items}`,
      'M101',
    ],
    ['a quote never closed', 'x.csv', `id,video,swap\na,"${'x\n'.repeat(4_000_000)}`, 'M020'],
    ['one row of 8 MB', 'x.csv', `id,video,swap\n${'x'.repeat(8_000_000)}`, 'M020'],
    [
      'a header of 100,000 columns',
      'x.csv',
      `id,video,swap,${Array.from({ length: 100_000 }, (_, n) => `x${n}`).join(',')}\n`,
      'M020',
    ],
    ['a million commas', 'x.csv', `id,video,swap\n${','.repeat(200_000)}x\n`, 'M021'],
    [
      'ids made to be slow',
      'x.csv',
      `id,video,swap\n${'a'.repeat(100_000)}!,https://a.example.com/${'%'.repeat(90_000)},${'0:a '.repeat(10_000)}\n`,
      'M110',
    ],
    ['__proto__ as a column', 'x.csv', 'id,video,swap,__proto__\na,https://a.example.com/a,skip,x\n', 'M024'],
  ])(
    '%s',
    (_what, name, content, code) => {
      const outcome = readApart(name, content);
      expect(outcome.codes).toContain(code);
      expect(outcome.line).toBeGreaterThan(0);
      expect(outcome.excerpt).toBeLessThan(200);
      expect(outcome.ms).toBeLessThan(2_000);
      expect(outcome.maxRssMb).toBeLessThan(256);
    },
    30_000,
  );
});
