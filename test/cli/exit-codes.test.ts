import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../cli/run-cli.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { emptyFolder, headswap } from './run-program.ts';

const TEST = join(import.meta.dirname, '..');

/** Contract section 4: which test runs the program, or its operations, into each exit code. */
const REACHED: Record<keyof typeof EXIT, readonly [file: string, title: string]> = {
  ok: ['cli/run-end-to-end.test.ts', 'tells every change as a JSON line, and the summary last'],
  unexpected: ['cli/exit-codes.test.ts', 'a fault of ours ends with 1'],
  usage: ['cli/run-end-to-end.test.ts', 'nothing is started, and the flag is named'],
  manifest: ['cli/offline-commands.test.ts', 'shows the place, the marked line and the next step, and ends with 3'],
  account: ['faults/operators-night.test.ts', 'key revoked after 20 creates'],
  uncertain: ['faults/lost-answers.test.ts', 'without: 34 done, 6 shown, exit 5'],
  someFailed: ['operations/trouble.test.ts', 'a failed task is not run again by run, and is by resume'],
  money: ['faults/waits-and-holds.test.ts', '--max-wait ends following behind closed credits: waiting, exit 7'],
  unreachable: ['operations/vendor-away.test.ts', 'and then it is exit 8 with nothing entered'],
  waiting: ['faults/operators-night.test.ts', 'a batch terminated in Temporal’s UI stops'],
  workToDo: ['cli/exit-codes.test.ts', 'plan --detailed-exitcode ends with 10'],
  held: ['faults/waits-and-holds.test.ts', 'another engine cannot take it over: exit 11'],
  interrupted: ['cli/run-end-to-end.test.ts', 'settles what is being sent, ends with 130'],
};

describe('every exit code is reached by a test', () => {
  it.each(Object.entries(REACHED))('%s', (code, [file, title]) => {
    const text = readFileSync(join(TEST, file), 'utf8');
    const from = text.lastIndexOf(title);
    expect(from, `${file} has no test "${title}"`).toBeGreaterThan(-1);
    // The number itself, between this title and the next.
    const body = text.slice(from + title.length).split(/\n {0,4}(?:it|test)[.(]/)[0] ?? '';
    expect(body).toMatch(new RegExp(`(?<![\\d.])${EXIT[code as keyof typeof EXIT]}(?![\\d.])`));
  });
});

async function sheetFolder(): Promise<string> {
  const cwd = await emptyFolder();
  const row = 'sh010,https://media.example.com/a.mp4,https://media.example.com/ana.jpg';
  await writeFile(join(cwd, 'shots.csv'), `id,video,swap\n${row}\n`);
  return cwd;
}

describe('codes that need no batch', () => {
  it('plan --detailed-exitcode ends with 10 while there is work', async () => {
    const cwd = await sheetFolder();
    const plan = ['plan', 'shots.csv', '--account', 'emulator'];
    expect((await headswap([...plan, '--detailed-exitcode'], { cwd })).code).toBe(10);
    expect((await headswap(plan, { cwd })).code).toBe(0);
  });

  it('a manifest with errors ends with 3, calls nobody and costs nothing', async () => {
    const cwd = await sheetFolder();
    let calls = 0;
    const vendor = createServer((socket) => {
      calls += 1;
      socket.destroy();
    });
    vendor.listen(0, '127.0.0.1');
    await once(vendor, 'listening');
    await writeFile(join(cwd, 'bad.csv'), 'id,video,swap\nsh010,https://media.example.com/a.mp4,nobody\n');
    const env = {
      AKOOL_API_KEY: 'k'.repeat(32),
      AKOOL_BASE_URL: `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`,
    };
    expect((await headswap(['run', 'bad.csv', '--yes'], { cwd, env })).code).toBe(3);
    vendor.close();
    expect([calls, existsSync(join(cwd, '.headswap', 'ledger.db'))]).toEqual([0, false]);
  });

  it('a fault of ours ends with 1, wherever it is thrown, and says whose it is', async () => {
    // In a timer of the running program.
    const preload = 'data:text/javascript,setTimeout(() => null.boom, 700)';
    const thrown = await headswap(['emulator', '--port', '0'], { nodeFlags: ['--import', preload] });
    expect([thrown.code, thrown.stderr]).toEqual([1, expect.stringContaining('a fault of this program')]);

    // Inside a command.
    const written = new PassThrough();
    const boom = () => Promise.reject(new TypeError('x is not a function'));
    const code = await runCli({
      argv: ['run', 'shots.csv', '--account', 'emulator', '--yes'],
      cwd: await sheetFolder(),
      streams: { stdin: new PassThrough(), stdout: written, stderr: written, env: {} },
      signal: new AbortController().signal,
      readerGone: new AbortController().signal,
      onHardStop: () => undefined,
      userAtHost: 'test@host',
      starters: { startWorker: boom, startEmulator: boom, startReceiver: boom },
    });
    expect([code, String(written.read())]).toEqual([1, expect.stringContaining('S105')]);
  });
});
