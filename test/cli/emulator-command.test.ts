import { expect, it } from 'vitest';
import { headswap } from './run-program.ts';

it('prints its address, answers there, and ends in good order at the first signal', { timeout: 60_000 }, async () => {
  const answers: Promise<number>[] = [];
  const { code, stdout, stderr } = await headswap(['emulator', '--port', '0', '--credits', '50'], {
    onOutput: (child, text) => {
      const url = /http:\/\/127\.0\.0\.1:\d+/u.exec(text)?.[0];
      if (url === undefined || answers.length > 0) return;
      answers.push(
        fetch(url)
          .then(async (response) => (await response.text(), response.status))
          .finally(() => child.kill('SIGTERM')),
      );
    },
  });
  expect((await Promise.all(answers))[0]).toBeGreaterThanOrEqual(200);
  expect(code).toBe(130);
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/u);
  expect(stderr).toContain('It runs until Ctrl-C.');
});

it('refuses a fault plan that it cannot read', { timeout: 60_000 }, async () => {
  const { code, stderr } = await headswap(['emulator', '--faults', 'nowhere.yaml']);
  expect(code).toBe(2);
  expect(stderr).toContain('nowhere.yaml');
});
