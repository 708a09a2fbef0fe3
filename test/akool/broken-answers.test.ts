import type { Socket } from 'node:net';

import { afterEach, describe, expect, test } from 'vitest';

import { AkoolClient } from '../../akool/client.ts';
import type { CreateOutcome } from '../../akool/outcome.ts';
import { PREMIUM_MODEL, type CreateRequest } from '../../akool/wire.ts';
import { http, startAnswering, startRawServer, type RawServer } from './raw-server.ts';

const KEY = 'canary-key-5f0c3b';
const VIDEO = 'https://media.example.com/plates/sh010.mp4?X-Amz-Signature=canary-signature';
const REQUEST: CreateRequest = {
  video_url: VIDEO,
  mappings: [{ obj_id: 0, img_url: 'https://media.example.com/faces/ana.jpg' }],
  model_name: PREMIUM_MODEL,
  resolution: '720p',
};
const TRANSIENT = { kind: 'wait-and-retry', because: 'transient' };
const DEADLINE_MS = 250;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function clientOf(url: string, timeoutMs = DEADLINE_MS): AkoolClient {
  const client = new AkoolClient({ baseUrl: url, auth: { kind: 'api-key', key: KEY }, timeoutMs });
  open.push(client);
  return client;
}

async function create(client: AkoolClient): Promise<CreateOutcome> {
  const prepared = await client.prepareCreate();
  return prepared.kind === 'open' ? prepared.write(REQUEST) : prepared;
}

async function serving(server: Promise<RawServer>): Promise<RawServer> {
  const running = await server;
  open.push(running);
  return running;
}

const head = (length: number): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

const success = JSON.stringify({ code: 1000, msg: 'OK', data: { _id: 'a'.repeat(24), status: 1, credit: 5 } });

function drip(socket: Socket): void {
  socket.write(head(success.length));
  let sent = 0;
  const timer = setInterval(() => socket.write(success[sent++ % success.length] ?? ''), 20);
  socket.on('close', () => clearInterval(timer));
}

function flood(socket: Socket): void {
  socket.write(head(50_000_000));
  const chunk = Buffer.alloc(65_536, 0x20);
  let left = 50_000_000;
  const push = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= chunk.length;
      if (!socket.write(chunk)) break;
    }
  };
  socket.on('drain', push);
  push();
}

/** What the server does after a whole request, and the reason both calls must give. Every one may have been processed. */
const AFTER_SENDING: readonly [string, string | ((socket: Socket) => void), string][] = [
  ['closes without an answer', (socket) => void socket.end(), 'reset'],
  ['resets the connection', (socket) => void socket.resetAndDestroy(), 'reset'],
  ['never answers', () => {}, 'deadline'],
  ['drips one byte after the other', drip, 'deadline'],
  ['stops in the middle of the body', (socket) => void socket.write(head(500) + success), 'deadline'],
  ['cuts the body short', (socket) => void socket.end(head(500) + success), 'reset'],
  ['answers 50 MB', flood, 'too-large'],
  ['answers half JSON', http(200, success.slice(0, 40)), 'not-an-envelope'],
  ['answers HTML with 200', http(200, '<html>hello</html>', ['content-type: text/html']), 'not-an-envelope'],
  ['answers 502 with HTML', http(502, '<html>bad gateway</html>', ['content-type: text/html']), 'not-an-envelope'],
  ['answers 500 with nothing', http(500, ''), 'not-an-envelope'],
  ['answers JSON without a code', http(200, '{"message":"hm"}'), 'not-an-envelope'],
  ['answers JSON that is no object', http(200, '[1000]'), 'not-an-envelope'],
  ['redirects', http(302, '', ['location: http://127.0.0.1:1/']), 'not-an-envelope'],
  ['answers no HTTP', (socket) => void socket.end('SSH-2.0-hello\r\n\r\n'), 'reset'],
];

describe.each(AFTER_SENDING)('a server that %s', (_, behaviour, reason) => {
  test('makes a read worth retrying', async () => {
    const server = await serving(startAnswering(behaviour));
    const outcome = await clientOf(server.url).balance();
    expect(outcome).toMatchObject({ kind: 'transport', sent: 'maybe', reason, consequence: TRANSIENT });
    expect(server.accepted()).toBe(1);
  });

  test('makes an analysis worth retrying', async () => {
    const server = await serving(startAnswering(behaviour));
    const outcome = await clientOf(server.url).submitAnalysis(VIDEO);
    expect(outcome).toMatchObject({ kind: 'transport', sent: 'maybe', reason, consequence: TRANSIENT });
    expect(server.accepted()).toBe(1);
  });

  test('makes a create uncertain, sent exactly once', async () => {
    const server = await serving(startAnswering(behaviour));
    const outcome = await create(clientOf(server.url));
    expect(outcome).toMatchObject({ kind: 'uncertain', reason, consequence: { kind: 'uncertain' } });
    expect(server.accepted()).toBe(1);
    expect(JSON.stringify(outcome)).not.toMatch(/canary|127\.0\.0\.1/);
  });
});

