import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LAYERS } from '../../scripts/layers.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';

const execute = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, ' ');
const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

/** `COPY a b dest` lines that take from the build context, as `[sources, destination]`. */
function copies(stage: string): (readonly [readonly string[], string])[] {
  return [...stage.matchAll(/^COPY (?!--from)(.+)$/gm)].map(([, words = '']) => {
    const paths = words.trim().split(/\s+/);
    return [paths.slice(0, -1), paths.at(-1) ?? ''] as const;
  });
}

// There is no container engine here: the last stage is laid out by hand, from the Dockerfile's own lines.
describe('the image', () => {
  const app = mkdtempSync(join(tmpdir(), 'headswap-image-'));
  const work = mkdtempSync(join(tmpdir(), 'headswap-image-work-'));
  const run = (words: readonly string[]) => {
    const [, entry = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(lastStage) ?? [];
    const [program, ...first] = (JSON.parse(entry) as string[]).map((word) => word.replace('/app/', `${app}/`));
    expect(program).toBe('node');
    return execute(process.execPath, [...first, ...words], { cwd: work, env: { HOME: work, NODE_ENV: 'production' } });
  };

  beforeAll(async () => {
    for (const [sources, destination] of copies(lastStage)) {
      for (const source of sources) {
        const into =
          sources.length > 1 || destination.endsWith('/') ? join(app, destination, source) : join(app, destination);
        cpSync(join(ROOT, source), into, { recursive: true });
      }
    }
    symlinkSync(join(ROOT, 'node_modules'), join(app, 'node_modules'));
    const { codePath } = await workflowBundle();
    cpSync(codePath, join(app, '.cache', 'workflows', relative(dirname(codePath), codePath)));
  });
  afterAll(() => {
    for (const folder of [app, work]) rmSync(folder, { recursive: true, force: true });
  });

  it('copies what is there and what the build context lets through', () => {
    const letThrough = readFileSync(join(ROOT, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm);
    const allowed = [...letThrough].map(([, path = '']) => path);
    for (const [sources] of copies(dockerfile)) {
      for (const source of sources) {
        expect(existsSync(join(ROOT, source)), source).toBe(true);
        expect(
          allowed.some((path) => source === path || source.startsWith(`${path}/`)),
          source,
        ).toBe(true);
      }
    }
  });

  it('holds every folder of the program that has sources', () => {
    const copied = copies(lastStage).flatMap(([sources]) => sources);
    for (const folder of Object.keys(LAYERS)) {
      const isThere =
        existsSync(join(ROOT, folder)) && readdirSync(join(ROOT, folder)).some((name) => name.endsWith('.ts'));
      if (isThere) expect(copied).toContain(folder);
    }
  });

  it('keeps the native part of every package that the program loads', () => {
    const [, packages = ''] = dockerfile.split('\nFROM ');
    expect(packages).toMatch(/^RUN npm ci --omit=dev /m);
    const [, removed = ''] = /rm -rf (.+)$/m.exec(packages) ?? [];
    // The bundler, and the Node that a container has already; sharp's and Temporal's parts stay.
    expect(removed.split(' ').map((path) => path.replace('node_modules/', ''))).toEqual([
      'node-linux-*',
      'node-win-*',
      '@swc/core-*',
    ]);
    expect(packages).not.toContain('--omit=optional');
  });

  it('starts its commands', async () => {
    const [, command = '[]'] = /^CMD (\[.*\])$/m.exec(lastStage) ?? [];
    const { stdout } = await run([...(JSON.parse(command) as string[]), '--help']);
    expect(stdout).toContain('Usage: headswap worker');
    expect((await run(['explain', 'U101'])).stdout).toContain('answer lost');
    expect((await run(['schema', 'manifest'])).stdout).toContain('"$schema"');
  });

  it('loads a worker with its ready-made bundle, without the bundler', async () => {
    const script = `
      await import(${JSON.stringify(join(app, 'worker', 'start-worker.ts'))});
      const { workflowBundle } = await import(${JSON.stringify(join(app, 'worker', 'workflow-bundle.ts'))});
      console.log((await workflowBundle()).codePath);`;
    const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', script]);
    // Of the same digest as here, so nothing had to be bundled.
    expect(readdirSync(join(app, '.cache', 'workflows')).map((name) => join(app, '.cache', 'workflows', name))).toEqual(
      [stdout.trim()],
    );
  });

  it('runs as somebody without rights', () => {
    expect(lastStage).toMatch(/^USER node$/m);
    expect(lastStage.indexOf('USER node')).toBeLessThan(lastStage.indexOf('ENTRYPOINT'));
  });
});
