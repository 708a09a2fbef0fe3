import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../schemas/exit-codes.ts';
import { codeBlocks, pages, ROOT } from './pages.ts';

const COMMAND_MS = 120_000;

// The README's own lines, in a fresh clone of what is committed, as somebody would type them.
describe('the first use', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headswap-first-use-'));
  const clone = join(folder, 'headswap-fleet');
  const readme = pages().find(({ path }) => path === 'README.md');
  const blocks = readme === undefined ? [] : codeBlocks(readme).filter(({ info }) => info.startsWith('sh'));

  /** One line in a shell of its own, without this machine's settings; `cd` and `export` are kept from the lines before. */
  const type = (before: readonly string[], line: string) => {
    const run = spawnSync('sh', ['-c', [...before, line].join('\n')], {
      cwd: clone,
      encoding: 'utf8',
      timeout: COMMAND_MS,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8' },
    });
    return { code: run.status, said: `$ ${line}\n${run.stdout}${run.stderr}` };
  };

  beforeAll(() => {
    execFileSync('git', ['clone', '--quiet', ROOT, clone], { stdio: 'pipe' });
    // What set-up would fetch for minutes. Links to the same files: were the clone set up anew, only its names would change.
    mkdirSync(join(clone, '.cache'));
    for (const part of ['node_modules', '.cache/temporal']) {
      try {
        execFileSync('cp', ['-al', join(ROOT, part), join(clone, part)], { stdio: 'pipe' });
      } catch {
        rmSync(join(clone, part), { recursive: true, force: true });
        execFileSync('cp', ['-a', join(ROOT, part), join(clone, part)]);
      }
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('begins with the two commands of the contract', () => {
    const [first] = blocks;
    expect(first?.lines.map((line) => line.split('#')[0]?.trim())).toEqual(['./headswap demo', 'npm test']);
  });

  it(
    'shows the demo',
    () => {
      const { code, said } = type([], './headswap demo');
      expect(code, said).toBe(EXIT.ok);
      const batches = join(clone, '.headswap', 'demo');
      const reports = readdirSync(batches, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('report.html'),
      );
      expect(reports.length, said).toBe(1);
    },
    COMMAND_MS,
  );

  it(
    'goes from nothing to a report of an own manifest',
    () => {
      const block = blocks.find(({ info }) => info === 'sh first-use');
      const before: string[] = [];
      const lines = block?.lines ?? [];
      expect(lines.length).toBeGreaterThan(5);
      for (const line of lines) {
        const { code, said } = type(before, line);
        expect(code, said).toBe(EXIT.ok);
        if (/^(cd|export) /.test(line)) before.push(line);
      }
      const batch = join(clone, 'my-batch', '.headswap', 'emulator', 'out', 'first-batch');
      const report = JSON.parse(readFileSync(join(batch, 'report.json'), 'utf8')) as {
        items: { id: string; state: string }[];
      };
      expect(report.items.length).toBeGreaterThan(0);
      for (const { id, state } of report.items) {
        expect(state, id).toBe('done');
        expect(existsSync(join(batch, `${id}.mp4`)), id).toBe(true);
      }
    },
    3 * COMMAND_MS,
  );
});
