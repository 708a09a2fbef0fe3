import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../manifests/read-manifest.ts';
import { NO_SETTINGS } from '../../schemas/item-fields.ts';
import { codes, CONFIG, folderWith, marks, readFiles, readItems, spots, url } from './manifest-folder.ts';

const item = (id: string, more = '') =>
  `  - id: ${id}\n    video: ${url(`v-${id.replaceAll(/[^a-z0-9]/giu, '')}`)}\n    swap: ana\n${more}`;

describe('texts as written', () => {
  it.each(
    ['010', '1e5', '0x1F', '1_000', '2027-03-31', '1.10', 'no', 'on', 'Infinity', "'true'", '"null"', '"~"'].filter(
      (id) => id !== '"~"',
    ),
  )('id: %s', async (id) => {
    const reading = await readItems(item(id, `    note: ${id}\n    check: ${id}\n    x_own: ${id}\n`));
    expect(reading.problems).toEqual([]);
    const [read] = reading.manifest?.items ?? [];
    const plain = id.replaceAll(/["']/gu, '');
    expect([read?.id, read?.note, read?.check, read?.x['x_own']]).toEqual([plain, plain, plain, plain]);
  });

  it.each(['true', 'False', 'null', '~', ''])('needs quotes: %j', async (word) => {
    const reading = await readItems(item('sh010', `    note: ${word}\n`) + item('sh020'));
    expect(codes(reading)).toEqual(['M104']);
    expect(reading.problems[0]?.path).toBe('/items/0/note');
    expect(reading.manifest?.items.map((read) => read.id)).toEqual(['sh020']);
    expect(reading.manifest?.bad).toMatchObject([{ id: 'sh010', code: 'M104', line: 7 }]);
  });

  it('keeps matrix values and mapping keys as written', async () => {
    const reading = await readItems(
      `  - id: "a{n}"\n    matrix: { n: [010, 1e2] }\n    video: "${url('x{n}')}"\n    swap: { 0: ana }\n`,
    );
    expect(reading.manifest?.items.map((read) => [read.id, read.rule])).toEqual([
      ['a010', '0:ana'],
      ['a1e2', '0:ana'],
    ]);
    expect(codes(await readItems(`  - id: a\n    video: ${url('a')}\n    swap: { 00: ana }\n`))).toEqual(['M113']);
  });
});

describe('shape', () => {
  it('tells all errors of a file in one pass, each with its place', async () => {
    const reading = await readItems(
      `  - id: sh010\n    video: ${url('a')}\n    swap: { 0: anna, 1: bo }\n    resolutoin: 480p\n` +
        `  - id: .hidden\n    video: ftp://x.example.com/a.mp4\n    swap: ana\n    resolution: 480\n` +
        `  - video: ${url('c')}\n    swap: ana\n  - just text\n`,
      { head: 'budgt: { credits: 3 }\n' },
    );
    expect(spots(reading)).toEqual([
      'M101 shots.yaml:3:1',
      'M112 shots.yaml:10:16',
      'M101 shots.yaml:11:5',
      'M110 shots.yaml:12:9',
      'M117 shots.yaml:13:12',
      'M120 shots.yaml:15:17',
      'M102 shots.yaml:16:5',
      'M103 shots.yaml:18:5',
    ]);
    expect(marks(reading).slice(0, 3)).toEqual(['budgt', 'anna', 'resolutoin']);
    expect(reading.problems.slice(0, 3).map((problem) => problem.help)).toEqual([
      expect.stringContaining('did you mean "budget"?'),
      expect.stringContaining('did you mean "ana"?'),
      expect.stringContaining('did you mean "resolution"?'),
    ]);
    expect(reading.manifest).toBeNull();
  });

  it.each([
    ['version: 2\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]', 'M105', '1:10'],
    ['items: [{id: a, video: https://a.example.com/a, swap: skip}]', 'M102', '1:1'],
    ['version: 1\nitems: []', 'M005', '2:8'],
    ['version: 1\nitems: {}', 'M103', '2:8'],
    ['version: 1\ntolerate: some\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]', 'M103', '2:11'],
    ['version: 1\nbatch: a/b\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]', 'M109', '2:8'],
    [
      'version: 1\nbudget: {credits: many}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]',
      'M103',
      '2:19',
    ],
    [
      'version: 1\nfaces: {pick: https://a.example.com/f}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]',
      'M114',
      '2:9',
    ],
    [
      'version: 1\nfaces: {1a: https://a.example.com/f}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]',
      'M111',
      '2:9',
    ],
    [
      'version: 1\nfaces:\n  ana: https://a.example.com/f\n  Ana: https://a.example.com/g\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]',
      'M111',
      '4:3',
    ],
    [
      'version: 1\nfaces: {ana: {image: https://a.example.com/f, until: 2027-02-30}}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]',
      'M124',
      '2:54',
    ],
    [
      'version: 1\ndefaults: {resolution: 1080p}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]',
      'M120',
      '2:24',
    ],
    ['version: 1\ndefaults: {id: x}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]', 'M101', '2:12'],
    ['version: 1\nitems:\n  - id: a\n    <<: *x\n', 'M011', '4:5'],
    ['version: 1\nx: &a [*a]\n', 'M014', '2:8'],
    ['version: 1\nversion: 1\n', 'M013', '2:1'],
    ['version: !int 1\n', 'M012', '1:15'],
    ['version: 1\nitems:\n  - {id: a, video: https://a.example.com/a, swap: {0:ana}}\n', 'M017', '3:52'],
    ['version: 1\n---\nversion: 1\n', 'M018', '2:1'],
    ['version: 1\nitems:\n\t- id: a\n', 'M010', '3:1'],
    ['just text', 'M103', '1:1'],
    ['# nothing', 'M005', '1:1'],
    ['version: 1\n__proto__: {a: 1}\nitems: [{id: a, video: https://a.example.com/a, swap: skip}]', 'M101', '2:1'],
    ['version: 1\nitems: [{id: a, video: https://a.example.com/a, swap: skip, constructor: 1}]', 'M101', '2:61'],
  ])('%j: %s at %s', async (text, code, at) => {
    const reading = await readFiles({ 'shots.yaml': text });
    expect(spots(reading)).toContain(`${code} shots.yaml:${at}`);
  });

  it('says once that a space is missing after a colon, and reads on as it was meant', async () => {
    const one = await readItems(`  - id: a\n    video: ${url('a')}\n    swap: {0:ana}\n`);
    expect(spots(one)).toEqual(['M017 shots.yaml:9:12']);
    expect(one.problems[0]?.help).toBe('put a space after the colon: { 0: ana }');
    const two = await readItems(`  - id: a\n    video: ${url('a')}\n    swap: {0:ana, 1:anna}\n`);
    expect(codes(two)).toEqual(['M017', 'M017', 'M112']);
    // Nothing runs on what was only guessed.
    expect(one.manifest).toBeNull();
  });

  it('reads aliases of plain values', async () => {
    const reading = await readFiles({
      'shots.yaml': `version: 1\nfaces: { ana: &face https://a.example.com/f.jpg, bo: *face }\nitems:\n  - { id: a, video: ${url('a')}, swap: bo }\n`,
    });
    expect(reading.problems).toEqual([]);
    expect(reading.manifest?.faces).toHaveLength(2);
  });

  it('reads JSON, and files with a byte order mark and CRLF', async () => {
    const json = JSON.stringify({ version: 1, items: [{ id: 'a', video: url('a'), swap: 'pick' }] });
    expect((await readFiles({ 'shots.json': json })).manifest?.items).toHaveLength(1);
    const yaml = `\ufeffversion: 1\r\nitems:\r\n  - id: a\r\n    video: ${url('a')}\r\n    swap: anna\r\n`;
    expect(spots(await readFiles({ 'shots.yaml': yaml }))).toEqual(['M112 shots.yaml:5:11']);
  });
});

describe('precedence', () => {
  it('is item, defaults, headswap.yaml, built-in', async () => {
    const config = {
      ...CONFIG,
      defaults: { ...NO_SETTINGS, resolution: '480p', note: 'far', project: 'far', x: { x_a: 'far', x_b: 'far' } },
    };
    const reading = await readItems(item('a', '    note: own\n    x_a: own\n') + item('b'), {
      head: 'defaults: { project: near, swap: bo, x_c: near }\nproject: head\n',
      config,
    });
    expect(reading.manifest?.items.map((read) => [read.settings.resolution, read.note, read.project, read.x])).toEqual([
      ['480p', 'own', 'near', { x_a: 'own', x_b: 'far', x_c: 'near' }],
      ['480p', 'far', 'near', { x_a: 'far', x_b: 'far', x_c: 'near' }],
    ]);
    expect(reading.manifest?.items[0]?.settings).toEqual({
      resolution: '480p',
      model: 'akool-premium',
      keepOriginalSound: true,
      templateId: null,
    });
  });

  it('fills an empty swap from the defaults, and says so where there is none', async () => {
    const head = 'defaults: { swap: bo }\n';
    expect((await readItems(`  - { id: a, video: ${url('a')} }\n`, { head })).manifest?.items[0]?.rule).toBe('bo');
    expect(codes(await readItems(`  - { id: a, video: ${url('a')} }\n`))).toEqual(['M116']);
  });
});

describe('matrix', () => {
  const entry = (matrix: string, more = '') =>
    `  - id: "{clip}-{face}"\n    matrix: ${matrix}\n    video: "${url('{clip}')}"\n    swap: "{face}"\n${more}`;
  it('makes every combination less the excluded ones, in order', async () => {
    const reading = await readItems(
      entry(
        '{ clip: [teaser, hero], face: [ana, bo], exclude: [{ clip: hero, face: bo }] }',
        '    output: "{batch}/{clip}/{{x}}{id}.mp4"\n    note: "{{{face}}}"\n    x_clip: "{clip}"\n',
      ),
    );
    expect(reading.problems).toEqual([]);
    expect(
      reading.manifest?.items.map((read) => [read.id, read.rule, read.output, read.note, read.x['x_clip']]),
    ).toEqual([
      ['teaser-ana', 'ana', 'spring/teaser/{x}teaser-ana.mp4', '{ana}', 'teaser'],
      ['teaser-bo', 'bo', 'spring/teaser/{x}teaser-bo.mp4', '{bo}', 'teaser'],
      ['hero-ana', 'ana', 'spring/hero/{x}hero-ana.mp4', '{ana}', 'hero'],
    ]);
  });

  it('works in mappings too', async () => {
    const reading = await readItems(
      `  - id: "a-{n}"\n    matrix: { n: [0, 1] }\n    video: ${url('a')}\n    swap: { "{n}": ana }\n`,
    );
    expect(reading.manifest?.items.map((read) => read.rule)).toEqual(['0:ana', '1:ana']);
  });

  it.each([
    ['{ clip: [a], face: [ana], exclude: [{ klip: a }] }', '', 'M131'],
    ['{ clip: [a], face: [ana], exclude: [{ clip: b }] }', '', 'M131'],
    [
      '{ clip: [a, b], face: [ana, bo], exclude: [{ clip: a }, { clip: a, face: bo }, { clip: b, face: bo }, {}] }',
      '',
      'M131',
    ],
    ['{ clip: [a, a], face: [ana] }', '', 'M130'],
    ['{ clip: [a], face: [ana], id: [x] }', '', 'M130'],
    ['{ clip: a, face: [ana] }', '', 'M103'],
    ['{ clip: [], face: [ana] }', '', 'M103'],
    ['{ clip: [a], face: [ana] }', '    note: "{clop}"\n', 'M123'],
    ['{ clip: [a], face: [ana] }', '    output: "{clop}.mp4"\n', 'M123'],
    ['{ clip: [a], face: [anna] }', '', 'M112'],
  ])('refuses %s %s', async (matrix, more, code) => {
    const reading = await readItems(entry(matrix, more));
    expect(codes(reading)).toContain(code);
    expect(reading.manifest?.items ?? []).toEqual([]);
  });

  it('refuses more than 100,000 items, and counts after the excludes', async () => {
    const list = (n: number) => `[${Array.from({ length: n }, (_, i) => `v${i}`).join(', ')}]`;
    const big = `  - id: "{a}-{b}"\n    matrix: { a: ${list(401)}, b: ${list(250)} }\n    video: "${url('{a}-{b}')}"\n    swap: ana\n`;
    expect(codes(await readItems(big))).toEqual(['M132']);
    const fits = big.replace('v400]', 'v400], exclude: [{ a: v0 }]');
    const reading = await readItems(fits, { keepItems: false });
    expect([codes(reading), reading.items]).toEqual([[], 100_000]);
    const endless = `  - id: "{a}{b}{c}{d}"\n    matrix: { a: ${list(1000)}, b: ${list(1000)}, c: ${list(1000)}, d: ${list(1000)} }\n    video: ${url('x')}\n    swap: ana\n`;
    expect(codes(await readItems(endless))).toEqual(['M132']);
  });
});

describe('from', () => {
  const manifest = (from: string) =>
    `version: 1\ndefaults: { resolution: 480p }\nfaces: { ana: https://media.example.com/faces/ana.jpg }\nitems:\n  - { id: first, video: ${url('first')}, swap: ana }\n  - from: ${from}\n  - { id: last, video: ${url('last')}, swap: ana }\n`;
  const sheet = `id,video,swap\nsh010,${url('a')},ana\n`;

  it('reads a CSV in place, under the defaults and faces, and counts it in the digest', async () => {
    const read = async (text: string) =>
      readFiles({ 'shots.yaml': manifest('more/shots.csv'), 'more/shots.csv': text });
    const reading = await read(sheet);
    expect(
      reading.manifest?.items.map((read_) => [read_.id, read_.file, read_.line, read_.settings.resolution]),
    ).toEqual([
      ['first', 'shots.yaml', 5, '480p'],
      ['sh010', 'more/shots.csv', 2, '480p'],
      ['last', 'shots.yaml', 7, '480p'],
    ]);
    const other = await read(sheet.replace('sh010', 'sh011'));
    expect(other.manifest?.sha256).not.toBe(reading.manifest?.sha256);
    expect(spots(await read(sheet.replace(',ana', ',anna')))).toEqual([
      `M112 more/shots.csv:2:${`sh010,${url('a')},`.length + 1}`,
    ]);
  });

  it.each([
    ['../outside/shots.csv', 'M140'],
    ['/etc/passwd', 'M140'],
    ['link.csv', 'M140'],
    ['missing.csv', 'M001'],
    ['other.yaml', 'M141'],
  ])('%s: %s', async (from, code) => {
    const folder = folderWith({
      'outside/shots.csv': sheet,
      'in/shots.yaml': manifest(from),
      'in/other.yaml': 'version: 1',
    });
    symlinkSync(join(folder, 'outside/shots.csv'), join(folder, 'in/link.csv'));
    const reading = await readManifest({ file: 'in/shots.yaml', cwd: folder, config: CONFIG });
    expect(spots(reading)).toEqual([`${code} in/shots.yaml:6:11`]);
  });

  it('stands alone', async () => {
    expect(codes(await readFiles({ 'shots.yaml': manifest('a.csv\n    note: x'), 'a.csv': sheet }))).toEqual(['M107']);
  });
});
