import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import pins from '../../engine/temporal-cli-pins.json' with { type: 'json' };
import { compareVersions, findTemporalCli } from '../../engine/temporal-cli.ts';
import { testTemporalCli } from '../setup/temporal-server.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers `--version` as a Temporal CLI of this version does. */
function fakeCli(where: string, version: string): string {
  const path = join(folder, where, 'temporal');
  mkdirSync(join(folder, where), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho 'temporal version ${version} (Server 1.32.0, UI 2.54.1)'\n`);
  chmodSync(path, 0o755);
  return path;
}

test('what set-up installed is found and runs', async () => {
  const { path, version } = await testTemporalCli();
  expect(statSync(path).isFile()).toBe(true);
  expect(compareVersions(version, pins.version)).toBeGreaterThanOrEqual(0);
});

test('TEMPORAL_CLI_PATH comes first, and is refused rather than passed over when it does not run', async () => {
  const path = fakeCli('mine', '1.2.3');
  expect(await findTemporalCli({ TEMPORAL_CLI_PATH: path })).toEqual({
    path,
    version: '1.2.3',
    source: 'TEMPORAL_CLI_PATH',
  });
  await expect(findTemporalCli({ TEMPORAL_CLI_PATH: '/bin/false' })).rejects.toMatchObject({
    exitCode: 8,
    message: expect.stringContaining('TEMPORAL_CLI_PATH=/bin/false does not run'),
  });
});

test('the cache counts only while it is the file whose hash was checked', async () => {
  const path = fakeCli('cache', pins.version);
  const cache = join(folder, 'cache');
  const none = { PATH: '' };
  await expect(findTemporalCli(none, cache)).rejects.toThrow('missing or was changed');
  const { size, mtimeMs } = statSync(path);
  writeFileSync(join(cache, 'temporal.json'), JSON.stringify({ sha256: 'x', size, mtimeMs }));
  expect(await findTemporalCli(none, cache)).toEqual({ path, version: pins.version, source: 'cache' });
  copyFileSync('/bin/sh', path);
  await expect(findTemporalCli(none, cache)).rejects.toThrow('missing or was changed');
});

test('on the PATH the first that is new enough', async () => {
  fakeCli('old', '1.0.0');
  const path = fakeCli('new', '9.0.0');
  const PATH = ['nowhere', 'old', 'new'].map((name) => join(folder, name)).join(delimiter);
  expect(await findTemporalCli({ PATH }, folder)).toEqual({ path, version: '9.0.0', source: 'PATH' });
});

test('with none the error names every way and the cure', async () => {
  await expect(findTemporalCli({ PATH: folder }, folder)).rejects.toMatchObject({
    message: expect.stringMatching(/TEMPORAL_CLI_PATH is not set.*missing.*PATH.*npm run setup/s),
  });
});

test.each([
  ['1.9.1', '1.9.1', 0],
  ['1.10.0', '1.9.1', 1],
  ['1.9', '1.9.1', -1],
  ['2.0.0', '1.99.99', 1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(a, b))).toBe(sign);
});
