import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { headswap, type Ended } from '../cli/run-program.ts';

// I6: a key, signed URLs, face names and item ids that occur nowhere else, and every byte that a run leaves behind.

/** 32 bytes, as the vendor's keys are. */
const KEY = 'canary-key-7d1f0a93b65c4e28-32by';
const SIGNATURE = 'canarysignature5b17e0';
const FACE = 'canaryface';
const FACE_FILE = 'canaryportrait9c.jpg';
const ITEM = 'canaryitem';
const BATCH = 'spring-canary-search';

let root: string;
let stopEmulator: () => Promise<unknown>;
const said: Ended[] = [];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headswap-canary-'));
  const { url, stop } = await emulator();
  stopEmulator = stop;
  const shoot = place('shoot', url);
  const item = (id: string) =>
    `  - { id: ${ITEM}-${id}, video: "${url}/media/${id}.mp4?X-Amz-Signature=${SIGNATURE}", swap: ${FACE} }`;
  const ids = ['good', 'lost', 'fails', 'refused', 'last'];
  writeFileSync(
    join(shoot, 'spring.yaml'),
    `version: 1
batch: ${BATCH}
faces:
  ${FACE}: ${url}/media/faces/${FACE_FILE}?X-Amz-Signature=${SIGNATURE}
items:
${ids.map(item).join('\n')}
`,
  );
  const env = { TMPDIR: join(root, 'tmp') };
  mkdirSync(env.TMPDIR);
  const run = await headswap(['run', 'spring.yaml', '--yes', '--verbose'], { cwd: shoot, env });
  said.push(run);
  for (const args of [
    ['status', '--items', '--verbose', '--json'],
    ['report', BATCH, '--json'],
    ['doctor', '--verbose'],
    ['ledger', 'verify'],
    ['resolve', BATCH, `${ITEM}-lost`, '--task-id', 'nowhere', '--verbose'],
  ])
    said.push(await headswap(args, { cwd: shoot, env }));
  const nobody = place('nobody', await closedPort());
  writeFileSync(join(nobody, 'one.csv'), `id,video,swap\n${ITEM},${url}/media/a.mp4,${url}/media/faces/${FACE_FILE}\n`);
  said.push(await headswap(['run', 'one.csv', '--yes', '--verbose'], { cwd: nobody, env }));
  // The scene is what it should be: done, failed, lost, refused, and a vendor that is not there.
  expect([run.code, said.at(-1)?.code]).toEqual([5, 8]);
  const { items } = (
    JSON.parse(said[1]?.stdout ?? '') as { batches: [{ items: { state: string; reason: unknown }[] }] }
  ).batches[0];
  expect(items.map(({ state }) => state).toSorted()).toEqual(['done', 'done', 'failed', 'failed', 'uncertain']);
  const words = JSON.stringify(items);
  expect([words.includes('cannot read'), words.includes('no task for')]).toEqual([true, true]);
}, 240_000);

afterAll(async () => {
  await stopEmulator();
  rmSync(root, { recursive: true, force: true });
});

/** The vendor as a process of its own. The second create is lost, the third fails at the vendor, the fourth is refused. */
async function emulator(): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const refusal = `no task for https://x.example/a.mp4?X-Amz-Signature=${SIGNATURE}; your key is ${KEY}`;
  const options = {
    teams: [{ apiKey: KEY }],
    analysisMs: 100,
    taskMs: 300,
    faults: [
      { on: 'create', at: [2], do: { kind: 'drop-answer' } },
      {
        on: 'create',
        at: [3],
        do: { kind: 'fail', reason: `cannot read https://x.example/a.mp4?X-Amz-Signature=${SIGNATURE} with ${KEY}` },
      },
      { on: 'create', at: [4], do: { kind: 'code', code: 1003, msg: refusal } },
    ],
  };
  const main = join(import.meta.dirname, '..', '..', 'emulator', 'main.ts');
  const child = spawn(process.execPath, [main, '--options', JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const stop = (): Promise<unknown> => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    return ended;
  };
  return { url: (JSON.parse(line.toString()) as { url: string }).url, stop };
}

function place(name: string, baseUrl: string): string {
  const dir = join(root, name);
  mkdirSync(dir);
  writeFileSync(
    join(dir, 'headswap.yaml'),
    `accounts:
  default:
    base_url: ${baseUrl}
    api_key: ${KEY}
    request_timeout: 3s
    polling: { first: 150ms, factor: 1.5, max: 1s }
    prices: { 480p: 6, 720p: 15 }
    limits: { create_per_second: 2 }
allow_private_hosts: true
`,
  );
  return dir;
}

async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** Every file left behind but the ones that people wrote, by its path under the root; and what was printed. */
function everything(): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /^(headswap|spring)\.yaml$|^one\.csv$/u.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(relative(root, path), readFileSync(path));
  }
  for (const [n, { stdout, stderr }] of said.entries()) {
    found.set(`stdout ${n}`, Buffer.from(stdout));
    found.set(`stderr ${n}`, Buffer.from(stderr));
  }
  return found;
}

/** Where a text occurs, as it is or as programs write it down: base64, hex, percent-encoded, UTF-16. */
function hits(text: string, where: (name: string) => boolean = () => true): string[] {
  const bytes = Buffer.from(text);
  // Base64 shifts with the byte it starts at: the middle of each shift is the same whatever stands around.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const forms = [
    bytes,
    Buffer.from(bytes.toString('hex')),
    Buffer.from(bytes.toString('hex').toUpperCase()),
    Buffer.from(text, 'utf16le'),
    ...base64.map((form) => Buffer.from(form)),
  ];
  return [...everything()]
    .filter(([name, content]) => where(name) && forms.some((form) => content.includes(form)))
    .map(([name]) => name);
}

const inEngine = (name: string) => name.includes('temporal.db');
const mayHoldUrls = (name: string) => /ledger\.db(-wal|-shm)?$|report\.(html|json|csv)$|junit\.xml$/u.test(name);

it('looks where things are written', () => {
  expect(hits(BATCH, inEngine)).not.toEqual([]);
  expect(hits(SIGNATURE)).toContain(join('shoot', '.headswap', 'ledger.db'));
  expect(hits(`${ITEM}-good`, (name) => name.includes('.journal'))).toHaveLength(1);
  expect([...everything().keys()]).toContainEqual(expect.stringMatching(/worker\.log$/u));
});

it('the key is nowhere', () => expect(hits(KEY)).toEqual([]));

it('the engine holds neither URLs nor faces nor item ids', () => {
  for (const text of [SIGNATURE, FACE, FACE_FILE, ITEM, '/media/'])
    expect([text, hits(text, inEngine)]).toEqual([text, []]);
});

it('signed URLs are in the ledger and in the reports alone', () => {
  const elsewhere = hits(SIGNATURE, (name) => !mayHoldUrls(name));
  // `report --json` prints what the report holds.
  expect(elsewhere.filter((name) => !/^stdout 2$/u.test(name))).toEqual([]);
});

it('logs and the journal hold no face', () => {
  for (const text of [FACE, FACE_FILE])
    expect(hits(text, (name) => name.includes('.journal') || name.endsWith('.log'))).toEqual([]);
});