test('a deadline holds in total, however the bytes come', async () => {
  const server = await serving(startAnswering(drip));
  const began = performance.now();
  await clientOf(server.url, 200).balance();
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('success without an id is uncertain for a create, transient for an analysis', async () => {
  for (const data of ['{}', '{"_id":""}', '{"_id":12345}', 'null']) {
    const server = await serving(startAnswering(http(200, `{"code":1000,"msg":"OK","data":${data}}`)));
    const client = clientOf(server.url);
    expect(await create(client)).toMatchObject({ kind: 'uncertain', reason: 'no-id', code: 1000 });
    expect(await client.submitAnalysis(VIDEO)).toMatchObject({
      kind: 'transport',
      reason: 'no-id',
      consequence: TRANSIENT,
    });
  }
});

/** Answers that were given before the request was looked at: a create is refused by them. */
const REFUSING: readonly [string, string, object][] = [
  ['401 without a code', http(401, ''), { kind: 'gate', gate: 'authorisation' }],
  ['403 with HTML', http(403, '<html>'), { kind: 'gate', gate: 'authorisation' }],
  ['403 with an unlisted code', http(403, '{"code":403,"msg":"forbidden"}'), { kind: 'gate', gate: 'authorisation' }],
  ['the unknown route', http(404, '{"status":404,"msg":"Not Found"}'), { kind: 'misconfigured' }],
  [
    '429 that asks for 7 seconds',
    http(429, '', ['retry-after: 7']),
    { kind: 'wait-and-retry', because: 'throttled', retryAfterMs: 7_000 },
  ],
  [
    '1005 that asks for 2 seconds',
    http(200, '{"code":1005,"msg":"x"}', ['retry-after: 2']),
    { kind: 'wait-and-retry', because: 'throttled', retryAfterMs: 2_000 },
  ],
  ['a code as text', http(200, '{"code":"1104","msg":"x"}'), { kind: 'gate', gate: 'credits' }],
  ['a code with HTTP 500', http(500, '{"code":1003,"msg":"x"}'), { kind: 'fail-item' }],
];

test.each(REFUSING)('%s refuses a create', async (_, answer, consequence) => {
  const server = await serving(startAnswering(answer));
  expect(await create(clientOf(server.url))).toMatchObject({ kind: 'refused', consequence });
});

test('what the vendor says is quoted without keys and addresses', async () => {
  const msg = `key ${KEY} may not use ${VIDEO} ${'x'.repeat(1_000)}`;
  const server = await serving(startAnswering(http(200, JSON.stringify({ code: 1003, msg }))));
  const client = clientOf(server.url);
  for (const outcome of [await create(client), await client.submitAnalysis(VIDEO), await client.balance()]) {
    expect(JSON.stringify(outcome)).toContain('key [secret] may not use [url]');
    expect(JSON.stringify(outcome)).not.toMatch(/canary|media\.example/);
    expect(JSON.stringify(outcome).length).toBeLessThan(700);
  }
});

test('a connection that never opens refuses a create and is transient for a read', async () => {
  const gone = await startRawServer(() => {});
  await gone.close();
  const client = clientOf(gone.url);
  const never = { reason: 'connect', consequence: TRANSIENT };
  expect(await client.prepareCreate()).toMatchObject({ kind: 'refused', ...never });
  expect(await client.balance()).toMatchObject({ kind: 'transport', sent: 'no', ...never });
  const unknown = clientOf('http://no-such-host.invalid');
  expect(await unknown.prepareCreate()).toMatchObject({ kind: 'refused', ...never });
  expect(await unknown.balance()).toMatchObject({ kind: 'transport', sent: 'no', ...never });
});

test('an aborted read says so; a create cannot be aborted', async () => {
  const server = await serving(startAnswering(() => {}));
  const controller = new AbortController();
  const pending = clientOf(server.url, 10_000).balance({ signal: controller.signal });
  controller.abort();
  expect(await pending).toMatchObject({ kind: 'transport', reason: 'aborted' });
});

test('reads keep connections open and send one auth header', async () => {
  const server = await serving(
    startRawServer(
      () => {},
      (socket) => void socket.write(http(200, success)),
    ),
  );
  const client = clientOf(server.url);
  for (let n = 0; n < 20; n += 1) expect((await client.balance()).kind).toBe('ok');
  // Two, because a connection can still be busy with the end of an answer when the next request leaves.
  expect(server.accepted()).toBeLessThanOrEqual(2);
  const all = server.received.join('');
  expect(all.match(/x-api-key: canary-key-5f0c3b/g)).toHaveLength(20);
  expect(all).not.toMatch(/authorization/i);
});
