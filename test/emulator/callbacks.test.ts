import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { openCallback, type CallbackReading } from '../../akool/callback.ts';
import { systemClock, type Clock } from '../../emulator/clock.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator, type StartOptions } from '../../emulator/start.ts';
import { eventually, FleetOfOne, good } from './fleet-of-one.ts';

const SECRETS = { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY };

let receiver: Server;
let received: { path: string; reading: CallbackReading }[];
/** Answers in turn; 200 when used up. */
let answers: number[];
let emulator: RunningEmulator;
let fleet: FleetOfOne;

beforeEach(async () => {
  received = [];
  answers = [];
  receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ path: request.url ?? '', reading: openCallback(SECRETS, body) });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterEach(async () => {
  await fleet.close();
  await emulator.close();
  receiver.closeAllConnections();
  receiver.close();
});

async function start(settings: StartOptions = {}): Promise<void> {
  emulator = await startEmulator({ analysisMs: 0, taskMs: 30, ...settings });
  fleet = new FleetOfOne(emulator.url);
  await fleet.analyse();
}

const hook = (): { webhookUrl: string } => ({
  webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/callbacks/token-7`,
});
const count = (n: number) => eventually(() => (received.length >= n ? received : null));

test('the final state arrives sealed, on the attempt’s own path', async () => {
  await start();
  const id = await fleet.created(hook());
  await count(1);
  expect(received[0]).toMatchObject({
    path: '/callbacks/token-7',
    reading: { kind: 'ok', callback: { taskId: id, status: 3, credits: 15 } },
  });
  const reading = received[0]?.reading;
  const url = reading?.kind === 'ok' ? reading.callback.url : null;
  expect(url).toBe(good(await fleet.client.taskDetail(id)).outputUrl);
  expect(emulator.book.creates()[0]?.token).toBe('token-7');
});

test('a failed task says 4 and has no link', async () => {
  await start({ faults: [{ on: 'create', do: { kind: 'fail' } }] });
  await fleet.created(hook());
  await count(1);
  expect(received[0]?.reading).toMatchObject({ callback: { status: 4, url: null } });
});

test('sent again until exactly 200: 201 and 302 do not count', async () => {
  answers = [500, 201, 302];
  await start({ callbacks: { retryMs: [5, 5, 5, 5, 5] } });
  await fleet.created(hook());
  await eventually(() => (emulator.book.callbacks().at(-1)?.answered === 200 ? true : null));
  expect(emulator.book.callbacks().map(({ answered }) => answered)).toEqual([500, 201, 302, 200]);
  expect(received).toHaveLength(4);
});

test('without a schedule a failed delivery is the last', async () => {
  answers = [500];
  await start();
  await fleet.created(hook());
  await eventually(() => (emulator.book.callbacks().length === 1 ? true : null));
  expect(received).toHaveLength(1);
});

test('early: the callback is there before the create is answered', async () => {
  await start({ faults: [{ on: 'callback', do: { kind: 'early' } }] });
  await fleet.created(hook());
  expect(received.length).toBeGreaterThanOrEqual(1);
});

test('duplicates, an interim 2, never, forged', async () => {
  await start({
    faults: [
      { on: 'callback', at: [1], do: { kind: 'duplicate', times: 3 } },
      { on: 'callback', at: [2], do: { kind: 'interim' } },
      { on: 'callback', at: [3], do: { kind: 'never' } },
      { on: 'callback', at: [4], do: { kind: 'forged' } },
    ],
  });
  const states = () => received.map(({ reading }) => (reading.kind === 'ok' ? reading.callback.status : reading.kind));
  await fleet.created(hook());
  await count(3);
  expect(states()).toEqual([3, 3, 3]);
  await fleet.created(hook());
  await count(5);
  expect(new Set(states().slice(3))).toEqual(new Set([2, 3]));
  const silent = await fleet.created(hook());
  await fleet.finished(silent);
  await fleet.created(hook());
  await count(6);
  expect(states().slice(5)).toEqual(['rejected']);
});

test('none are sent when switched off', async () => {
  await start({ taskMs: 0, callbacks: { send: false } });
  await fleet.finished(await fleet.created(hook()));
  expect(emulator.book.callbacks()).toEqual([]);
});

test('a timer that fires before the clock says so sends no end that is none yet', async () => {
  const hasty: Clock = { now: () => Date.now(), setTimer: (ms, fire) => systemClock.setTimer(ms - 10, fire) };
  await start({ clock: hasty, taskMs: 50 });
  await fleet.created(hook());
  await count(1);
  expect(received[0]?.reading).toMatchObject({ kind: 'ok', callback: { status: 3 } });
});
