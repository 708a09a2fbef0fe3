import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/command-table.ts';
import { allCodes } from '../../cli/explanations.ts';
import { SCHEMA_NAMES } from '../../cli/schema-files.ts';
import { emptyFolder, headswap } from './run-program.ts';

const run = promisify(execFile);

describe('explain', () => {
  it('lists every code once', async () => {
    const { code, stdout } = await headswap(['explain']);
    const listed = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    expect(code).toBe(0);
    expect(listed).toEqual(allCodes().map((entry) => entry.code));
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.length).toBeGreaterThan(80);
  });

  it('tells of a code what it means, what it costs, what to do; in any case', async () => {
    const { code, stdout } = await headswap(['explain', 'u101']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^U101 {2}answer lost\n\n.+\nMoney: .+\nNext: {2}.+resolve.+\n$/u);
  });

  it('knows every code that it lists', async () => {
    const { stdout } = await headswap(['explain', '--json']);
    const { codes } = JSON.parse(stdout) as { codes: { code: string; means: string; next: string }[] };
    for (const { code, means, next } of codes) {
      expect(code).toMatch(/^[A-Z]([0-9]{3}|-[a-z]+)$/u);
      expect(means.length * next.length).toBeGreaterThan(0);
    }
    const { stdout: removed } = await headswap(['explain', 'm-removed']);
    expect(removed).toContain('row removed');
  });
});

describe('schema', () => {
  it.each(SCHEMA_NAMES)('%s is a JSON Schema that compiles', async (name) => {
    const { code, stdout } = await headswap(['schema', name]);
    expect(code).toBe(0);
    const schema = JSON.parse(stdout) as Record<string, unknown>;
    expect(schema['title']).toMatch(/headswap/u);
    expect(() => new Ajv({ strict: false }).compile(schema)).not.toThrow();
  });
});

describe('validate', () => {
  const SHEET =
    'id,video,swap\nsh010,https://media.example.com/a.mp4,ana\nsh020,https://media.example.com/b.mp4,anna\n';
  const folder = async (sheet: string) => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'faces.csv'), 'face,image\nana,https://media.example.com/ana.jpg\n');
    await writeFile(join(cwd, 'shots.csv'), sheet);
    return cwd;
  };

  it('shows the place, the marked line and the next step, and ends with 3', async () => {
    const cwd = await folder(SHEET);
    const { code, stdout } = await headswap(['validate', 'shots.csv'], { cwd });
    expect(code).toBe(3);
    expect(stdout).toMatchInlineSnapshot(`
      "error[M112]: unknown face "anna"
       --> shots.csv:3:39 (column "swap", cell C3)
        |
      3 | sh020,https://media.example.com/b.mp4,anna
        |                                       ^^^^
        = help: did you mean "ana"? Known faces: ana
      "
    `);
  });

  it('annotates for GitHub', async () => {
    const cwd = await folder(SHEET);
    const { stdout } = await headswap(['validate', 'shots.csv', '--format', 'github'], { cwd });
    expect(stdout).toMatch(
      /^::error file=shots\.csv,line=3,col=\d+,title=M112::unknown face "anna" \(help: did you mean "ana"\?/u,
    );
  });

  it('prints one document with --json, nothing on stderr', async () => {
    const cwd = await folder(SHEET);
    const { code, stdout, stderr } = await headswap(['validate', '--json', 'shots.csv'], { cwd });
    expect([code, stderr]).toEqual([3, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      items: 2,
      errors: [
        {
          code: 'M112',
          file: 'shots.csv',
          line: 3,
          cell: 'C3',
          path: '',
          help: expect.stringContaining('ana') as string,
        },
      ],
      warnings: [],
    });
  });

  it('is content with a good sheet, and silent on stdout', async () => {
    const cwd = await folder(SHEET.replace('anna', 'ana'));
    const { code, stdout, stderr } = await headswap(['validate', 'shots.csv'], { cwd });
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('ok: 2 items, 0 errors, 0 warnings');
    expect((await headswap(['validate', 'shots.csv', '--quiet'], { cwd })).stderr).toBe('');
  });

  it('takes warnings for errors with --strict', async () => {
    const cwd = await folder(SHEET.replace('anna', 'ana').replaceAll('\n', ',\n').replace('swap,', 'swap,nots'));
    expect((await headswap(['validate', 'shots.csv'], { cwd })).code).toBe(0);
    expect((await headswap(['validate', 'shots.csv', '--strict'], { cwd })).code).toBe(3);
  });

  it('groups what is alike and stops at --max-errors', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, index) => `r${index},https://media.example.com/${index}.mp4,${index < 20 ? 'anna' : `q${index}zz`}`,
    );
    const cwd = await folder(`id,video,swap\n${rows.join('\n')}\n`);
    const { stdout } = await headswap(['validate', 'shots.csv', '--max-errors', '3'], { cwd });
    expect(stdout).toContain('also in 19 more places: line 3, 4,');
    expect(stdout.match(/^error\[/gmu)).toHaveLength(3);
    expect(stdout).toContain('and 8 more kinds of error');
  });
});

