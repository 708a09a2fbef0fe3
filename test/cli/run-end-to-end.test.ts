import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { beforeAll, describe, expect, it } from 'vitest';
import { EventsSchema, type EventLine } from '../../schemas/events.ts';
import { emptyFolder, headswap } from './run-program.ts';

// Whole runs of the built-in account: real engine, real worker, emulated vendor, in processes of their own.
const MINUTE_MS = 60_000;
const ACCOUNT = ['--account', 'emulator'];

async function folderWith(items: number): Promise<string> {
  const cwd = await emptyFolder();
  const rows = Array.from(
    { length: items },
    (_, index) => `sh${index},https://media.example.com/plates/sh${index}.mp4,ana`,
  );
  await writeFile(join(cwd, 'faces.csv'), 'face,image\nana,https://media.example.com/faces/ana.jpg\n');
  await writeFile(join(cwd, 'shots.csv'), `id,video,swap\n${rows.join('\n')}\n`);
  return cwd;
}

const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EventLine);

describe('a run', () => {
  let cwd = '';
  beforeAll(async () => {
    cwd = await folderWith(3);
  });

  it('tells every change as a JSON line, and the summary last', { timeout: 2 * MINUTE_MS }, async () => {
    const { code, stdout, stderr } = await headswap(['run', 'shots.csv', ...ACCOUNT, '--yes', '--json'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    const lines = linesOf(stdout);
    expect(lines.filter((line) => !Value.Check(EventsSchema, line))).toEqual([]);
    expect(lines.map(({ seq }) => seq)).toEqual(lines.map((_line, index) => index));
    expect(new Set(lines.map(({ batch }) => batch))).toEqual(new Set(['shots']));
    expect(lines[0]?.type).toBe('plan');
    const done = lines.flatMap((line) => (line.type === 'item' && line.state === 'done' ? [line.id] : []));
    expect(done.toSorted()).toEqual(['sh0', 'sh1', 'sh2']);
    expect(lines.filter(({ type }) => type === 'summary')).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({
      type: 'summary',
      state: 'finished',
      exit_code: 0,
      totals: { items: 3, done: 3 },
    });
  });

  it(
    'again does nothing and costs nothing; status knows it, and completion its name',
    { timeout: 2 * MINUTE_MS },
    async () => {
      const again = await headswap(['run', 'shots.csv', ...ACCOUNT], { cwd });
      expect(again.code).toBe(0);
      expect(again.stderr).toContain('already done');
      expect(again.stderr).toContain('Cost: nothing will be paid for.');
      const status = await headswap(['status', ...ACCOUNT, '--json'], { cwd });
      expect(JSON.parse(status.stdout)).toMatchObject({
        schema_version: 1,
        batches: [{ id: 'shots', state: 'finished', totals: { done: 3 } }],
      });
      const one = await headswap(['status', 'sho', '--items', ...ACCOUNT], { cwd });
      expect(one.stdout).toMatch(/^shots: finished, nothing drives it now/u);
      expect(one.stdout).toMatch(/^sh2 +done +15 +shots\/sh2\.mp4$/mu);
      expect((await headswap(['__complete', 'batches', ...ACCOUNT], { cwd })).stdout).toBe('shots\n');
    },
  );
});

describe('without a yes', () => {
  it('nothing is started, and the flag is named', { timeout: MINUTE_MS }, async () => {
    const cwd = await folderWith(1);
    const { code, stdout, stderr } = await headswap(['run', 'shots.csv', ...ACCOUNT], { cwd });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--yes');
    const json = await headswap(['run', 'shots.csv', ...ACCOUNT, '--json'], { cwd });
    expect([json.code, ...linesOf(json.stdout).map(({ type }) => type)]).toEqual([2, 'plan', 'error', 'summary']);
  });
});

describe('Ctrl-C', () => {
  it(
    'settles what is being sent, ends with 130, and the same command goes on',
    { timeout: 3 * MINUTE_MS },
    async () => {
      const cwd = await folderWith(12);
      let seen = '';
      const first = await headswap(['run', 'shots.csv', ...ACCOUNT, '--yes'], {
        cwd,
        onOutput: (child, text) => {
          if (!seen.includes(' submitting') && (seen += text).includes(' submitting')) child.kill('SIGINT');
        },
      });
      expect(first.code).toBe(130);
      expect(first.stderr).toContain('Stopping: what is being sent is settled first');
      expect(first.stdout).toContain('headswap resume shots');
      const status = await headswap(['status', 'shots', ...ACCOUNT, '--json'], { cwd });
      expect(JSON.parse(status.stdout)).toMatchObject({
        batches: [{ state: 'stopped', active: false, totals: { uncertain: 0 } }],
      });
      const second = await headswap(['run', 'shots.csv', ...ACCOUNT, '--yes', '--json'], { cwd });
      expect(linesOf(second.stdout).at(-1)).toMatchObject({
        exit_code: 0,
        totals: { items: 12, done: 12 },
        credits: { charged: 180 },
      });
    },
  );
});
