import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeCell, unescapeCell } from '../../schemas/spreadsheet-cell.ts';
import { contentWord, SeenTable } from '../../manifests/seen-table.ts';
import { readFiles, url } from './manifest-folder.ts';

describe('cells that a spreadsheet would run', () => {
  it.each(['=1+1', '+1', '-1', '@x', '\tx', '=cmd|"/c calc"!A1', '＝1', "'=1", "''=1", '%x', '|x'])(
    '%j is neutralised',
    (text) => {
      expect(escapeCell(text)).toBe(`'${text}`);
    },
  );
  it.each(['sh010', "it's", "'quoted'", "'", '', '1-2', 'a=b', '0:ana 1:bo', url('a')])('%j is left alone', (text) => {
    expect([escapeCell(text), unescapeCell(text)]).toEqual([text, text]);
  });
  it('come back as they were', () => {
    const text = fc
      .array(fc.constantFrom("'", '=', '+', 'a', ' ', '\n', '@', '-'), { maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (cell) => {
        expect(unescapeCell(escapeCell(cell))).toBe(cell);
      }),
    );
  });
});

it('a sheet written by a machine is read back cell by cell', async () => {
  const cell = fc
    .array(fc.constantFrom('a', '"', ',', ';', '\n', '\r\n', '\r', "'", '=', ' ', 'é', '\t', '{', '😀'), {
      minLength: 1,
      maxLength: 12,
    })
    .map((parts) => `x${parts.join('')}x`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(cell, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('\n', '\r\n'),
      async (cells, delimiter, end) => {
        const rows = cells.map((text, n) => [`sh${n}`, url(`v${n}`), 'ana', escapeCell(`=${text}`), escapeCell(text)]);
        const options = { delimiter, record_delimiter: end, quoted_match: /[\r\n]/u };
        const sheet = stringify([['id', 'video', 'swap', 'x_a', 'x_b'], ...rows], options);
        const reading = await readFiles({ 'shots.csv': sheet });
        expect(reading.problems).toEqual([]);
        expect(reading.manifest?.items.map((item) => [item.x['x_a'], item.x['x_b']])).toEqual(
          cells.map((text) => [`=${text}`, text]),
        );
      },
    ),
    { numRuns: 40 },
  );
});

describe('the table of what was seen', () => {
  it('remembers the first place of each text, through growth', () => {
    const table = new SeenTable();
    for (let n = 0; n < 50_000; n++) expect(table.first(`id-${n}`, n, n * 2)).toBeNull();
    for (let n = 0; n < 50_000; n += 997) expect(table.first(`id-${n}`, 1, 1)).toEqual({ value: n, extra: n * 2 });
  });
  it('agrees with a map', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3 }), { maxLength: 200 }), (texts) => {
        const [table, map] = [new SeenTable(), new Map<string, number>()];
        for (const [n, text] of texts.entries()) {
          expect(table.first(text, n)?.value ?? null).toBe(map.get(text) ?? null);
          if (!map.has(text)) map.set(text, n);
        }
      }),
    );
  });
  it('tells contents apart', () => expect(contentWord('a')).not.toBe(contentWord('b')));
});
