import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/command-table.ts';
import { FAILURE_CODES } from '../../schemas/failure-codes.ts';
import { dryParse } from './dry-parse.ts';
import { codeBlocks, inlineCode, pages, ROOT, shellCommands } from './pages.ts';

/** What a page may write for a value that only the reader knows. */
const STAND_INS: Readonly<Record<string, string>> = { N: '5', D: '30m', CODE: 'U101', FILE: 'spring.csv' };

/** The words after `headswap`, or null where the program is not called. */
function programWords(words: readonly string[]): readonly string[] | null {
  const rest = words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)));
  if (rest[0] === 'headswap' || rest[0] === './headswap') return rest.slice(1);
  const compose = rest.findIndex((word) => word === 'headswap' || word === 'headswap-emulated');
  if (rest[0] === 'docker' && rest.includes('run') && compose > 0) return rest.slice(compose + 1);
  return null;
}

/** Commands of other programs that pages may use in `sh` blocks. */
const OTHERS = new Set(['source', 'export', 'cd', 'cp', 'git', 'docker', 'npm', 'npx', 'sqlite3', 'jq']);

describe('commands in the docs', () => {
  it('splits command lines as a shell does', () => {
    expect(shellCommands('A=b headswap resume "sh 01*" --only x # why "not"')).toEqual([
      ['A=b', 'headswap', 'resume', 'sh 01*', '--only', 'x'],
    ]);
    expect(shellCommands('headswap run a --json > lines.jsonl')).toEqual([['headswap', 'run', 'a', '--json']]);
    expect(shellCommands('cd a && headswap status | head')).toEqual([['cd', 'a'], ['headswap', 'status'], ['head']]);
  });

  it('notices a command that does not exist, and a flag', async () => {
    expect(await dryParse(['frobnicate'])).toHaveProperty('refused');
    expect(await dryParse(['run', 'a.csv', '--frobnicate'])).toHaveProperty('refused');
    expect(await dryParse(['run', 'a.csv', '--budget', 'much'])).toHaveProperty('refused');
    expect(await dryParse(['run', 'a.csv', '--budget', '5'])).toEqual({ command: 'run' });
  });

  for (const page of pages()) {
    it(`are real in ${page.path}`, async () => {
      for (const { info, lines } of codeBlocks(page)) {
        if (!/^(sh|text)/.test(info)) continue;
        for (const line of lines) {
          for (const words of shellCommands(line.replace(/^\$ /, ''))) {
            const asked = programWords(words);
            if (asked !== null) expect(await dryParse(asked), `${page.path}: ${line}`).toHaveProperty('command');
            else if (info.startsWith('sh')) expect([...OTHERS], `${page.path}: ${line}`).toContain(words[0]);
          }
        }
      }
      for (const code of inlineCode(page)) {
        const asked = programWords(shellCommands(code)[0] ?? []);
        if (asked === null || asked.length === 0) continue;
        const words = asked.filter((word) => word !== '...').map((word) => STAND_INS[word] ?? word);
        // Usage lines of the reference, with their brackets.
        if (words.some((word) => /^[[<]/.test(word))) continue;
        if (isJustNamed(words)) continue;
        expect(await dryParse(words), `${page.path}: ${code}`).toHaveProperty('command');
      }
    });
  }

  it('are real where a failure code gives one', async () => {
    for (const [code, { next }] of Object.entries(FAILURE_CODES)) {
      for (const [, line = ''] of next.matchAll(/`(headswap [^`]+)`/g)) {
        const words = line
          .split(' ')
          .slice(1)
          .map((word) => STAND_INS[word] ?? word);
        // `headswap run` in a sentence names the command; its file is the reader's.
        const whole = words.length === 1 && words[0] === 'run' ? [...words, 'spring.csv'] : words;
        if (whole.length === 1 && whole[0] === 'resolve') continue;
        expect(await dryParse(whole), `${code}: ${line}`).toHaveProperty('command');
      }
    }
  });

  it('of npm are scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    for (const page of pages()) {
      const lines = [...codeBlocks(page).flatMap((block) => block.lines), ...inlineCode(page)];
      for (const line of lines) {
        for (const words of shellCommands(line)) {
          if (words[0] !== 'npm') continue;
          const script = words[1] === 'run' ? words[2] : words[1];
          if (script !== 'ci' && script !== 'install') expect(scripts, page.path).toHaveProperty([script ?? '']);
        }
      }
    }
  });
});

/** A command named in a sentence, without its arguments. */
function isJustNamed(words: readonly string[]): boolean {
  const known = COMMANDS.some(({ name }) => name === words[0]);
  return known && words.length === 1;
}
