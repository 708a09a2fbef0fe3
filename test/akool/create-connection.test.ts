import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';

import { AkoolClient, type PreparedCreate } from '../../akool/client.ts';
import { PREMIUM_MODEL, type CreateRequest } from '../../akool/wire.ts';
import { until } from './expectations.ts';
import { http as httpText, startAnswering, startRawServer } from './raw-server.ts';
import { selfSigned } from './self-signed.ts';
import { ANSWERED, FIRST_BYTE, MAY_ANSWER, startThreadedServer, type ThreadedServer } from './threaded-server.ts';

const REQUEST: CreateRequest = {
  video_url: 'https://media.example.com/plates/sh010-ø.mp4',
  mappings: [{ obj_id: 0, img_url: 'https://media.example.com/faces/ana.jpg' }],
  model_name: PREMIUM_MODEL,
  resolution: '720p',
};
const SUCCESS = JSON.stringify({ code: 1000, msg: 'OK', data: { _id: 'b'.repeat(24), deduction_lock_duration: 100 } });
const NOT_SENT = { kind: 'refused', reason: 'closed-before-send', consequence: { kind: 'wait-and-retry' } };

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function keep<T extends { close(): Promise<unknown> }>(closable: T): T {
  open.push(closable);
  return closable;
}

function clientOf(baseUrl: string, more: { timeoutMs?: number; ca?: string } = {}): AkoolClient {
  return keep(new AkoolClient({ baseUrl, auth: { kind: 'api-key', key: 'k' }, timeoutMs: 2_000, ...more }));
}

async function prepare(client: AkoolClient): Promise<PreparedCreate> {
  const prepared = await client.prepareCreate();
  if (prepared.kind !== 'open') throw new Error(prepared.message);
  return prepared;
}

test('the first byte is on the wire before write returns to the loop', async () => {
  const server = keep(await startThreadedServer());
  const prepared = await prepare(clientOf(server.url));
  const outcome = prepared.write(REQUEST);
  // This thread stands still: only what `write` itself handed over can reach the server.
  expect(Atomics.wait(server.flags, FIRST_BYTE, 0, 2_000)).not.toBe('timed-out');
  mayAnswer(server);
  expect((await outcome).kind).toBe('created');
});

test('nothing is written before write', async () => {
  const server = keep(await startThreadedServer());
  const prepared = await prepare(clientOf(server.url));
  expect(Atomics.wait(server.flags, FIRST_BYTE, 0, 100)).toBe('timed-out');
  prepared.discard();
});

test.each(['create', 'read'])('a %s whose answer came while the loop stood still is not lost', async (call) => {
  const server = keep(await startThreadedServer());
  const client = clientOf(server.url, { timeoutMs: 150 });
  const pending = call === 'read' ? client.balance() : (await prepare(client)).write(REQUEST);
  await until(() => (Atomics.load(server.flags, FIRST_BYTE) === 1 ? true : null));
  // From a turn's last phase the next one begins with timers: the deadline fires before the socket is looked at.
  await new Promise((resolve) => setImmediate(resolve));
  mayAnswer(server);
  expect(Atomics.wait(server.flags, ANSWERED, 0, 2_000)).not.toBe('timed-out');
  const blockedUntil = performance.now() + 300;
  while (performance.now() < blockedUntil);
  expect((await pending).kind).toBe(call === 'read' ? 'ok' : 'created');
});

test('every create has a connection of its own, closed afterwards', async () => {
  const server = keep(
    await startRawServer(
      () => {},
      (socket) => void socket.write(httpText(200, SUCCESS, ['connection: keep-alive'])),
    ),
  );
  const client = clientOf(server.url);
  for (let n = 0; n < 5; n += 1) expect((await (await prepare(client)).write(REQUEST)).kind).toBe('created');
  expect(server.accepted()).toBe(5);
  for (const request of server.received) expect(request).toMatch(/connection: close/i);
});