describe('colour', () => {
  it('is never in a pipe, nor with NO_COLOR', async () => {
    for (const env of [{}, { NO_COLOR: '1', FORCE_COLOR: '1' }, { TERM: 'dumb', FORCE_COLOR: '1' }]) {
      const { stderr, stdout } = await headswap(['explain', 'M112'], { env });
      expect(stdout + stderr).not.toContain('\u001b');
      expect((await headswap(['runn'], { env })).stderr).not.toContain('\u001b');
    }
    expect((await headswap(['runn', '--no-color'], { env: { FORCE_COLOR: '1' } })).stderr).not.toContain('\u001b');
    expect((await headswap(['runn'], { env: { FORCE_COLOR: '1' } })).stderr).toContain('\u001b');
  });
});

describe('a reader that goes away', () => {
  it('is no error', async () => {
    const main = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
    const { stdout, stderr } = await run('bash', [
      '-c',
      `set -o pipefail; '${process.execPath}' --disable-warning=ExperimentalWarning '${main}' schema manifest | head -1; echo "\${PIPESTATUS[0]}"`,
    ]);
    expect([stdout, stderr]).toEqual(['{\n0\n', '']);
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('%s knows every command and the flags of each', async (shell) => {
    const { code, stdout } = await headswap(['completion', shell]);
    expect(code).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`\\b${name}\\b`, 'u'));
    for (const flag of ['skip-bad-rows', 'pay-again', 'no-input', 'exit-status']) expect(stdout).toContain(flag);
    for (const refused of ['__complete ']) expect(stdout.replaceAll('__complete batches', '')).not.toContain(refused);
  });

  it('works in bash', async () => {
    const { stdout: script } = await headswap(['completion', 'bash']);
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'headswap.bash'), script);
    const complete = async (...words: string[]) => {
      const ask = [
        'headswap() { if [ "$*" = "__complete batches" ]; then printf "spring\\nsummer\\n"; fi; }',
        '. ./headswap.bash',
        `COMP_WORDS=(headswap ${words.map((word) => `'${word}'`).join(' ')})`,
        `COMP_CWORD=${words.length}`,
        '_headswap',
        'printf "%s\\n" "${COMPREPLY[@]}"',
      ];
      return (await run('bash', ['-c', ask.join('\n')], { cwd })).stdout.trim().split('\n');
    };
    expect(await complete('re')).toEqual(['resume', 'report', 'resolve']);
    expect(await complete('--config', 'x.yaml', 'status', 'sp')).toEqual(['spring']);
    expect(await complete('resume', '--bu')).toEqual(['--budget']);
    expect(await complete('validate', '--format', '')).toEqual(['text', 'json', 'github']);
    expect(await complete('schema', 'e')).toEqual(['events']);
    expect(await complete('run', 'headswap.b')).toEqual(['headswap.bash']);
  });
});

describe('init', () => {
  it('writes what validate accepts, and never overwrites', async () => {
    const cwd = await emptyFolder();
    const first = await headswap(['init', 'mine'], { cwd });
    expect(first.code).toBe(0);
    const files = first.stdout.match(/^written {2}(.+)$/gmu)?.map((line) => line.slice('written  '.length)) ?? [];
    expect(files.some((file) => file.endsWith('headswap.yaml'))).toBe(true);
    const manifest = /headswap validate (\S+)/u.exec(first.stderr)?.[1] ?? '';
    expect((await headswap(['validate', manifest], { cwd })).code).toBe(0);
    await writeFile(join(cwd, manifest), '# mine\n');
    const second = await headswap(['init', 'mine'], { cwd });
    expect(second.code).toBe(0);
    expect(second.stdout).not.toContain('written');
    expect(second.stdout.match(/^kept/gmu)).toHaveLength(files.length);
    expect(await readFile(join(cwd, manifest), 'utf8')).toBe('# mine\n');
  });
});
