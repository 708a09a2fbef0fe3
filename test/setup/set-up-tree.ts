import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A clean clone in small: the real wrapper and set-up scripts, and an npm that writes down when it was called. */
export interface SetUpTree {
  readonly root: string;
  /** Arguments of each `npm` call so far. */
  npmCalls(): string[];
  /** Puts a program there that answers `--version` as the Temporal CLI does. */
  fakeCli(path: string, version?: string): string;
  setUp(env?: Record<string, string>): Promise<Said>;
  run(program: string, args: readonly string[], env?: Record<string, string>): Promise<Said>;
}

export function makeSetUpTree(): SetUpTree {
  const root = mkdtempSync(join(tmpdir(), 'set-up-'));
  for (const part of ['headswap', 'scripts/setup.mjs', 'scripts/setup', 'engine/temporal-cli-pins.json']) {
    cpSync(join(repository, part), join(root, part), { recursive: true });
  }
  const packages = { '': {}, 'node_modules/one': { version: '1.0.0', integrity: 'sha512-x' } };
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages }));
  mkdirSync(join(root, 'cli'));
  writeFileSync(join(root, 'cli/main.ts'), 'console.log(JSON.stringify(process.argv.slice(2)));\n');
  const npm = join(root, 'npm.cjs');
  writeFileSync(npm, FAKE_NPM);

  const env = { npm_execpath: npm, PATH: '/nowhere' };
  const run: SetUpTree['run'] = async (program, args, more = {}) => {
    const child = spawn(program, args, { cwd: root, env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { status, stdout, stderr };
  };
  return {
    root,
    run,
    setUp: async (more) => run(process.execPath, ['scripts/setup.mjs'], more),
    npmCalls: () => {
      const file = join(root, 'npm-calls');
      return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
    },
    fakeCli: (path, version = '9.9.9') => {
      const file = join(root, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`);
      chmodSync(file, 0o755);
      return file;
    },
  };
}

/** Does to node_modules what `npm ci` does, from a lock file with one package. */
const FAKE_NPM = `
const { appendFileSync, copyFileSync, mkdirSync, rmSync, writeFileSync } = require('node:fs');
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
rmSync('node_modules', { recursive: true, force: true });
mkdirSync('node_modules/one', { recursive: true });
writeFileSync('node_modules/one/package.json', '{}');
const { packages } = JSON.parse(require('node:fs').readFileSync('package-lock.json', 'utf8'));
delete packages[''];
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
`;
