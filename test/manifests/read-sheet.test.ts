import { describe, expect, it } from 'vitest';
import { codes, FACES, marks, readFiles, readRows, spots, url, warningCodes } from './manifest-folder.ts';

const sheet = `id,video,swap,note\nsh010,${url('sh010')},ana,été\nsh020,${url('sh020')},0:ana 1:bo,\n`;
const utf16 = (text: string, mark: boolean) => Buffer.from((mark ? '\ufeff' : '') + text, 'utf16le');

describe('a sheet as people make it', () => {
  it.each([
    ['UTF-8', Buffer.from(sheet), 'read as UTF-8, comma, 2 rows'],
    ['UTF-8 with byte order mark', Buffer.from(`\ufeff${sheet}`), 'read as UTF-8 with BOM, comma, 2 rows'],
    ['UTF-16 with byte order mark', utf16(sheet, true), 'read as UTF-16, comma, 2 rows'],
    ['UTF-16 without one', utf16(sheet, false), 'read as UTF-16, comma, 2 rows'],
    ['UTF-16 big-endian', utf16(sheet, true).swap16(), 'read as UTF-16 big-endian, comma, 2 rows'],
    ['UTF-16 big-endian without mark', utf16(sheet, false).swap16(), 'read as UTF-16 big-endian, comma, 2 rows'],
    ['Windows-1252', Buffer.from(sheet, 'latin1'), 'read as Windows-1252, comma, 2 rows'],
    ['semicolons', Buffer.from(sheet.replaceAll(',', ';')), 'read as UTF-8, semicolon, 2 rows'],
    ['tabs', Buffer.from(sheet.replaceAll(',', '\t')), 'read as UTF-8, tab, 2 rows'],
    ['a sep= line', Buffer.from(`sep=;\r\n${sheet.replaceAll(',', ';')}`), 'read as UTF-8, semicolon, 2 rows'],
    ['a sep= line with a bar', Buffer.from(`sep=|\n${sheet.replaceAll(',', '|')}`), 'read as UTF-8, "|", 2 rows'],
    ['CRLF', Buffer.from(sheet.replaceAll('\n', '\r\n')), 'read as UTF-8, comma, 2 rows'],
    ['bare CR', Buffer.from(sheet.replaceAll('\n', '\r')), 'read as UTF-8, comma, 2 rows'],
    ['LF then CRLF', Buffer.from(sheet.replace(/\n$/u, '\r\n')), 'read as UTF-8, comma, 2 rows'],
    ['CRLF then LF', Buffer.from(sheet.replace('\n', '\r\n')), 'read as UTF-8, comma, 2 rows'],
    ['no last line end', Buffer.from(sheet.trimEnd()), 'read as UTF-8, comma, 2 rows'],
    ['trailing blank rows', Buffer.from(`${sheet}\n\n,,,\n , ,,\n`), 'read as UTF-8, comma, 2 rows'],
    [
      'headers in another case, with blanks',
      Buffer.from(sheet.replace('id,video,swap', ' ID , Video,SWAP ')),
      'read as UTF-8, comma, 2 rows',
    ],
    ['everything quoted', Buffer.from(sheet.replaceAll(/[^,\n]+/gu, '"$&"')), 'read as UTF-8, comma, 2 rows'],
  ])('%s', async (_name, bytes, detected) => {
    const reading = await readFiles({ 'shots.csv': bytes });
    expect(reading.problems).toEqual([]);
    expect(reading.detected).toBe(detected);
    const semicolons = detected.includes('semicolon');
    expect(reading.manifest?.items.map((item) => [item.id, item.video, item.rule])).toEqual([
      ['sh010', url('sh010'), 'ana'],
      ['sh020', url('sh020'), '0:ana 1:bo'],
    ]);
    expect(reading.manifest?.items[0]?.note, String(semicolons)).toBe('été');
  });

  it('takes the batch from the file name', async () => {
    expect((await readFiles({ 'shots.csv': sheet })).manifest?.batch).toBe('shots');
    expect((await readFiles({ 'shots.csv': sheet }, { batchName: 'night-2' })).manifest?.batch).toBe('night-2');
    const odd = await readFiles({ 'shots (1).csv': sheet });
    expect([odd.manifest?.batch, warningCodes(odd)]).toEqual(['shots-1', ['M029']]);
  });

  it('keeps quoted line breaks, and counts lines and rows as editors and spreadsheets do', async () => {
    const reading = await readRows(
      [`sh010,${url('a')},ana,"two\r\nlines"`, '', `sh020,${url('b')},anna,`],
      {},
      'id,video,swap,note',
    );
    expect(spots(reading)).toEqual([`M112 shots.csv:5:${`sh020,${url('b')},`.length + 1}`]);
    expect(reading.problems[0]?.cell).toEqual({ column: 'swap', ref: 'C4' });
    expect(marks(reading)).toEqual(['anna']);
    expect(reading.manifest?.items[0]?.note).toBe('two\r\nlines');
    expect(reading.manifest?.items[0]?.line).toBe(2);
  });

  it('does not let a sep= line count as a spreadsheet row', async () => {
    const reading = await readFiles({ 'shots.csv': `sep=,\nid,video,swap\nsh010,${url('a')},anna\n` });
    expect([reading.problems[0]?.line, reading.problems[0]?.cell?.ref]).toEqual([3, 'C2']);
  });

  it('tells rows with more or fewer cells, and goes on', async () => {
    const reading = await readRows([`sh010,${url('a')},ana,too,many`, 'sh020', `sh030,${url('c')},ana`]);
    expect(spots(reading)).toEqual([`M021 shots.csv:2:${`sh010,${url('a')},ana,`.length + 1}`, 'M021 shots.csv:3:1']);
    expect(reading.problems[0]?.message).toBe('the row has 5 cells, the header has 3');
    expect(reading.manifest?.items.map((item) => item.id)).toEqual(['sh030']);
    expect(reading.manifest?.bad.map((row) => [row.id, row.code])).toEqual([
      ['sh010', 'M021'],
      ['sh020', 'M021'],
    ]);
  });

  it('finds every stray quote in one pass', async () => {
    const reading = await readRows([
      `sh010,${url('a')}, "ana"`,
      `sh020,${url('b')},an"a`,
      `"sh030"x,${url('c')},ana`,
      `sh040,${url('d')},ana`,
    ]);
    expect(codes(reading)).toEqual(['M020', 'M020', 'M020']);
    expect(reading.problems.map((problem) => problem.line)).toEqual([2, 3, 4]);
    expect(reading.problems[0]?.message).toContain('a blank before the quote');
    expect(reading.manifest?.items.map((item) => item.id)).toEqual(['sh040']);
  });

  it('names the place of a quote that is never closed', async () => {
    const reading = await readRows([`sh010,${url('a')},ana`, `sh020,"${url('b')},ana`, `sh030,${url('c')},ana`]);
    expect(reading.manifest).toBeNull();
    expect(spots(reading)).toEqual(['M020 shots.csv:3:7']);
  });

  it('warns about unknown columns with a suggestion, and about cells without a column', async () => {
    const reading = await readRows(
      [`sh010,${url('a')},ana,720p,x,y`, `sh020,${url('b')},ana,720p,x,`],
      {},
      'id,video,swap,resolutoin,Camera,',
    );
    expect(reading.warnings.map((warning) => [warning.code, warning.cell?.ref])).toEqual([
      ['M025', 'D1'],
      ['M025', 'E1'],
      ['M028', 'F2'],
    ]);
    expect(reading.warnings[0]?.help).toBe('did you mean "resolution"?');
    expect(reading.warnings[1]?.help).toContain('x_camera');
    expect(reading.manifest?.items).toHaveLength(2);
  });

  it.each(['__proto__', 'constructor', 'X___proto__'])('refuses a column called %s with its place', async (name) => {
    const reading = await readRows([`sh010,${url('a')},ana,x`], {}, `id,video,swap,${name}`);
    expect(spots(reading)).toEqual(['M024 shots.csv:1:15']);
    expect(reading.manifest).toBeNull();
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it.each([
    ['id,video', 'M022'],
    ['id,video,swap,swap', 'M023'],
    ['id,video,swap,person,face', 'M026'],
  ])('header %s: %s', async (header, code) => {
    expect(
      codes(await readRows(['a,b,c,d,e'.split(',').slice(0, header.split(',').length).join(',')], {}, header))[0],
    ).toBe(code);
  });

  it('says where the header is when titles stand above it', async () => {
    const reading = await readFiles({ 'shots.csv': `Spring campaign,,\n,,\nid,video,swap\nsh010,${url('a')},ana\n` });
    expect(reading.problems.map((problem) => [problem.code, problem.help])).toEqual([
      ['M022', 'line 3 looks like the header: delete the rows above it'],
    ]);
  });

  it('warns about ids that a spreadsheet reshaped', async () => {
    const reading = await readRows([
      `2025-03-04,${url('a')},ana`,
      `04-Mar,${url('b')},ana`,
      `1E+05,${url('c')},ana`,
      `sh010,${url('d')},ana`,
    ]);
    expect(reading.warnings.map((warning) => [warning.code, warning.line])).toEqual([
      ['M027', 2],
      ['M027', 3],
      ['M027', 4],
    ]);
    expect(spots(reading)).toEqual(['M110 shots.csv:4:1']);
  });

  it('tells how to save a workbook, by name or by content', async () => {
    for (const [name, content] of [
      ['shots.xlsx', 'x'],
      ['shots.csv', Buffer.from('PK\u0003\u0004rest')],
    ] as const) {
      const reading = await readFiles({ [name]: content });
      expect(codes(reading)).toEqual(['M002']);
      expect(reading.problems[0]?.help).toContain('CSV UTF-8');
    }
  });

  it('refuses what is no text', async () => {
    expect(codes(await readFiles({ 'shots.csv': Buffer.from([0x69, 0x64, 0x01, 0x02, 0x03, 0xff]) }))).toEqual([
      'M003',
    ]);
    expect(codes(await readFiles({ 'shots.csv': '' }))).toEqual(['M005']);
    expect(codes(await readFiles({ 'shots.csv': 'id,video,swap\n' }))).toEqual(['M005']);
    expect(codes(await readFiles({ 'faces.csv': FACES }, { file: 'nothing.csv' }))).toEqual(['M001']);
  });

  it('reads a report sheet back: passes over hs_ columns and undoes what was done to formulas', async () => {
    const reading = await readRows(
      [`sh010,${url('a')},ana,akool-premium,fail,'=cmd,'@x,done,12`],
      {},
      'id,video,swap,model,when_people_differ,note,x_a,hs_state,hs_credits',
    );
    expect(reading.problems).toEqual([]);
    expect(reading.warnings).toEqual([]);
    const [item] = reading.manifest?.items ?? [];
    expect([item?.note, item?.x, item?.whenPeopleDiffer]).toEqual(['=cmd', { x_a: '@x' }, 'fail']);
    expect(reading.manifest?.sheet?.header).toEqual([
      'id',
      'video',
      'swap',
      'model',
      'when_people_differ',
      'note',
      'x_a',
    ]);
    expect(item?.cells).toEqual([['sh010', url('a'), 'ana', 'akool-premium', 'fail', '=cmd', '@x']]);
  });
});

describe('the long form', () => {
  const header = 'id,video,person,face,note';
  it('joins the rows of one id wherever they stand', async () => {
    const reading = await readRows(
      [
        `sh010,${url('a')},0,ana,`,
        `sh020,${url('b')},,bo,`,
        `sh010,,1,keep,crowd`,
        `sh030,${url('c')},all,ana,`,
        `sh040,${url('d')},,pick,`,
      ],
      {},
      header,
    );
    expect(reading.problems).toEqual([]);
    expect(
      reading.manifest?.items.map((item) => [item.id, item.rule, item.note, item.line, item.cells?.length]),
    ).toEqual([
      ['sh010', '0:ana 1:keep', 'crowd', 2, 2],
      ['sh020', 'bo', null, 3, 1],
      ['sh030', 'all:ana', null, 5, 1],
      ['sh040', 'pick', null, 6, 1],
    ]);
  });

  it('names the row that is wrong', async () => {
    const reading = await readRows(
      [
        `sh010,${url('a')},0,ana,`,
        `sh010,${url('b')},1,anna,`,
        `sh020,${url('c')},left,ana,`,
        `sh020,,,bo,`,
        `sh030,${url('d')},0,ana,`,
        `sh030,,0,bo,`,
      ],
      {},
      header,
    );
    expect(reading.problems.map((problem) => [problem.code, problem.line, problem.cell?.column])).toEqual([
      ['M161', 3, 'video'],
      ['M160', 4, 'person'],
      ['M160', 5, 'person'],
      ['M113', 7, 'person'],
    ]);
    expect(reading.manifest?.bad.map((row) => row.id)).toEqual(['sh010', 'sh020', 'sh030']);
  });
});
