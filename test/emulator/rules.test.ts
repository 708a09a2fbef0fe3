import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ACCOUNT_SENTENCE, NOT_FOUND_BODY, PATHS } from '../../akool/wire.ts';
import type { EmulatorSettings } from '../../emulator/options.ts';
import { DEFAULT_API_KEY, DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { FACE, FleetOfOne, good, request, VIDEO } from './fleet-of-one.ts';
import { HandClock } from './hand-clock.ts';

let emulator: RunningEmulator;
let fleet: FleetOfOne;
let clock: HandClock;

async function start(settings: EmulatorSettings = {}): Promise<void> {
  clock = new HandClock();
  emulator = await startEmulator({ clock, analysisMs: 1_000, taskMs: 10_000, ...settings });
  fleet = new FleetOfOne(emulator.url);
}
beforeEach(() => start());
afterEach(async () => {
  await fleet.close();
  await emulator.close();
});

async function again(settings: EmulatorSettings): Promise<void> {
  await fleet.close();
  await emulator.close();
  await start(settings);
}

async function raw(path: string, init: RequestInit = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(emulator.url + path, init);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function post(path: string, body: unknown, headers: Record<string, string> = { 'x-api-key': DEFAULT_API_KEY }) {
  const init = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  };
  return (await raw(path, init)).body;
}

async function analysed(video = VIDEO): Promise<void> {
  good(await fleet.client.submitAnalysis(video));
  clock.advance(1_000);
}

describe('who may ask', () => {
  const balance = (headers: Record<string, string>) => raw(PATHS.balance, { headers });

  test('no header 1102, an unknown key 1109, a bad token 1101; HTTP 200 for all', async () => {
    expect(await balance({})).toMatchObject({ status: 200, body: { code: 1102 } });
    expect(await balance({ 'x-api-key': 'nobody' })).toMatchObject({ status: 200, body: { code: 1109 } });
    expect(await balance({ authorization: 'Bearer nonsense' })).toMatchObject({ status: 200, body: { code: 1101 } });
  });
  test('Authorization wins over a good key', async () => {
    const both = { authorization: 'Bearer nonsense', 'x-api-key': DEFAULT_API_KEY };
    expect((await balance(both)).body).toMatchObject({ code: 1101 });
  });
  test('the token stands beside the code', async () => {
    const answer = await post(PATHS.getToken, { clientId: DEFAULT_CLIENT_ID, clientSecret: DEFAULT_API_KEY }, {});
    expect(answer).toMatchObject({ code: 1000, token: expect.any(String) });
    expect(answer).not.toHaveProperty('data');
    const authorization = `Bearer ${String(answer['token'])}`;
    expect((await balance({ authorization })).body).toMatchObject({ code: 1000 });
  });
  test('a blocked key is refused everywhere, an unpaid one only where it would spend', async () => {
    emulator.control.refuseKeys(1200);
    expect(await fleet.client.balance()).toMatchObject({ code: 1200 });
    emulator.control.refuseKeys(1103);
    expect((await fleet.client.balance()).kind).toBe('ok');
    expect(await fleet.client.submitAnalysis(VIDEO)).toMatchObject({ code: 1103 });
    emulator.control.refuseKeys(null);
    expect((await fleet.client.submitAnalysis(VIDEO)).kind).toBe('ok');
  });
  test('an unknown route has no code', async () => {
    expect(await raw('/api/open/v4/headswap/list')).toEqual({ status: 404, body: NOT_FOUND_BODY });
  });
});

describe('the course of things', () => {
  test('an analysis goes 1, 2, 3 with progress that never falls, and only then has a result', async () => {
    const { id } = good(await fleet.client.submitAnalysis(VIDEO));
    const seen: string[] = [];
    let progress = 0;
    for (let ms = 0; ms <= 1_000; ms += 100) {
      const detail = good(await fleet.client.analysisDetail(id));
      expect(detail.progress).toBeGreaterThanOrEqual(progress);
      progress = detail.progress ?? 0;
      if (seen.at(-1) !== detail.phase) seen.push(detail.phase);
      expect(detail.people).toHaveLength(detail.phase === 'completed' ? 1 : 0);
      clock.advance(100);
    }
    expect(seen).toEqual(['queued', 'processing', 'completed']);
    expect(progress).toBe(100);
  });
  test('submit says "Analyze success" and leaves the result keys out', async () => {
    const answer = await post(PATHS.analyze, { video_url: VIDEO, type: 'head' });
    expect(answer).toMatchObject({ code: 1000, msg: 'Analyze success', data: { status: 1, progress: 0 } });
    for (const key of ['analysis_result', 'error_reason', 'error_code']) expect(answer['data']).not.toHaveProperty(key);
  });
  test('ids begin with the second of creation and are all different', async () => {
    await analysed();
    const first = await fleet.created();
    const second = await fleet.created();
    const task = good(await fleet.client.taskDetail(first));
    expect(first.slice(0, 8)).toBe(Math.floor((task.createdAtMs ?? 0) / 1_000).toString(16));
    expect(task.fileName).toBe(`Headswap_${task.createdAtMs}.mp4`);
    expect(first).not.toBe(second);
  });
  test('durations between two bounds follow the seed', async () => {
    const lengths = async (seed: number): Promise<number[]> => {
      await again({ seed, taskMs: [1_000, 9_000] });
      await analysed();
      for (let n = 0; n < 8; n += 1) await fleet.created();
      return emulator.book.creates().map(({ at, endedAt }) => (endedAt ?? 0) - at);
    };
    const first = await lengths(7);
    expect(await lengths(7)).toEqual(first);
    expect(await lengths(8)).not.toEqual(first);
    for (const ms of first) expect(ms >= 1_000 && ms <= 9_000).toBe(true);
  });
});

describe('what a create must be', () => {
  beforeEach(() => analysed());
  const refusedBecause = async (body: unknown): Promise<string> => {
    const answer = await post(PATHS.create, body);
    expect(answer).toMatchObject({ code: 1003 });
    expect(answer).not.toHaveProperty('data');
    return String(answer['msg']);
  };

  test('good', async () => {
    expect(await post(PATHS.create, request())).toMatchObject({
      code: 1000,
      msg: 'OK',
      data: { video_url: null, status: 1 },
    });
  });
  test('more than five mappings have their own sentence', async () => {
    const mappings = Array.from({ length: 6 }, (_, objId) => ({ obj_id: objId, img_url: FACE }));
    expect(await refusedBecause(request({ mappings }))).toBe('Up to 5 characters can be replaced at one time.');
  });
  test.each([
    ['no mappings', { mappings: [] }],
    ['a face that is no URL', { mappings: [{ obj_id: 0, img_url: 'file:///a.jpg' }] }],
    ['a number as text', { mappings: [{ obj_id: '0', img_url: FACE }] }],
    ['a person that is not there', { mappings: [{ obj_id: 1, img_url: FACE }] }],
    [
      'a person twice',
      {
        mappings: [
          { obj_id: 0, img_url: FACE },
          { obj_id: 0, img_url: `${FACE}?2` },
        ],
      },
    ],
    ['another model', { model_name: 'akool-basic' }],
    ['another resolution', { resolution: '1080p' }],
    ['a URL that differs in one character', { video_url: `${VIDEO}?` }],
    ['a sound that is text', { keep_original_sound: 'yes' }],
    ['no body at all', null],
  ])('not %s', async (_, change) => {
    await refusedBecause(change === null ? null : { ...request(), ...change });
    expect(emulator.book.creates()).toEqual([]);
  });
  test('not with an analysis that still runs', async () => {
    const video = 'https://media.example.com/plates/other.mp4';
    good(await fleet.client.submitAnalysis(video));
    expect(await refusedBecause(request({ video_url: video }))).toMatch(/analysis/i);
  });
  test('not on a plan without the feature', async () => {
    await again({ supported: false });
    await analysed();
    expect(await refusedBecause(request())).toBe(ACCOUNT_SENTENCE);
  });
  test('not once the analysis is too old', async () => {
    await again({ analysisTtlMs: 60_000 });
    await analysed();
    clock.advance(60_001);
    expect(await fleet.create()).toMatchObject({ consequence: { kind: 'reanalyse' } });
  });
  test('the latest completed analysis counts', async () => {
    emulator.control.addFaults({ on: 'analyze', do: { kind: 'people', count: 3 } });
    await analysed();
    expect((await fleet.create({ mappings: [{ obj_id: 2, img_url: FACE }] })).kind).toBe('created');
  });
});

describe('what a file name says', () => {
  test.each([
    ['crowd-3p.mp4', 3],
    ['empty-0p.mp4?sig=-9p', 0],
    ['plate-720p.mp4', 1],
    ['plain.mp4', 1],
  ])('%s shows %i people', async (name, people) => {
    const { id } = good(await fleet.client.submitAnalysis(`https://media.example.com/${name}`));
    clock.advance(1_000);
    expect(good(await fleet.client.analysisDetail(id)).people).toHaveLength(people);
  });
  test('a map comes first', async () => {
    await again({ people: { 'plate-7': 4 } });
    const { id } = good(await fleet.client.submitAnalysis('https://media.example.com/plate-7.mp4'));
    clock.advance(1_000);
    expect(good(await fleet.client.analysisDetail(id)).people).toHaveLength(4);
  });
  test('a length outside 3 to 20 s: analysis fails, is refused, or passes', async () => {
    const long = 'https://media.example.com/long-25s.mp4';
    const { id } = good(await fleet.client.submitAnalysis(long));
    clock.advance(1_000);
    expect(good(await fleet.client.analysisDetail(id)).phase).toBe('failed');
    await again({ durationGate: 'sync' });
    expect(await fleet.client.submitAnalysis(long)).toMatchObject({ code: 1204, consequence: { kind: 'fail-item' } });
    await again({ durationGate: 'off' });
    expect((await fleet.client.submitAnalysis(long)).kind).toBe('ok');
  });
});
