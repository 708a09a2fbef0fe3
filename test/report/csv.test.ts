import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildReport } from '../../report/build-report.ts';
import { HS_COLUMNS, reportCsv } from '../../report/csv.ts';
import type { ReportFacts } from '../../report/report-facts.ts';
import { unescapeCell } from '../../schemas/spreadsheet-cell.ts';
import { ana, bo, doneItem, factsOf, springFacts, type Built } from './sample-facts.ts';

const read = (text: string, delimiter = ','): string[][] => parse(text, { delimiter, bom: true });
const csvOf = (facts: ReportFacts) => reportCsv(facts, buildReport(facts));

function sheet(header: string[], built: Built[], delimiter = ','): ReportFacts {
  const facts = factsOf(built);
  return { ...facts, batch: { ...facts.batch, sheet: { header, delimiter } } };
}

describe('a submitted sheet', () => {
  const header = ['ID', 'Video ', 'x_act', 'swap', 'comment'];
  const cells = [['sh1', 'https://e.com/1.mp4', '2', 'ana', 'later;soon']];

  test('comes back with its own columns in its own order, and ours after them', () => {
    const [first, row] = read(csvOf(sheet(header, [doneItem('sh1', 0, { cells })])));
    expect(first).toEqual([...header, ...HS_COLUMNS]);
    expect(row?.slice(0, 5)).toEqual(cells[0]);
    const ours = Object.fromEntries(HS_COLUMNS.map((name, n) => [name, row?.[5 + n]]));
    expect(ours).toEqual({
      hs_state: 'done',
      hs_code: '',
      hs_message: '',
      hs_task_id: '69270000c3d4e5f60718293a',
      hs_link: 'https://cdn.example-vendor.com/out/69270000c3d4e5f60718293a.mp4?Expires=1766400000&Signature=abc',
      hs_file: 'spring/sh1.mp4',
      hs_credits: '15',
      hs_batch: 'spring-campaign-fr',
    });
  });

  test('keeps its delimiter; a mark for Excel only where letters need it', () => {
    const plain = csvOf(sheet(header, [doneItem('sh1', 0, { cells })], ';'));
    expect(plain.startsWith('ID;Video ;x_act;swap;comment;hs_state;')).toBe(true);
    expect(plain).toContain('"later;soon"');
    const accents = csvOf(sheet(header, [doneItem('sh1', 0, { cells: [['sh1', 'v', '2', 'ana', 'été']] })]));
    expect(accents.startsWith('\uFEFFID,')).toBe(true);
  });

  test('in the long form every row of an item says how the item ended', () => {
    const rows = [
      ['sh1', 'https://e.com/1.mp4', '0', 'ana'],
      ['sh1', 'https://e.com/1.mp4', '1', 'bo'],
    ];
    const csv = read(csvOf(sheet(['id', 'video', 'person', 'face'], [doneItem('sh1', 0, { cells: rows })])));
    expect(csv.slice(1).map((row) => row.slice(0, 4))).toEqual(rows);
    expect(csv.slice(1).map((row) => row[4])).toEqual(['done', 'done']);
  });

  test("an earlier report's columns are replaced, not doubled", () => {
    const earlier = [...header, 'HS_State', 'hs_credits'];
    const built = doneItem('sh1', 0, { cells: [[...(cells[0] ?? []), 'failed', '0']] });
    const [first, row] = read(csvOf(sheet(earlier, [built])));
    expect(first).toEqual([...header, ...HS_COLUMNS]);
    expect(row?.slice(4, 6)).toEqual(['later;soon', 'done']);
  });

  test('bad rows come back as far as they fit; a row of an earlier form of the sheet is said in the columns there are', () => {
    const bad = doneItem('row-3', 1, {
      state: 'failed',
      swap: null,
      rule: 'anna',
      cells: [['', 'https://e.com/2.mp4', '', 'anna', 'note', 'surplus']],
      reason: { code: 'M112', message: 'unknown face "anna"', vendor: null, next: null },
    });
    const old = doneItem('sh9', 2, { cells: [['sh9', 'https://e.com/9.mp4']], note: 'n' });
    const rows = read(csvOf(sheet(header, [bad, old])));
    expect(rows[1]?.slice(0, 8)).toEqual([
      '',
      'https://e.com/2.mp4',
      '',
      'anna',
      'note',
      'failed',
      'M112',
      'unknown face "anna"',
    ]);
    expect(rows[2]?.slice(0, 2)).toEqual(['sh9', old.item.video]);
  });
});

