import { describe, expect, it } from 'vitest';
import { codes, readItems, readRows, url, warningCodes } from './manifest-folder.ts';

const header = 'id,video,swap,output,note';

describe('rows against each other', () => {
  it('the same row twice counts once, with a warning', async () => {
    const reading = await readRows([`sh010,${url('a')},ana`, `sh010,${url('a')},ana`]);
    expect([codes(reading), warningCodes(reading), reading.items]).toEqual([[], ['M151'], 1]);
    expect(reading.warnings[0]?.message).toContain('shots.csv:2');
  });

  it('an id with other content is an error that names both places, and neither row is run', async () => {
    const reading = await readRows([`sh010,${url('a')},ana`, `sh020,${url('b')},ana`, `sh010,${url('c')},ana`]);
    expect(codes(reading)).toEqual(['M150']);
    expect([reading.problems[0]?.line, reading.problems[0]?.message]).toEqual([
      4,
      expect.stringContaining('shots.csv:2'),
    ]);
    expect(reading.manifest?.items.map((item) => item.id)).toEqual(['sh020']);
    expect(reading.manifest?.bad.map((row) => [row.id, row.line])).toEqual([
      ['sh010', 2],
      ['row-4', 4],
    ]);
  });

  it('other content is also another note', async () => {
    expect(codes(await readRows([`sh010,${url('a')},ana,,x`, `sh010,${url('a')},ana,,y`], {}, header))).toEqual([
      'M150',
    ]);
  });

  it('the same work under two ids is an error, signatures aside', async () => {
    const reading = await readRows([`a,${url('a')}?X-Amz-Signature=1,ana`, `b,${url('a')}?X-Amz-Signature=2,ANA`]);
    expect(codes(reading)).toEqual(['M152']);
    expect(reading.manifest?.items.map((item) => item.id)).toEqual(['a']);
    expect(reading.manifest?.bad.map((row) => row.id)).toEqual(['b']);
  });

  it('but not where nothing is paid yet', async () => {
    expect(
      codes(await readRows([`a,${url('a')},pick`, `b,${url('a')},pick`, `c,${url('a')},skip`, `d,${url('a')},skip`])),
    ).toEqual([]);
  });

  it.each([
    ['case', 'Shot', 'shot'],
    ['Unicode form', 'été', 'e\u0301te\u0301'],
    ['case and form', 'ÉTÉ', 'e\u0301te\u0301'],
    ['full width', 'ａ1', 'a1'],
  ])('outputs that differ only by %s', async (_what, one, other) => {
    const reading = await readRows([`${one},${url('a')},ana`, `${other},${url('b')},ana`]);
    expect(codes(reading)).toEqual(['M153']);
    expect(reading.problems[0]?.message).toContain('shots.csv:2');
  });

  it('sees collisions between a matrix, items and templates', async () => {
    const reading = await readItems(
      `  - { id: x-ana, video: ${url('q')}, swap: bo, output: "all/{batch}.mp4" }\n  - id: "x-{f}"\n    matrix: { f: [ana, bo] }\n    video: "${url('{f}')}"\n    swap: ana\n    output: "all/{batch}.mp4"\n`,
    );
    expect(codes(reading)).toEqual(['M150', 'M153']);
  });

  it('a bad row does not take the id of a good one', async () => {
    const reading = await readRows([`sh010,${url('a')},ana`, `sh010,${url('b')},anna`, `sh020,nonsense,ana`]);
    expect(reading.manifest?.items.map((item) => item.id)).toEqual(['sh010']);
    expect(reading.manifest?.bad.map((row) => row.id)).toEqual(['row-3', 'sh020']);
    expect(reading.items).toBe(3);
  });

  it('strictRows gives no manifest at all', async () => {
    expect((await readRows([`sh010,${url('a')},ana`, `sh020,x,ana`], { strictRows: true })).manifest).toBeNull();
  });
});
