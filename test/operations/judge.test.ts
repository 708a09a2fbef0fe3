import { describe, expect, test } from 'vitest';
import type { TaskDetail } from '../../akool/read.ts';
import type { BatchRow, GateRow } from '../../ledger/tables.ts';
import { canMove, exitOf } from '../../operations/batch-snapshot.ts';
import { judgeClock, judgeDisk } from '../../operations/doctor-checks.ts';
import { chooseBatch } from '../../operations/find-batch.ts';
import { judgeItem, type JudgedItem, type JudgeRules } from '../../operations/judge-item.ts';
import { matchItems } from '../../operations/match-items.ts';
import { OperationError } from '../../operations/operation-error.ts';
import { refusalOf } from '../../operations/probe-vendor.ts';
import { allowedFrom, taskDifferences } from '../../operations/resolve.ts';
import { laneOf } from '../../operations/row-entries.ts';
import { maySkip } from '../../operations/skip.ts';
import { driverOf, shownState } from '../../operations/status.ts';
import { ITEM_STATES, type GateName } from '../../schemas/states.ts';
import { totalsOf, type ItemCount } from '../../schemas/totals.ts';

describe('resume judges', () => {
  const item = (more: Partial<JudgedItem>): JudgedItem => ({
    id: 'a',
    state: 'failed',
    reasonCode: 'P105',
    reasonMessage: 'the task failed',
    stalled: false,
    resting: false,
    named: false,
    paidFor: false,
    paid: false,
    ...more,
  });
  const rules: JudgeRules = { batch: 'b', again: false, only: null, someNamed: false, batchHeld: true };
  const cases: [string, Partial<JudgedItem>, Partial<JudgeRules>, string, RegExp][] = [
    ['a failed task', {}, {}, 'retry', /the task failed/u],
    ['a failed task that was charged', { paid: true }, {}, 'retry', /will be paid again/u],
    ['paid but lost', { reasonCode: 'N102', paid: true }, {}, 'retry', /will be paid again/u],
    ['an output in the way', { reasonCode: 'D103', paidFor: true }, {}, 'collect', /already paid/u],
    [
      'nobody found',
      { reasonCode: 'P201', reasonMessage: 'no person found' },
      {},
      'no',
      /change the video or the rule/u,
    ],
    ['nobody found, --again', { reasonCode: 'P201' }, { again: true }, 'retry', /analysed anew/u],
    ['a failed analysis', { reasonCode: 'P106' }, {}, 'retry', /analysed again/u],
    ['a bad row', { reasonCode: 'M112' }, {}, 'no', /correct it/u],
    ['above per_item', { reasonCode: 'C103' }, {}, 'no', /per_item/u],
    ['settled as not created', { reasonCode: 'U104' }, {}, 'retry', /./u],
    ['done', { state: 'done' }, {}, 'no', /^done$/u],
    ['done, --again, not named', { state: 'done' }, { again: true }, 'no', /name it/u],
    ['done, --again, named', { state: 'done', named: true }, { again: true }, 'retry', /will be paid again/u],
    ['skipped by the manifest', { state: 'skipped', reasonCode: 'S203', named: true }, {}, 'no', /manifest says skip/u],
    ['skipped by hand', { state: 'skipped', reasonCode: 'S202' }, {}, 'no', /takes it up/u],
    ['skipped by hand, named', { state: 'skipped', reasonCode: 'S202', named: true }, {}, 'retry', /taken up/u],
    [
      'skipped but paid, named',
      { state: 'skipped', reasonCode: 'S202', named: true, paidFor: true },
      {},
      'rejoin',
      /followed/u,
    ],
    ['cancelled', { state: 'cancelled', reasonCode: 'S201' }, {}, 'no', /--only cancelled/u],
    ['cancelled, --only', { state: 'cancelled', reasonCode: 'S201' }, { only: ['cancelled'] }, 'retry', /taken up/u],
    ['removed from the manifest', { state: 'cancelled', reasonCode: 'M-removed', named: true }, {}, 'no', /manifest/u],
    ['failed, but --only cancelled', {}, { only: ['cancelled'] }, 'no', /--only/u],
    ['open', { state: 'ready' }, {}, 'goes-on', /not created yet/u],
    ['open, others named, its batch held', { state: 'ready' }, { someNamed: true }, 'rests', /^not named: stays held/u],
    ['open, but --only failed', { state: 'pending' }, { only: ['failed'] }, 'rests', /--only/u],
    ['open, its batch runs', { state: 'ready' }, { someNamed: true, batchHeld: false }, 'goes-on', /its batch runs/u],
    ['left behind before', { state: 'ready', resting: true }, { someNamed: true, batchHeld: false }, 'rests', /held/u],
    ['paid, others named', { state: 'queued' }, { someNamed: true }, 'goes-on', /followed and collected/u],
    ['failed, others named', {}, { someNamed: true }, 'no', /^not named$/u],
    ['uncertain', { state: 'uncertain', named: true }, { again: true }, 'no', /headswap resolve b a/u],
    ['a pick', { state: 'needs-pick' }, {}, 'no', /pick/u],
    ['stalled', { state: 'processing', stalled: true }, {}, 'goes-on', /stalled, paid/u],
  ];
  test.each(cases)('%s', (_, more, how, kind, why) => {
    const judged = judgeItem(item(more), { ...rules, ...how });
    expect(judged.kind).toBe(kind);
    expect(judged.why).toMatch(why);
  });
  test('every state has an answer, and nothing in flight or uncertain starts anew', () => {
    for (const state of ITEM_STATES) {
      for (const again of [false, true]) {
        const judged = judgeItem(item({ state, named: true, reasonCode: null }), { ...rules, again });
        if (['uncertain', 'queued', 'processing', 'submitting', 'collecting'].includes(state))
          expect(judged.kind).not.toBe('retry');
      }
    }
  });
});