test('the request is one whole POST with one auth header and the body as given', async () => {
  const server = keep(await startAnswering(httpText(200, SUCCESS)));
  const outcome = await (await prepare(clientOf(`${server.url}/prefix/`))).write(REQUEST);
  expect(outcome).toMatchObject({ kind: 'created', task: { id: 'b'.repeat(24), hold: 100 } });
  const [head, body] = (server.received[0] ?? '').split('\r\n\r\n');
  expect(head).toMatch(/^POST \/prefix\/api\/open\/v4\/headswap\/task\/create HTTP\/1\.1\r\n/);
  expect(head?.match(/x-api-key|authorization/gi)).toHaveLength(1);
  expect(JSON.parse(Buffer.from(body ?? '', 'latin1').toString('utf8'))).toEqual(REQUEST);
});

test('a connection the server closed while it waited: refused, nothing sent', async () => {
  const server = keep(await startRawServer((socket) => void socket.end()));
  const prepared = await prepare(clientOf(server.url));
  await until(() => (prepared.usable ? null : true));
  expect(await prepared.write(REQUEST)).toMatchObject(NOT_SENT);
  expect(server.received.join('')).toBe('');
});

test.each([
  ['resets', (socket: Socket) => void socket.resetAndDestroy()],
  ['answers 408 and closes', (socket: Socket) => void socket.end(httpText(408, ''))],
])('a server that %s before the request: refused, nothing sent', async (_, behave) => {
  const server = keep(await startRawServer(behave));
  const client = clientOf(server.url);
  const prepared = await client.prepareCreate();
  if (prepared.kind === 'open') {
    await until(() => (prepared.usable ? null : true));
    expect(await prepared.write(REQUEST)).toMatchObject(NOT_SENT);
  } else expect(prepared.kind).toBe('refused');
  expect(server.received.join('')).toBe('');
});

test('discard closes it unsent, and a second write is refused', async () => {
  const server = keep(await startRawServer(() => {}));
  const prepared = await prepare(clientOf(server.url));
  prepared.discard();
  expect(await prepared.write(REQUEST)).toMatchObject(NOT_SENT);
  expect(server.received.join('')).toBe('');
});

test('a redirect is not followed', async () => {
  const target = keep(await startAnswering(httpText(200, SUCCESS)));
  const server = keep(await startAnswering(httpText(307, '', [`location: ${target.url}/`])));
  const outcome = await (await prepare(clientOf(server.url))).write(REQUEST);
  expect(outcome).toMatchObject({ kind: 'uncertain', httpStatus: 307 });
  expect(target.accepted()).toBe(0);
});

test('opening has a deadline: a server that never finishes the handshake refuses', async () => {
  const server = keep(await startRawServer(() => {}));
  const client = clientOf(server.url.replace('http:', 'https:'), { timeoutMs: 150 });
  expect(await client.prepareCreate()).toMatchObject({ kind: 'refused', reason: 'connect' });
});

test('over TLS with the server’s name, and not with a certificate nobody vouches for', async () => {
  const { key, cert } = selfSigned();
  const names: unknown[] = [];
  const server = https.createServer({ key, cert }, (request, response) => {
    names.push((request.socket as TLSSocket & { servername?: unknown }).servername);
    request.resume().on('end', () => response.end(SUCCESS));
  });
  await listening(server);
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const trusting = clientOf(url, { ca: cert });
  expect((await (await prepare(trusting)).write(REQUEST)).kind).toBe('created');
  expect(await trusting.taskDetail('b'.repeat(24))).toMatchObject({ kind: 'ok' });
  expect(names[0]).toBe('localhost');
  const strict = clientOf(url);
  const refused = { reason: 'connect', consequence: { kind: 'wait-and-retry' } };
  expect(await strict.prepareCreate()).toMatchObject({ kind: 'refused', ...refused });
  expect(await strict.balance()).toMatchObject({ kind: 'transport', sent: 'no', ...refused });
  expect(names).toHaveLength(2);
});

function mayAnswer(server: ThreadedServer): void {
  Atomics.store(server.flags, MAY_ANSWER, 1);
  Atomics.notify(server.flags, MAY_ANSWER);
}

async function listening(server: https.Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  keep({
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
