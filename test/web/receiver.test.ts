import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLedger, type Ledger } from '../../ledger/open-ledger.ts';
import { KEPT_PER_TOKEN, KEPT_STRANGE } from '../../ledger/webhook-events.ts';
import { CallbackIntake } from '../../operations/receive-callback.ts';
import type { RunningReceiver } from '../../operations/starters.ts';
import { BODY_LIMIT_BYTES } from '../../web/receiver.ts';
import { startReceiver } from '../../web/start-receiver.ts';
import { attemptRow, makeAccount, readyBatch, sending } from '../ledger/ledger-world.ts';

let dir: string;
let ledger: Ledger;
let intake: CallbackIntake;
let receiver: RunningReceiver;
let news: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'headswap-web-'));
  ledger = await openLedger({ url: 'sqlite:ledger.db', baseDir: dir });
  news = 0;
  intake = new CallbackIntake({ ledger, onNews: () => (news += 1), log: () => undefined });
  receiver = await startReceiver({
    port: 0,
    host: '127.0.0.1',
    store: (message) => intake.receive(message),
    health: () => Promise.resolve({ ok: true, ledger: ledger.ledger8 }),
  });
});
afterEach(async () => {
  await receiver.close();
  await intake.close();
  await ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

const post = (token: string, body: RequestInit['body'], headers: Record<string, string> = {}) =>
  fetch(`${receiver.url}/callback/${token}`, { method: 'POST', body: body ?? null, headers });
const rows = () => ledger.db.selectFrom('webhook_events').selectAll().orderBy('id').execute();
/** The token of an attempt that is being sent. */
const token = async () => {
  const account = await makeAccount(ledger);
  const { work } = await readyBatch(ledger, account, 1);
  return (await attemptRow(ledger, await sending(ledger, work[0]!))).token;
};

describe('whatever a message says, it is stored raw and answered exactly 200', () => {
  test.each([
    ['JSON', '{"signature":"0","dataEncrypt":"","timestamp":1,"nonce":"1"}', 'application/json'],
    ['no JSON', 'not at all', 'text/plain'],
    ['JSON that is cut off', '{"signature":', 'application/json'],
    ['another type', '<xml/>', 'application/xml'],
    ['nothing', '', 'application/json'],
    ['bytes that are no text', new Uint8Array([0xff, 0, 0xfe]), 'application/octet-stream'],
    ['as much as is taken', 'x'.repeat(BODY_LIMIT_BYTES), 'application/json'],
  ])('%s', async (_, body, type) => {
    const name = await token();
    const answer = await post(name, body, { 'content-type': type });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe('');
    const [row] = await rows();
    expect(row).toMatchObject({ token: name, state: 'stored', copies: 1 });
    if (typeof body === 'string') expect(row!.body).toBe(body);
    expect(news).toBe(1);
  });

  test('without a content type', async () => {
    const name = await token();
    const { hostname, port } = new URL(receiver.url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /callback/${name} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /u);
    expect((await rows())[0]!.body).toBe('hi');
  });

  test('nothing of ours is told beside it', async () => {
    const { headers } = await post(await token(), 'x');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });
});

test('more than the cap is refused and not stored', async () => {
  expect((await post(await token(), 'x'.repeat(BODY_LIMIT_BYTES + 1))).status).toBe(413);
  expect(await rows()).toEqual([]);
});

test('what cannot be stored is answered 503, so that it is sent again', async () => {
  const name = await token();
  await ledger.write((tx) => tx.schema.alterTable('webhook_events').renameTo('gone').execute());
  const answer = await post(name, 'x');
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
  await ledger.write((tx) =>
    tx.schema
      .alterTable('gone' as 'events')
      .renameTo('webhook_events')
      .execute(),
  );
  expect((await post(name, 'x')).status).toBe(200);
});

test('equal messages are counted, not kept', async () => {
  const name = await token();
  const answers = await Promise.all(Array.from({ length: 300 }, () => post(name, 'the same')));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  expect(await post(name, 'the same')).toMatchObject({ status: 200 });
  const kept = await rows();
  expect(kept).toHaveLength(1);
  expect(kept[0]!.copies).toBe(301);
  expect(news).toBe(1);
});

describe('a flood leaves little', () => {
  test('to nobody: the latest are kept as evidence, shortened, and nobody is told', async () => {
    const many = KEPT_STRANGE + 50;
    const long = 'y'.repeat(10_000);
    for (let first = 0; first < many; first += 150) {
      const answers = await Promise.all(
        Array.from({ length: Math.min(150, many - first) }, (_, n) => post(`stranger-${first + n}`, long)),
      );
      expect(answers.every(({ status }) => status === 200)).toBe(true);
    }
    const kept = await rows();
    expect(kept).toHaveLength(KEPT_STRANGE);
    expect(kept.every((row) => row.state === 'quarantined' && row.body.length <= 4_096)).toBe(true);
    expect(kept.some((row) => row.token === `stranger-${many - 1}`)).toBe(true);
    expect(news).toBe(0);
  });

  test('to one attempt: what was disbelieved makes room, what is to be looked at never does', async () => {
    const name = await token();
    for (let n = 0; n < KEPT_PER_TOKEN; n += 1) expect((await post(name, `${n}`)).status).toBe(200);
    expect((await post(name, 'one more')).status).toBe(503);
    expect((await post(name, '0')).status).toBe(200);
    await ledger.write((tx) =>
      tx.updateTable('webhook_events').set({ state: 'quarantined' }).where('body', '=', '7').execute(),
    );
    expect((await post(name, 'one more')).status).toBe(200);
    const kept = await rows();
    expect(kept).toHaveLength(KEPT_PER_TOKEN);
    expect(kept.map((row) => row.body)).toContain('one more');
    expect(kept.map((row) => row.body)).not.toContain('7');
  });
});

test.each(['', '%00%0A', '..%2f..%2f', 'é', 'a'.repeat(400), '%F0%9F%92%A9'])(
  'a token such as %s harms nothing',
  async (odd) => {
    expect((await post(odd, 'x')).status).toBe(200);
    expect((await rows())[0]).toMatchObject({ attempt: null, state: 'quarantined' });
  },
);

test('elsewhere there is nothing; health says which ledger this is', async () => {
  for (const path of ['/', '/callback', '/callback/a/b', '/metrics'])
    expect((await fetch(`${receiver.url}${path}`, { method: 'POST' })).status).toBeGreaterThanOrEqual(400);
  expect((await fetch(`${receiver.url}/callback/x`)).status).toBe(404);
  const health = await fetch(`${receiver.url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toEqual({ status: 'ok', ledger: ledger.ledger8 });
});

test('closing answers what was received', async () => {
  const name = await token();
  const answers = Array.from({ length: 20 }, (_, n) => intake.receive({ token: name, body: Buffer.from(`${n}`) }));
  await intake.close();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['stored']));
  expect(await rows()).toHaveLength(20);
});
