import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Notice } from '../../schemas/notice.ts';
import { makePlace, sheet } from '../operations/operations-harness.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
let hook: Receiver;
beforeEach(async () => {
  hook = await startReceiver();
});
afterEach(() => hook.close());

it('sends exactly one message of a batch that was killed three times', async () => {
  const place = await makePlace({
    emulator: { taskMs: 800 },
    config: `notify:\n  - { name: studio, url: "${hook.url}" }\n`,
  });
  place.write('spring.csv', sheet(24));
  const start = (): ChildProcess =>
    spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'run', 'spring.csv', '--yes', '--quiet'], {
      cwd: place.dir,
      env: { PATH: process.env['PATH'] ?? '', TEMPORAL_CLI_PATH: process.env['TEMPORAL_CLI_PATH'] ?? '' },
      stdio: 'ignore',
    });
  for (const creates of [3, 9, 15]) {
    const command = start();
    const ended = once(command, 'exit');
    while (place.emulator.book.creates().length < creates && command.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 30));
    expect(command.exitCode).toBeNull();
    command.kill('SIGKILL');
    await ended;
  }
  const [code] = (await once(start(), 'exit')) as [number];
  expect(code).toBeOneOf([0, 5]);
  expect(place.emulator.book.doublePaid()).toEqual([]);
  const told = hook.got.map(({ body }) => JSON.parse(body) as Notice);
  expect(told).toHaveLength(1);
  expect(told[0]?.type).toBe(code === 0 ? 'batch.finished' : 'batch.uncertain');
}, 180_000);
