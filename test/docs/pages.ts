import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** README, CONTRIBUTING, deploy/README.md and everything under docs/. */
export function pages(): readonly Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', 'deploy/README.md', ...inDocs.toSorted()].map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));
}

/** Blocks of code by the words after the fence. */
export function codeBlocks({ text }: Page): readonly { readonly info: string; readonly lines: readonly string[] }[] {
  return [...text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, info = '', body = '']) => ({
    info: info.trim(),
    lines: body.split('\n').filter((line) => line.trim() !== ''),
  }));
}

/** `like this`, outside of blocks. */
export function inlineCode({ text }: Page): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/**
 * The words of a command line as a shell would see them, without its comment and redirection; further commands after `&&`,
 * `|` and `;` are lists of their own. Not a shell: quotes are all it knows.
 */
export function shellCommands(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let isFile = false;
  for (const [word, quoted] of wordsOf(line)) {
    if (isFile) isFile = false;
    else if (!quoted && word === '#') break;
    else if (!quoted && word === '>') isFile = true;
    else if (!quoted && ['&&', '|', ';'].includes(word)) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.filter((words) => words.length > 0);
}

function* wordsOf(line: string): Generator<readonly [word: string, quoted: boolean]> {
  for (const [whole, double, single] of line.matchAll(/"([^"]*)"|'([^']*)'|[^\s"']+/g)) {
    if (double !== undefined) yield [double, true];
    else if (single !== undefined) yield [single, true];
    else if (whole.startsWith('#')) {
      yield ['#', false];
      return;
    } else yield [whole, false];
  }
}