describe('which batch is meant', () => {
  const row = (id: string, state: BatchRow['state'] = 'finished') =>
    ({ id, state, manifest_path: `/work/${id}.csv` }) as BatchRow;
  test('exact, then path, then a beginning that fits one, then the only open one', () => {
    const rows = [row('spring'), row('spring-2', 'waiting'), row('autumn')];
    expect(chooseBatch(rows, 'spring', '/x')).toBe('spring');
    expect(chooseBatch(rows, 'au', '/x')).toBe('autumn');
    expect(chooseBatch(rows, 'autumn.csv', '/work/autumn.csv')).toBe('autumn');
    expect(chooseBatch(rows, undefined, null)).toBe('spring-2');
    expect(chooseBatch(rows, 'spr', '/x')).toMatchObject({ message: expect.stringContaining('2 batches') as string });
    expect(chooseBatch(rows, 'winter', '/x')).toMatchObject({ message: expect.stringContaining('no batch') as string });
    expect(chooseBatch([row('a')], undefined, null)).toMatchObject({ message: 'no batch is open' });
    expect(chooseBatch([row('a', 'running'), row('b', 'paused')], undefined, null)).toMatchObject({
      message: expect.stringContaining('2 batches are open') as string,
    });
  });
  test('items by id and glob; what names nothing is an error', () => {
    const items = ['sh01', 'sh02', 'x.1', 'xa1'].map((id) => ({ id }));
    const ids = (patterns: string[]) => matchItems(items, patterns, 'b').map((item) => item.id);
    expect(ids(['sh*'])).toEqual(['sh01', 'sh02']);
    expect(ids(['x.1', 'sh01'])).toEqual(['sh01', 'x.1']);
    expect(ids(['x.?'])).toEqual(['x.1']);
    expect(() => ids(['sh9*'])).toThrow(OperationError);
  });
});

