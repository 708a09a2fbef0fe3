import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

const MAIN = new URL('../../cli/main.ts', import.meta.url).pathname;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('the metrics endpoint', () => {
  it('serves Temporal’s counters and ours while up runs', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'headswap-metrics-'));
    const face = 'https://media.example.com/ana.jpg';
    writeFileSync(join(dir, 'one.csv'), `id,video,swap\na,https://media.example.com/a.mp4,${face}\n`);
    const metrics = `127.0.0.1:${await freePort()}`;
    const env = { ...process.env, HEADSWAP_METRICS: metrics };
    const headswap = (...args: string[]) =>
      spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args, '--account', 'emulator'], {
        cwd: dir,
        env,
        stdio: 'ignore',
      });
    const up = headswap('up', '--port', '0');
    const scrape = async () =>
      fetch(`http://${metrics}/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
    try {
      await expect.poll(scrape, { timeout: 40_000, interval: 200 }).toContain('temporal_');
      expect((await once(headswap('submit', 'one.csv', '--yes'), 'close'))[0]).toBe(0);
      await expect.poll(scrape, { timeout: 40_000, interval: 200 }).toContain('headswap_outputs_collected');
      expect(await scrape()).toContain('headswap_creates_accepted');
    } finally {
      up.kill('SIGTERM');
      await once(up, 'close');
      rmSync(dir, { recursive: true, force: true });
    }
  }, 120_000);
});
