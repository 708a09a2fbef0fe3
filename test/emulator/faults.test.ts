import { afterEach, describe, expect, test } from 'vitest';

import type { FaultRule } from '../../emulator/fault-plan.ts';
import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { eventually, FleetOfOne, good, VIDEO } from './fleet-of-one.ts';

let emulator: RunningEmulator;
let fleet: FleetOfOne;

async function start(...faults: FaultRule[]): Promise<void> {
  emulator = await startEmulator({ analysisMs: 0, taskMs: 0, faults });
  fleet = new FleetOfOne(emulator.url, undefined, 300);
}
afterEach(async () => {
  await fleet.close();
  await emulator.close();
});

describe('creates whose answer is spoilt', () => {
  /** The fault, how the client must see it, and whether a task exists (and is charged) afterwards. */
  const cases: readonly [string, FaultRule['do'], object, boolean][] = [
    ['accepted, then closed', { kind: 'drop-answer' }, { kind: 'uncertain', reason: 'reset' }, true],
    ['accepted, then reset', { kind: 'drop-answer', cut: 'reset' }, { kind: 'uncertain', reason: 'reset' }, true],
    ['accepted, then silent', { kind: 'drop-answer', cut: 'hang' }, { kind: 'uncertain', reason: 'deadline' }, true],
    ['dropped', { kind: 'drop-before' }, { kind: 'uncertain', reason: 'reset' }, false],
    ['slow', { kind: 'slow', delayMs: 60_000 }, { kind: 'uncertain', reason: 'deadline' }, true],
    ['dripping', { kind: 'drip', bytesPerSecond: 20 }, { kind: 'uncertain', reason: 'deadline' }, true],
    ['50 MB', { kind: 'flood', bytes: 50_000_000 }, { kind: 'uncertain', reason: 'too-large' }, false],
    ['502, not accepted', { kind: 'http', status: 502 }, { kind: 'uncertain', httpStatus: 502 }, false],
    ['502, accepted', { kind: 'http', status: 502, accept: true }, { kind: 'uncertain', httpStatus: 502 }, true],
    ['HTML with 200, accepted', { kind: 'http', status: 200, accept: true }, { kind: 'uncertain' }, true],
    ['half JSON', { kind: 'half-json', accept: true }, { kind: 'uncertain', reason: 'not-an-envelope' }, true],
    ['no id', { kind: 'no-id' }, { kind: 'uncertain', reason: 'no-id' }, true],
    ['a number as id', { kind: 'no-id', as: 'number' }, { kind: 'uncertain', reason: 'no-id' }, true],
    ['2001', { kind: 'code', code: 2001 }, { kind: 'uncertain', code: 2001 }, false],
    ['2001, accepted', { kind: 'code', code: 2001, accept: true }, { kind: 'uncertain', code: 2001 }, true],
    [
      '1015',
      { kind: 'code', code: 1015 },
      { kind: 'refused', consequence: { kind: 'wait-and-retry', maxTries: 3 } },
      false,
    ],
    ['1005', { kind: 'throttle' }, { kind: 'refused', code: 1005 }, false],
    [
      '429',
      { kind: 'throttle', with: '429', retryAfter: '-5' },
      { kind: 'refused', httpStatus: 429, consequence: { because: 'throttled', retryAfterMs: null } },
      false,
    ],
    [
      'another success text',
      { kind: 'odd', msg: 'created!', extraKeys: true, statusAsText: true },
      { kind: 'created' },
      true,
    ],
  ];
  test.each(cases)('%s', async (_, action, expected, exists) => {
    await start({ on: 'create', at: [1], do: action });
    await fleet.analyse();
    expect(await fleet.create()).toMatchObject(expected);
    expect(emulator.book.creates()).toHaveLength(exists ? 1 : 0);
    expect(emulator.book.refusals('create')).toHaveLength(exists ? 0 : 1);
    emulator.control.settle();
    expect(emulator.book.charges().total).toBe(exists ? 15 : 0);
    expect((await fleet.create()).kind).toBe('created');
  });
});

