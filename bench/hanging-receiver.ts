/**
 * What a receiver of notifications that hangs costs a batch: `node bench/hanging-receiver.ts [PAIRS] [ITEMS]`. Runs the real
 * program twice at the same moment, without a receiver and with one that takes the message and never answers, so that
 * whatever else the machine does meets both alike; each on a folder of its own, two creates a second, against an emulator in a
 * process of its own. Prints one JSON object. `ratio` is the median of whole times, which a busy machine moves by some per cent;
 * `ratioOfEnds` takes only the time from the last item's end to the program's from the run that hung, which is where it waits.
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
const pairs = Number(process.argv[2] ?? 5);
const items = Math.min(50, Number(process.argv[3] ?? 50));

const emulator = await startEmulator();
let asked = 0;
const receiver = createServer(() => {
  asked += 1;
});
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
const hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;

interface Took {
  readonly seconds: number;
  /** Of those, after the last item was done. */
  readonly end: number;
}
const found: { without: Took; hanging: Took; ratio: number; ratioOfEnds: number }[] = [];
for (let pair = 0; pair < pairs; pair += 1) {
  const start = { without: () => run(`b${pair}-without`, false), hanging: () => run(`b${pair}-hanging`, true) };
  const [first, second] = pair % 2 === 0 ? (['without', 'hanging'] as const) : (['hanging', 'without'] as const);
  const [one, two] = await Promise.all([start[first](), start[second]()]);
  const { without, hanging } = first === 'without' ? { without: one, hanging: two } : { without: two, hanging: one };
  found.push({
    without,
    hanging,
    ratio: Number((hanging.seconds / without.seconds).toFixed(4)),
    ratioOfEnds: Number((1 + (hanging.end - without.end) / without.seconds).toFixed(4)),
  });
}
console.log(
  JSON.stringify({
    items,
    createPerSecond: PER_SECOND,
    pairs: found,
    ratio: median(found.map(({ ratio }) => ratio)),
    ratioOfEnds: median(found.map(({ ratioOfEnds }) => ratioOfEnds)),
    messagesThatHung: asked,
  }),
);
receiver.closeAllConnections();
receiver.close();
emulator.stop();

async function run(batch: string, notified: boolean): Promise<Took> {
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
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'main.ts'), 'run', `${batch}.csv`, '--yes'], {
    cwd: dir,
    env: { ...process.env, AKOOL_API_KEY: 'emulator-key-not-a-secret-000000' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let lastDoneAt = 0;
  // Up to 50 items each has its line.
  child.stderr.on('data', (part: Buffer) => {
    if (/ item \S+ done /u.test(part.toString())) lastDoneAt = performance.now();
  });
  const [code] = (await once(child, 'close')) as [number];
  const endedAt = performance.now();
  rmSync(dir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`the run of ${batch} ended with ${code}`);
  return { seconds: seconds(endedAt - startedAt), end: seconds(endedAt - lastDoneAt) };
}

function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(3));
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