describe('an uncertain create', () => {
  const row = { videoUrl: 'https://a/v.mp4', resolution: '720p', sentAtMs: 1_000_000 };
  const task = { sourceVideoUrl: row.videoUrl, resolution: '720p', createdAtMs: 1_000_500 } as TaskDetail;
  test('fits a task of the same video, resolution and time, and no other', () => {
    expect(taskDifferences(row, task, 60_000)).toEqual([]);
    expect(taskDifferences(row, { ...task, resolution: null, createdAtMs: null }, 60_000)).toEqual([]);
    expect(taskDifferences(row, { ...task, sourceVideoUrl: 'https://a/w.mp4' }, 60_000)).toHaveLength(1);
    expect(taskDifferences(row, { ...task, sourceVideoUrl: null }, 60_000)).toHaveLength(1);
    expect(taskDifferences(row, { ...task, resolution: '480p' }, 60_000)).toHaveLength(1);
    expect(taskDifferences(row, { ...task, createdAtMs: 1_000_000 - 130_000 }, 60_000)).toHaveLength(1);
    expect(taskDifferences(row, { ...task, createdAtMs: 1_000_000 + 60_000 + 130_000 }, 60_000)).toHaveLength(1);
  });
  test('may be called not created after twice the time a create can take', () => {
    expect(allowedFrom(row, 60_000) - row.sentAtMs).toBe(180_000);
  });
  test('cannot be skipped, nor can what is being sent', () => {
    expect(ITEM_STATES.filter((state) => !maySkip({ id: 'a', state }, 'b').may)).toEqual([
      'submitting',
      'uncertain',
      'done',
      'skipped',
      'cancelled',
    ]);
  });
});

describe('how a batch shows', () => {
  const batch = (state: BatchRow['state'], more: Partial<BatchRow> = {}) =>
    ({ id: 'b', state, driver: null, driver_until: 0, operator: 'mira', ...more }) as BatchRow;
  const gates = (...names: GateName[]) => names.map((name) => ({ name, scope: 'batch' }) as GateRow);
  const facts = (counts: ItemCount[], names: GateName[] = []) => ({
    totals: totalsOf(counts),
    heldByBudget: 0,
    stalled: counts.filter((count) => count.heldBy === 'stalled').length,
    gates: gates(...names),
  });
  test('running and undriven is stopped; pause and cancel show at once', () => {
    expect(shownState({ batch: batch('running'), gates: [] }, true)).toBe('running');
    expect(shownState({ batch: batch('running'), gates: [] }, false)).toBe('stopped');
    expect(shownState({ batch: batch('running'), gates: gates('pause') }, true)).toBe('paused');
    expect(shownState({ batch: batch('running'), gates: gates('cancelled', 'pause') }, true)).toBe('cancelled');
    expect(shownState({ batch: batch('finished'), gates: gates('pause') }, false)).toBe('finished');
    expect(shownState({ batch: batch('stopped'), gates: gates('stopped') }, false)).toBe('stopped');
    // As --max-wait leaves it.
    expect(shownState({ batch: batch('waiting'), gates: gates('stopped', 'credits') }, false)).toBe('waiting');
  });
  test('an embedded driver is as alive as the commands that keep its engine', () => {
    const row = batch('running', { driver: 'embedded:/x', driver_until: 2_000 });
    expect(driverOf(row, { address: 'a', up: false, users: [] }, 1_000)).toBeNull();
    expect(driverOf(row, undefined, 1_000)).toBeNull();
    expect(
      driverOf(
        row,
        {
          address: 'a',
          up: true,
          users: [
            { pid: 4, role: 'command' },
            { pid: 7, role: 'up' },
          ],
        },
        1_000,
      ),
    ).toBe('headswap up (pid 7) for mira');
    expect(driverOf({ ...row, driver: 'host:7233/default' }, undefined, 1_000)).toBe('host:7233/default');
    expect(driverOf({ ...row, driver: 'host:7233/default' }, undefined, 3_000)).toBeNull();
  });
  test('what can still move, and what it ends with', () => {
    const ready: ItemCount[] = [{ state: 'ready', heldBy: null }];
    expect(canMove(facts(ready))).toBe(true);
    expect(canMove(facts(ready, ['credits']))).toBe(true);
    for (const gate of [
      'pause',
      'stopped',
      'budget',
      'authorisation',
      'plan',
      'unpaid',
      'uncertain',
      'refused-alike',
    ] as const)
      expect(canMove(facts(ready, [gate]))).toBe(false);
    expect(canMove(facts([{ state: 'processing', heldBy: null }], ['pause']))).toBe(true);
    expect(canMove(facts([{ state: 'processing', heldBy: null }], ['authorisation']))).toBe(false);
    expect(canMove(facts([{ state: 'processing', heldBy: 'stalled' }]))).toBe(false);
    expect(exitOf(facts(ready, ['authorisation']))).toBe(4);
    expect(exitOf(facts([{ state: 'done', heldBy: null }], ['authorisation']))).toBe(0);
  });
});

