import { describe, expect, it } from 'vitest';
import { mergeReadings, problemsGithub, problemsJson, problemsText } from '../../manifests/problem-text.ts';
import { readItems, readRows, url } from './manifest-folder.ts';

describe('as text', () => {
  it('is code, place, marked line, next step', async () => {
    const reading = await readRows([`sh032,${url('sh032')},anna`]);
    expect(problemsText(reading)).toBe(
      `error[M112]: unknown face "anna"
 --> shots.csv:2:56 (column "swap", cell C2)
  |
2 | sh032,https://media.example.com/plates/sh032.mp4,anna
  |                                                  ^^^^
  = help: did you mean "ana"? Known faces: ana, bo

1 error, 0 warnings
`
        .replace('2:56', `2:${`sh032,${url('sh032')},`.length + 1}`)
        .replace(/\n {2}= help/u, '\n  = help'),
    );
  });

  it('groups what differs only by its row', async () => {
    const rows = Array.from({ length: 14 }, (_, n) => `sh${n},${url(`v${n}`)},anna`);
    const text = problemsText(await readRows([...rows, `last,${url('l')},zzz`]));
    expect(text).toContain('error[M112]: unknown face "anna" in 14 rows: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, ...');
    expect(text.match(/error\[/gu)).toHaveLength(2);
    expect(text).toContain('15 errors, 0 warnings');
  });

  it('shows at most 100 and counts the rest', async () => {
    const rows = Array.from({ length: 250 }, (_, n) => `sh${n},${url(`v${n}`)},anna${n}`);
    const reading = await readRows(rows);
    const text = problemsText(reading);
    expect(text.match(/error\[/gu)).toHaveLength(100);
    expect(text).toContain('... and 150 more errors not shown');
    expect(problemsText(reading, { maxErrors: 3 }).match(/error\[/gu)).toHaveLength(3);
    expect(problemsJson(reading)).toMatchObject({ ok: false, items: 250, error_count: 250 });
    expect((problemsJson(reading)['errors'] as unknown[]).length).toBe(100);
  });

  it('cannot move the cursor or forge a line, whatever a cell holds', async () => {
    const reading = await readRows([`"sh\u001b[2Ja\u202e",${url('a')},"an\r\n::error::forged"`]);
    const out = problemsText(reading) + problemsGithub(reading);
    for (const char of ['\u001b', '\u202e', '\r']) expect(out).not.toContain(char);
    expect(out.split('\n').some((line) => line.startsWith('::error::'))).toBe(false);
  });

  it('cuts long lines around the mark', async () => {
    const reading = await readRows([`sh010,${url('a'.repeat(900))},anna`]);
    const excerpt = reading.problems[0]?.excerpt;
    expect(excerpt?.text.length).toBeLessThan(160);
    expect(excerpt?.text.slice(excerpt.from, excerpt.from + excerpt.length)).toBe('anna');
  });

  it('is empty where there is nothing to say', async () =>
    expect(problemsText(await readRows([`sh010,${url('a')},ana`]))).toBe(''));
});

it('as JSON: the fields of the contract', async () => {
  const reading = await readRows([`sh010,${url('a')},anna`]);
  expect(problemsJson(reading)).toEqual({
    ok: false,
    items: 1,
    errors: [
      {
        code: 'M112',
        message: 'unknown face "anna"',
        file: 'shots.csv',
        line: 2,
        column: `sh010,${url('a')},`.length + 1,
        path: '',
        cell: 'C2',
        column_name: 'swap',
        length: 4,
        help: 'did you mean "ana"? Known faces: ana, bo',
      },
    ],
    warnings: [],
    error_count: 1,
    warning_count: 0,
  });
  const warned = await readRows([`2025-01-01,${url('a')},ana`]);
  expect([problemsJson(warned)['ok'], problemsJson(warned, { strict: true })['ok']]).toEqual([true, false]);
});

it('as annotations, escaped', async () => {
  const reading = await readItems(`  - { id: "a,b:c%", video: ${url('a')}, swap: ana }\n`);
  expect(problemsGithub(reading)).toBe(
    '::error file=shots.yaml,line=7,col=11,endColumn=19,title=M110::"a,b:c%25" cannot be an id%0Ahelp: letters, digits, . _ - only, at most 100, not starting with a dot\n',
  );
});

it('several files are one report', async () => {
  const merged = mergeReadings([await readRows([`sh010,${url('a')},anna`]), await readRows([`sh010,${url('a')},ana`])]);
  expect([merged.items, merged.errorCount]).toEqual([2, 1]);
});