describe('tasks and analyses that go wrong', () => {
  test('fails with or without a reason', async () => {
    await start(
      { on: 'create', at: [1], do: { kind: 'fail', reason: 'no face', errorCode: 7 } },
      { on: 'create', at: [2], do: { kind: 'fail', reason: null } },
    );
    await fleet.analyse();
    const first = await fleet.finished(await fleet.created());
    expect(first).toMatchObject({ phase: 'failed', errorReason: 'no face', errorCode: 7 });
    expect(await fleet.finished(await fleet.created())).toMatchObject({ phase: 'failed', errorReason: null });
  });
  test('stalls for ever in 1 or 2, until it is made to end', async () => {
    await start(
      { on: 'create', at: [1], do: { kind: 'stall', status: 1 } },
      { on: 'create', at: [2], do: { kind: 'stall' } },
    );
    await fleet.analyse();
    const [queued, processing] = [await fleet.created(), await fleet.created()];
    expect(good(await fleet.client.taskDetail(queued)).phase).toBe('queued');
    expect(good(await fleet.client.taskDetail(processing)).phase).toBe('processing');
    emulator.control.finish(queued);
    emulator.control.finish(processing, 'failed');
    expect((await fleet.finished(queued)).phase).toBe('completed');
    expect((await fleet.finished(processing)).phase).toBe('failed');
    expect(emulator.book.charges().total).toBe(15);
  });
  test('status 3 without a URL for two polls, then backwards, then an unknown number, then right', async () => {
    await start(
      { on: 'task-detail', to: 2, do: { kind: 'odd', emptyUrl: true } },
      { on: 'task-detail', at: [3], do: { kind: 'odd', status: 2 } },
      { on: 'task-detail', at: [4], do: { kind: 'odd', status: 5 } },
      { on: 'task-detail', at: [5], do: { kind: 'odd', emptyData: true } },
      { on: 'task-detail', at: [6], do: { kind: 'odd', statusAsText: true, extraKeys: true } },
    );
    await fleet.analyse();
    const id = await fleet.created();
    const phases: string[] = [];
    for (let n = 0; n < 6; n += 1) phases.push(good(await fleet.client.taskDetail(id)).phase);
    expect(phases).toEqual(['not-yet', 'not-yet', 'processing', 'not-yet', 'not-yet', 'completed']);
  });
  test('another order of people shows other previews under the same numbers', async () => {
    const crowd = 'https://media.example.com/crowd-3p.mp4';
    await start({ on: 'analyze', at: [2], do: { kind: 'reorder' } });
    const previews = async (): Promise<string[]> => {
      const { people } = await fleet.analyse(crowd);
      const bytes = people.map(async ({ previewUrl }) => Buffer.from(await (await fetch(previewUrl)).arrayBuffer()));
      return (await Promise.all(bytes)).map((each) => each.toString('base64'));
    };
    const [first, second] = [await previews(), await previews()];
    expect(new Set(first).size).toBe(3);
    expect(second).toEqual([first[1], first[2], first[0]]);
  });
  test('nobody found, and a count that contradicts', async () => {
    await start(
      { on: 'analyze', at: [1], do: { kind: 'people', count: 0 } },
      { on: 'analyze', at: [2], do: { kind: 'detected', count: 3 } },
    );
    expect((await fleet.analyse()).people).toEqual([]);
    const analysis = await fleet.analyse();
    expect(analysis.people).toHaveLength(1);
    expect(analysis.oddities).toHaveLength(1);
  });
});

