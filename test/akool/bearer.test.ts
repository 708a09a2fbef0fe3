import { afterEach, beforeEach, expect, test } from 'vitest';

import { AkoolClient } from '../../akool/client.ts';
import { PREMIUM_MODEL } from '../../akool/wire.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { until, value } from './expectations.ts';

const VIDEO = 'https://media.example.com/plates/sh010.mp4';
let emulator: RunningEmulator;
let client: AkoolClient;
let tokens: number;

beforeEach(async () => {
  emulator = await startEmulator({ analysisMs: 0, taskMs: 0 });
  tokens = 0;
  emulator.app.server.on('request', (request) => (tokens += request.url?.endsWith('/getToken') === true ? 1 : 0));
  client = bearer(DEFAULT_API_KEY);
});
afterEach(async () => {
  await client.close();
  await emulator.close();
});

function bearer(clientSecret: string): AkoolClient {
  const auth = { kind: 'bearer', clientId: DEFAULT_CLIENT_ID, clientSecret } as const;
  return new AkoolClient({ baseUrl: emulator.url, auth, timeoutMs: 5_000 });
}

test('many calls at once fetch one token', async () => {
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => client.balance()));
  expect(outcomes.map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'ok'));
  expect(tokens).toBe(1);
});

test('an expired token is replaced once, and the call goes through', async () => {
  await client.balance();
  emulator.control.expireTokens();
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => client.balance()));
  expect(outcomes.every(({ kind }) => kind === 'ok')).toBe(true);
  expect(tokens).toBe(2);
  emulator.control.expireTokens();
  expect((await client.balance()).kind).toBe('ok');
  expect(tokens).toBe(3);
});

test('a fresh token that is refused too is a matter of authorisation, without a third', async () => {
  await client.balance();
  emulator.control.addFaults({ on: 'balance', do: { kind: 'code', code: 1101 } });
  const outcome = await client.balance();
  expect(outcome).toMatchObject({ kind: 'refused', code: 1101, consequence: { kind: 'gate', gate: 'authorisation' } });
  expect(tokens).toBe(2);
});

test('wrong credentials refuse every call, create included, without a token', async () => {
  const wrong = bearer('x'.repeat(32));
  const refused = { kind: 'refused', code: 1101, consequence: { kind: 'gate', gate: 'authorisation' } };
  expect(await wrong.balance()).toMatchObject(refused);
  expect(await wrong.prepareCreate()).toMatchObject(refused);
  await wrong.close();
});

test('a create with an expired token is refused, and the next one carries a fresh token', async () => {
  const { id } = value(await client.submitAnalysis(VIDEO));
  await until(async () => (value(await client.analysisDetail(id)).phase === 'completed' ? true : null));
  emulator.control.expireTokens();
  const create = async () => {
    const prepared = await client.prepareCreate();
    if (prepared.kind !== 'open') throw new Error(prepared.message);
    return prepared.write({
      video_url: VIDEO,
      mappings: [{ obj_id: 0, img_url: 'https://media.example.com/a.jpg' }],
      model_name: PREMIUM_MODEL,
      resolution: '480p',
    });
  };
  expect(await create()).toMatchObject({ kind: 'refused', code: 1101, consequence: { kind: 'wait-and-retry' } });
  expect((await create()).kind).toBe('created');
  expect(emulator.book.creates()).toHaveLength(1);
});

test('the token is sent alone', async () => {
  const seen: string[] = [];
  emulator.app.server.on('request', (request) => seen.push(Object.keys(request.headers).join(' ')));
  await client.balance();
  expect(seen.at(-1)).toMatch(/authorization/);
  expect(seen.at(-1)).not.toMatch(/x-api-key/);
});

test('neither secret nor token is repeated when the vendor echoes them', async () => {
  let token = '';
  emulator.app.server.on('request', ({ headers }) => (token = headers.authorization?.slice('Bearer '.length) ?? token));
  await client.balance();
  expect(token.length).toBeGreaterThan(20);
  const msg = `no right: "Bearer ${token}", made with ${DEFAULT_API_KEY}`;
  emulator.control.addFaults({ on: 'balance', do: { kind: 'code', code: 1102, msg } });
  const outcome = await client.balance();
  expect(outcome).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('Bearer [secret]", made with [secret]') as string,
  });
});
