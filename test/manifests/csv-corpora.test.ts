import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanCells, sniffDelimiter } from '../../manifests/csv-cells.ts';
import { readCsvRows, type CsvRow } from '../../manifests/csv-rows.ts';
import { readManifest } from '../../manifests/read-manifest.ts';
import { strayQuote } from '../../manifests/row-place.ts';
import { openSource, type SourceFile } from '../../manifests/source-file.ts';
import { CONFIG, folderWith } from './manifest-folder.ts';

const corpus = join(import.meta.dirname, '../corpora/csv');
interface Entry {
  file: string;
  encoding: string;
  delimiter: string;
  non_blank_rows: number;
  widths: Record<string, number>;
  expected?: string;
}
const index = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8')) as Entry[];
const blank = (cells: readonly string[]) => cells.every((cell) => cell.trim() === '');

async function open(path: string): Promise<SourceFile> {
  const source = await openSource(path, path);
  if ('code' in source) throw new Error(`${source.code} ${source.message}`);
  return source;
}
async function rowsOf(source: SourceFile, delimiter: string): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  await readCsvRows(source, { delimiter, sepLine: false }, (row) => rows.push(row));
  return rows;
}

describe('real and awkward sheets', () => {
  it('has its corpus', () => expect(index.length).toBeGreaterThan(20));

  it.each(index)('$file: encoding', async (entry) => {
    const { encoding } = await open(join(corpus, entry.file));
    const known: Record<string, RegExp> = {
      'utf-8-sig': /^UTF-8/u,
      'utf-16': /^UTF-16/u,
      'latin-1': /^Windows-1252$/u,
    };
    expect(encoding).toMatch(known[entry.encoding] ?? /never/u);
  });

  // The space before a quote (complex.csv) is split as Python and papaparse split it.
  it.each(index)('$file: rows', async (entry) => {
    const rows = (await rowsOf(await open(join(corpus, entry.file)), entry.delimiter)).map((row) => row.cells);
    const kept = rows.filter((cells) => !blank(cells));
    if (entry.expected !== undefined) {
      const expected = JSON.parse(readFileSync(join(corpus, entry.expected), 'utf8')) as string[][];
      expect(kept).toEqual(expected.filter((cells) => !blank(cells)));
    } else {
      expect(rows.filter((cells) => cells.length > 1)).toHaveLength(entry.non_blank_rows);
      expect(kept.flat().join('')).not.toContain('\ufffd');
    }
    expect(kept.flat().join('')).not.toContain('\ufeff');
  });

  it.each(index.filter((entry) => [',', ';', '\t'].includes(entry.delimiter) && !('1' in entry.widths)))(
    '$file: delimiter',
    async (entry) => {
      const { head } = await open(join(corpus, entry.file));
      expect(sniffDelimiter(head, () => false)).toEqual({ delimiter: entry.delimiter, sepLine: false });
    },
  );

  it.each(index)('$file as a manifest: refused with a place, never thrown', async (entry) => {
    const reading = await readManifest({ file: join(corpus, entry.file), cwd: '/', config: CONFIG });
    expect(reading.manifest).toBeNull();
    expect(reading.problems.length).toBeGreaterThan(0);
    for (const problem of reading.problems) {
      expect(problem.line).toBeGreaterThan(0);
      expect(problem.help).not.toBeNull();
    }
  });

  it('reads the last row of simple.psv without its line end, though the file ends in another one', async () => {
    const rows = await rowsOf(await open(join(corpus, 'messytables/simple.psv')), '|');
    expect(rows.at(-1)?.cells.at(-1)).toBe('292000');
  });
});

describe('csv-spectrum', () => {
  const names = [
    'comma_in_quotes',
    'empty',
    'empty_crlf',
    'escaped_quotes',
    'json',
    'newlines',
    'newlines_crlf',
    'quotes_and_newlines',
    'simple',
    'simple_crlf',
    'utf8',
  ];
  it.each(names)('%s', async (name) => {
    const [header, ...rows] = (await rowsOf(await open(join(corpus, `spectrum/${name}.csv`)), ',')).map(
      (row) => row.cells,
    );
    const objects = rows.map((cells) =>
      Object.fromEntries(cells.map((cell, column) => [header?.[column] ?? '', cell])),
    );
    expect(objects).toEqual(JSON.parse(readFileSync(join(corpus, `spectrum/${name}.expected.json`), 'utf8')));
  });
});

describe('papaparse cases', () => {
  interface Case {
    suite: string;
    description: string;
    input: string;
    config: { delimiter?: string };
    expected: { data: string[][]; errors: unknown[] };
  }
  const cases = (JSON.parse(readFileSync(join(corpus, 'papaparse/cases.json'), 'utf8')) as Case[]).filter(
    ({ config, description, expected, input }) =>
      Object.keys(config).every((key) => key === 'delimiter') &&
      (config.delimiter === undefined || config.delimiter.length === 1) &&
      expected.errors.length === 0 &&
      Array.isArray(expected.data[0]) &&
      input !== '' &&
      // One line end for the whole file, and a line end as delimiter: not how people's sheets are to be read.
      !/should choose|Bad delimiter/u.test(description),
  );
  it('has enough of them', () => expect(cases.length).toBeGreaterThan(40));

  it.each(cases)('$suite: $description', async ({ input, config, expected }) => {
    const folder = folderWith({ 'case.csv': input });
    const source = await openSource('case.csv', join(folder, 'case.csv'));
    if ('code' in source) {
      expect(source.code).toBe('M003');
      return;
    }
    const delimiter = config.delimiter ?? guessed(expected.data, input);
    const rows = await rowsOf(source, delimiter);
    const stray = rows.map((row) => strayQuote(row, delimiter)).find((found) => found !== null);
    if (stray !== undefined) {
      // Accepted by papaparse, one way or another; here a person is asked to say what was meant.
      expect(stray?.fault).toMatchObject({ code: 'M020', help: expect.stringContaining('quote') as string });
      return;
    }
    expect(rows.map((row) => row.cells).filter((cells) => !blank(cells))).toEqual(
      expected.data.filter((cells) => !blank(cells)),
    );
  });

  /** Those cases of papaparse that leave the delimiter to it; it tries more than the contract's three. */
  function guessed(data: string[][], input: string): string {
    const wide = (data[0]?.length ?? 1) > 1;
    return (
      [',', '\t', '|', ';', '\u001e', '\u001f'].find(
        (delimiter) => wide && scanCells(input.split(/\r\n|\n|\r/u, 1)[0] ?? '', delimiter).length === data[0]?.length,
      ) ?? ','
    );
  }
});

it('keeps the licences of its corpora', () => expect(existsSync(join(corpus, '../README.md'))).toBe(true));