describe('when a rule applies', () => {
  const refusedAt = async (rule: Omit<FaultRule, 'on' | 'do'>, calls = 12): Promise<number[]> => {
    await start({ ...rule, on: 'balance', do: { kind: 'code', code: 2001 } });
    const hits: number[] = [];
    for (let n = 1; n <= calls; n += 1) if ((await fleet.client.balance()).kind !== 'ok') hits.push(n);
    return hits;
  };
  test.each([
    [{ at: [2, 5] }, [2, 5]],
    [{ every: 4 }, [4, 8, 12]],
    [{ from: 3, to: 5 }, [3, 4, 5]],
    [{ times: 2 }, [1, 2]],
    [{ every: 2, times: 2 }, [2, 4]],
    [{ match: 'sh0' }, []],
    [{ afterMs: 3_600_000 }, []],
    [{ untilMs: 0 }, []],
    [{ fraction: 0 }, []],
  ])('%o', async (rule, expected) => {
    expect(await refusedAt(rule)).toEqual(expected);
  });
  test('a fraction is near its share and the same for a seed', async () => {
    const hits = await refusedAt({ fraction: 0.3 }, 200);
    expect(hits.length).toBeGreaterThan(35);
    expect(hits.length).toBeLessThan(85);
    await fleet.close();
    await emulator.close();
    expect(await refusedAt({ fraction: 0.3 }, 200)).toEqual(hits);
  });
  test('match looks at the source video, also for reads of its task', async () => {
    const other = 'https://media.example.com/plates/sh020.mp4';
    await start({ on: 'task-detail', match: 'sh020', do: { kind: 'code', code: 2001 } });
    await fleet.analyse(VIDEO);
    await fleet.analyse(other);
    const [plain, matched] = [await fleet.created(), await fleet.created({ video_url: other })];
    expect((await fleet.client.taskDetail(plain)).kind).toBe('ok');
    expect((await fleet.client.taskDetail(matched)).kind).toBe('refused');
  });
  test('the account can change at an ordinal', async () => {
    await start(
      { on: 'create', at: [2], do: { kind: 'balance', credits: 0 } },
      { on: 'create', at: [3], do: { kind: 'key', refuse: 1109 } },
      { on: 'any', from: 1, times: 1, do: { kind: 'limits', limits: { pollPerSecond: 1_000 } } },
    );
    await fleet.analyse();
    expect((await fleet.create()).kind).toBe('created');
    expect(await fleet.create()).toMatchObject({ code: 1104 });
    expect(await fleet.create()).toMatchObject({ code: 1109 });
    expect(await fleet.client.balance()).toMatchObject({ code: 1109 });
  });
});

describe('outputs and previews', () => {
  const fetched = async (action: FaultRule['do'], on: 'output' | 'preview' = 'output') => {
    await start({ on, at: [1], do: action });
    const analysis = await fleet.analyse();
    const task = await fleet.finished(await fleet.created());
    const url = (on === 'output' ? task.outputUrl : analysis.people[0]?.previewUrl) ?? '';
    return { url, response: await fetch(url, { redirect: 'manual' }) };
  };
  test.each([403, 404, 410])('%i once, then there', async (status) => {
    const { url, response } = await fetched({ kind: 'gone', status });
    expect(response.status).toBe(status);
    expect((await fetch(url)).status).toBe(200);
  });
  test('HTML, nothing, a redirect', async () => {
    expect((await fetched({ kind: 'html' })).response.headers.get('content-type')).toBe('text/html');
    await fleet.close();
    await emulator.close();
    expect((await (await fetched({ kind: 'zero' })).response.arrayBuffer()).byteLength).toBe(0);
    await fleet.close();
    await emulator.close();
    const { response } = await fetched({ kind: 'redirect', to: 'http://127.0.0.1:1/x' });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('http://127.0.0.1:1/x');
  });
  test('truncated: announces all, gives a part', async () => {
    const { response } = await fetched({ kind: 'truncate', bytes: 100 });
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1_000);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
  test('a preview that is dead or a script', async () => {
    expect((await fetched({ kind: 'gone' }, 'preview')).response.status).toBe(404);
    await fleet.close();
    await emulator.close();
    const { response } = await fetched({ kind: 'svg' }, 'preview');
    expect(response.headers.get('content-type')).toBe('image/svg+xml');
    expect(await response.text()).toContain('<script>');
  });
});

test('close ends hanging connections', async () => {
  await start({ on: 'balance', do: { kind: 'drop-before', cut: 'hang' } });
  const pending = new FleetOfOne(emulator.url).client.balance();
  await eventually(() => (emulator.book.count('poll') === 1 ? true : null));
  await emulator.close();
  expect(await pending).toMatchObject({ kind: 'transport', reason: 'reset' });
});
