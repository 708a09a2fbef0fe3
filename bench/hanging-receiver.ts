/**
 * What a receiver of notifications that hangs costs a batch: `node bench/hanging-receiver.ts [PAIRS] [ITEMS]`. Runs the real
 * program in turns without a receiver and with one that takes the message and never answers, each on a folder of its own,
 * against an emulator in a process of its own that two creates a second are paced for. Prints one JSON object.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..');
const PER_SECOND = 2;
const pairs = Number(process.argv[2] ?? 4);
const items = Number(process.argv[3] ?? 60);

const emulator = await startEmulator();
let asked = 0;
const receiver = createServer(() => {
  asked += 1;
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

const seconds: { without: number[]; hanging: number[] } = { without: [], hanging: [] };
for (let pair = 0; pair < pairs; pair += 1) {
  // In turns and in changing order, so that whatever else the machine does meets both alike.
  for (const kind of pair % 2 === 0 ? (['without', 'hanging'] as const) : (['hanging', 'without'] as const))
    seconds[kind].push(await run(`b${pair}-${kind}`, kind === 'hanging'));
}
const [without, hanging] = [median(seconds.without), median(seconds.hanging)];
console.log(
  JSON.stringify({
    items,
    createPerSecond: PER_SECOND,
    seconds,
    medianSeconds: { without, hanging },
    ratio: Number((hanging / without).toFixed(4)),
    messagesThatHung: asked,
  }),
);
receiver.closeAllConnections();
receiver.close();
emulator.stop();

async function run(batch: string, notified: boolean): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'headswap-hanging-'));
  const rows = Array.from(
    { length: items },
    (_, n) => `sh${n},${emulator.url}/media/${batch}-${n}.mp4,${emulator.url}/media/faces/ana.jpg`,
  );
  writeFileSync(join(dir, `${batch}.csv`), `id,video,swap\n${rows.join('\n')}\n`);
  writeFileSync(
    join(dir, 'headswap.yaml'),
    [
      'accounts:',
      '  default:',
      `    base_url: ${emulator.url}`,
      `    limits: { create_per_second: ${PER_SECOND}, analyze_per_second: 20, poll_per_second: 50, open_tasks: 20 }`,
      '    polling: { first: 500ms, factor: 1.5, max: 5s, stalled_after: 1h }',
      '    prices: { 480p: 6, 720p: 15 }',
      'allow_private_hosts: true',
      ...(notified ? ['notify:', `  - { name: studio, url: "${hook}" }`] : []),
      '',
    ].join('\n'),
  );
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'main.ts'), 'run', `${batch}.csv`, '--yes', '--quiet'], {
    cwd: dir,
    env: { ...process.env, AKOOL_API_KEY: 'emulator-key-not-a-secret-000000' },
    stdio: 'ignore',
  });
  const [code] = (await once(child, 'close')) as [number];
  const took = (performance.now() - startedAt) / 1000;
  rmSync(dir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the run of ${batch} ended with ${code}`);
  return Number(took.toFixed(2));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

async function startEmulator(): Promise<{ url: string; stop: () => void }> {
  const options = JSON.stringify({ analysisMs: 200, taskMs: 1_000 });
  const child = spawn(
    process.execPath,
    [join(ROOT, 'emulator', 'main.ts'), '--credits', '100000000', '--options', options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: (JSON.parse(line) as { url: string }).url, stop: () => child.kill() };
}