describe('doctor judges', () => {
  test('the clock by the vendor’s date', () => {
    const date = 'Tue, 24 Nov 2026 18:00:00 GMT';
    const at = Date.parse(date);
    expect(judgeClock(date, at + 2_000).state).toBe('ok');
    expect(judgeClock(date, at + 60_000)).toMatchObject({
      state: 'warn',
      cure: expect.stringContaining('NTP') as string,
    });
    expect(judgeClock(date, at - 600_000)).toMatchObject({
      state: 'fail',
      cure: expect.stringContaining('NTP') as string,
    });
    expect(judgeClock(null, at).state).toBe('skipped');
    expect(judgeClock('yesterday', at).state).toBe('skipped');
  });
  test('the disk', () => {
    expect(judgeDisk(5e10).state).toBe('ok');
    expect(judgeDisk(1e9)).toMatchObject({ state: 'warn', cure: expect.stringContaining('free') as string });
    expect(judgeDisk(1e8)).toMatchObject({ state: 'fail', exit: 8 });
    expect(judgeDisk(null).state).toBe('skipped');
  });
});

test('a refused probe says which exit it is, and what waiting helps', () => {
  const account = { settings: { name: 'default' } } as Parameters<typeof refusalOf>[0];
  const outcome = (consequence: object, code: number | null = 1101) =>
    ({ kind: 'refused', code, httpStatus: 200, reason: null, message: 'no', consequence }) as Parameters<
      typeof refusalOf
    >[1];
  expect(refusalOf(account, outcome({ kind: 'gate', gate: 'authorisation' }))).toMatchObject({ exit: 4, code: 'A101' });
  expect(refusalOf(account, outcome({ kind: 'gate', gate: 'authorisation' }, 1200))).toMatchObject({
    exit: 4,
    code: 'A102',
  });
  expect(refusalOf(account, outcome({ kind: 'gate', gate: 'plan' }))).toMatchObject({ exit: 4, code: 'A104' });
  expect(refusalOf(account, outcome({ kind: 'gate', gate: 'unpaid' }))).toMatchObject({ exit: 7, code: 'A105' });
  expect(refusalOf(account, outcome({ kind: 'misconfigured' }))).toMatchObject({ exit: 4, code: 'A106' });
  expect(refusalOf(account, outcome({ kind: 'gate', gate: 'credits' }))).toBeNull();
  expect(refusalOf(account, outcome({ kind: 'wait-and-retry' }))).toBeNull();
});

test('all items of one video meet in one lane', () => {
  const lanes = new Set(Array.from({ length: 200 }, (_, index) => laneOf(`https://a/v${index}.mp4`, 8)));
  expect(lanes.size).toBe(8);
  expect(laneOf('https://a/v.mp4', 8)).toBe(laneOf('https://a/v.mp4', 8));
  expect(laneOf('https://a/v.mp4', 1)).toBe(0);
});
