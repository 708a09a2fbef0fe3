import type Type from 'typebox';
import { Value } from 'typebox/value';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { AnalysisData, BalanceData, CreatedData, Envelope, PATHS, TaskData, TokenAnswer } from '../../akool/wire.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { request, VIDEO } from './fleet-of-one.ts';
import { HandClock } from './hand-clock.ts';

let emulator: RunningEmulator;
let clock: HandClock;
beforeEach(async () => {
  clock = new HandClock();
  emulator = await startEmulator({ clock, analysisMs: 1_000, taskMs: 1_000 });
});
afterEach(() => emulator.close());

async function call(path: string, body?: unknown): Promise<Record<string, unknown>> {
  const headers = { 'x-api-key': DEFAULT_API_KEY, 'content-type': 'application/json' };
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  return (await (await fetch(emulator.url + path, init)).json()) as Record<string, unknown>;
}

/** The `_id` of an answer that has to have the shape. */
function shaped(shape: Type.TSchema, answer: Record<string, unknown>): string {
  expect(Value.Errors(shape, answer)).toEqual([]);
  return String((answer['data'] as Record<string, unknown> | undefined)?.['_id']);
}

test('every answer has the documented shape, at every stage', async () => {
  shaped(Envelope(BalanceData), await call(PATHS.balance));
  shaped(TokenAnswer, await call(PATHS.getToken, { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY }));
  const analysis = shaped(Envelope(AnalysisData), await call(PATHS.analyze, { video_url: VIDEO, type: 'head' }));
  for (let stage = 0; stage < 3; stage += 1) {
    expect(shaped(Envelope(AnalysisData), await call(`${PATHS.analysisDetail}?_id=${analysis}`))).toBe(analysis);
    clock.advance(500);
  }
  const tasks: string[] = [];
  emulator.control.addFaults({ on: 'create', at: [2], do: { kind: 'fail', errorCode: 12 } });
  for (let n = 0; n < 2; n += 1) tasks.push(shaped(Envelope(CreatedData), await call(PATHS.create, request())));
  for (let stage = 0; stage < 3; stage += 1) {
    for (const id of tasks) expect(shaped(Envelope(TaskData), await call(`${PATHS.taskDetail}?_id=${id}`))).toBe(id);
    clock.advance(500);
  }
});

test('refusals have a code, a text and no data', async () => {
  for (const answer of [
    await call(`${PATHS.taskDetail}?_id=nobody`),
    await call(PATHS.create, {}),
    await call(PATHS.analyze, { video_url: VIDEO, type: 'face' }),
  ]) {
    expect(Object.keys(answer)).toEqual(['code', 'msg']);
    expect(answer['code']).toEqual(expect.any(Number));
  }
});