describe('spreadsheets', () => {
  const cell = (text: string) => {
    const facts = sheet(['id', 'note'], [doneItem('a', 0, { cells: [['a', text]] })]);
    return read(csvOf(facts))[1]?.[1];
  };

  test.each(['=1+1', '+cmd|x', '-2+3', '@SUM(A1)', '\t=1', '＝1+1'])('%j is no formula any more', (text) => {
    expect(cell(text)).toBe(`'${text}`);
    expect(unescapeCell(cell(text) ?? '')).toBe(text);
  });

  test.each(['-3.5', '+7', '-12', '-3,5', '0', 'plain', ''])('%j stays as it is', (text) => {
    expect(cell(text)).toBe(text);
  });

  test("the vendor's words are neutralised too", () => {
    const built = doneItem('a', 0, {
      cells: [['a', '']],
      state: 'failed',
      reason: { code: 'P105', message: '=HYPERLINK("http://evil")', vendor: null, next: null },
    });
    expect(read(csvOf(sheet(['id', 'note'], [built])))[1]?.[4]).toBe(`'=HYPERLINK("http://evil")`);
  });

  test('a bare carriage return ends no row, for whatever reads the sheet', () => {
    const header = ['id', 'note'];
    const csv = csvOf(sheet(header, [doneItem('a', 0, { cells: [['a', 'first\rsecond']] })]));
    expect(csv).toContain('\na,"first\rsecond",done,');
    expect(read(csv)[1]?.[1]).toBe('first\rsecond');
  });

  test('no cell starts a formula, and every cell can be read back', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('=', '+', '-', '@', "'", '\t', '\r', '\n', '"', ',', '1', '＝'),
        fc.string({ maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(text, (value) => {
        const written = cell(value) ?? '';
        if (!/^[+-]?\d+([.,]\d+)?$/.test(written)) expect(written).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
        expect(unescapeCell(written)).toBe(value);
      }),
    );
  });
});

describe('a YAML batch', () => {
  test('comes as the short form, faces as URLs in place, settings written out', () => {
    const people = {
      kind: 'by-number',
      people: [
        { objId: 0, face: ana },
        { objId: 1, face: null },
        { objId: 2, face: bo },
      ],
    } as const;
    const facts = factsOf([
      doneItem('a', 0, { x: { x_act: '2' }, outputKey: 'spring/{odd}.mp4', note: '=1' }),
      doneItem('b', 1, { swap: people, check: 'k7f3c', whenPeopleDiffer: 'fail' }),
      doneItem('c', 2, { swap: { kind: 'all', face: bo } }),
      doneItem('d', 3, { swap: { kind: 'pick' } }),
    ]);
    const [header = [], ...rows] = read(csvOf(facts));
    expect(header).toEqual([
      ...[
        'id',
        'video',
        'swap',
        'resolution',
        'keep_original_sound',
        'template_id',
        'output',
        'project',
        'note',
        'check',
      ],
      ...['model', 'when_people_differ', 'x_act', ...HS_COLUMNS],
    ]);
    const column = (name: string) => rows.map((row) => row[header.indexOf(name)]);
    expect(column('swap')).toEqual([ana.url, `0:${ana.url} 1:keep 2:${bo.url}`, `all:${bo.url}`, 'pick']);
    expect(column('check')).toEqual(['', 'k7f3c', '', '']);
    expect(column('model')).toEqual(Array.from({ length: 4 }, () => 'akool-premium'));
    expect(column('when_people_differ')).toEqual(['wait', 'fail', 'wait', 'wait']);
    expect(column('x_act')).toEqual(['2', '', '', '']);
    expect(column('note')[0]).toBe("'=1");
    expect(column('output')[0]).toBe('spring/{{odd}}.mp4');
  });

  test('one line per item, in the order of the manifest', () => {
    const facts = springFacts();
    expect(
      read(csvOf(facts))
        .slice(1)
        .map(([id]) => id),
    ).toEqual(facts.items.map(({ id }) => id));
  });
});
