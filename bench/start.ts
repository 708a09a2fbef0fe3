/**
 * How soon a command answers, spends, and goes on after everything was killed: `node bench/start.ts`. Runs the real program
 * against an emulator in a process of its own; prints one JSON object.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..');
const PER_SECOND = 5;
const dir = mkdtempSync(join(tmpdir(), 'headswap-start-'));
const emulator = await startEmulator();
const env = { ...process.env, AKOOL_API_KEY: 'emulator-key-not-a-secret-000000' };
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
    '',
  ].join('\n'),
);
const rows = Array.from(
  { length: 200 },
  (_, n) => `sh${n},${emulator.url}/media/plate-${n % 40}.mp4,${emulator.url}/media/faces/f${Math.floor(n / 40)}.jpg`,
);
writeFileSync(join(dir, 'start.csv'), `id,video,swap\n${rows.join('\n')}\n`);

const firstOutputMs = await firstOutput(['--version']);
const firstLineMs = await firstOutput(['status']);
const startedAt = Date.now();
const first = headswap(['run', 'start.csv', '--yes', '--quiet']);
const firstCall = await until(async () => (await entries()).find((entry) => entry.t === 'analysis')?.at);
await until(async () => (await creates()).length >= 25 || undefined);
const killedAt = Date.now();
killEverything(first);
const before = (await creates()).length;
const againAt = Date.now();
const second = headswap(['run', 'start.csv', '--yes', '--quiet']);
const firstCreate = await until(async () => (await creates())[before]?.at);
const fullRate = await until(async () =>
  fullRateAt((await creates()).map((entry) => entry.at).filter((at) => at > againAt)),
);
const [code] = (await once(second, 'close')) as [number];
const book = (await (await fetch(`${emulator.url}/_emulator/summary`)).json()) as {
  accepted: number;
  doublePaid: unknown[];
};
console.log(
  JSON.stringify({
    firstOutputMs,
    firstLineOfStatusMs: firstLineMs,
    runToFirstVendorCallMs: firstCall - startedAt,
    afterKill: {
      toRunAgainMs: againAt - killedAt,
      firstCreateMs: firstCreate - againAt,
      fullRateMs: fullRate - againAt,
      exit: code,
    },
    book: { accepted: book.accepted, doublePaid: book.doublePaid.length },
  }),
);
emulator.child.kill();
rmSync(dir, { recursive: true, force: true });

/** The moment since which a second of creates came at nine tenths of the pace. */
function fullRateAt(times: readonly number[]): number | undefined {
  return times.find((at) => times.filter((other) => other >= at && other < at + 1_000).length >= PER_SECOND * 0.9);
}

/** The command and the engine it started, at once, as a power cut would. */
function killEverything(child: ChildProcess): void {
  spawn('pkill', ['-9', '-f', dir]);
  child.kill('SIGKILL');
}

function headswap(args: readonly string[]): ChildProcess {
  return spawn(join(ROOT, 'headswap'), args, { cwd: dir, env, stdio: 'ignore' });
}

async function firstOutput(args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(join(ROOT, 'headswap'), args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  const ms = Math.round(performance.now() - begin);
  await once(child, 'close');
  return ms;
}

async function entries(): Promise<{ t: string; at: number }[]> {
  const answer = (await (await fetch(`${emulator.url}/_emulator/book`)).json()) as
    | { entries?: { t: string; at: number }[] }
    | { t: string; at: number }[];
  return Array.isArray(answer) ? answer : (answer.entries ?? []);
}

async function creates(): Promise<{ t: string; at: number }[]> {
  return (await entries()).filter((entry) => entry.t === 'create');
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('waited a minute in vain');
}

async function startEmulator(): Promise<{ url: string; child: ChildProcess }> {
  const options = JSON.stringify({ analysisMs: 300, taskMs: 2_000 });
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, 'emulator', 'main.ts'), '--options', options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url: (JSON.parse(line) as { url: string }).url, child };
}
