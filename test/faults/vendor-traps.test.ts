import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultRule } from '../../emulator/fault-plan.ts';
import { HONEST } from '../fleet/audit.ts';
import { Fleet, type TestRow } from '../fleet/fleet-harness.ts';

// Fault rows 52 to 62 and 79 to 82: what a vendor may answer that looks like an end, a failure or another person. One batch
// meets them all at once, so that none can hold up another.

const face = (name: string) => ({ name, url: `http://127.0.0.1:1/faces/${name}.jpg`, consent: null, until: null });

interface Trap {
  readonly row: string;
  readonly item: TestRow;
  readonly faults: readonly FaultRule[];
  readonly ends: {
    readonly state: string;
    readonly code?: string;
    readonly message?: RegExp;
    readonly vendor?: string;
  };
  readonly creates: number;
}

const detail = (match: string, at: number[], odd: object): FaultRule =>
  ({ on: 'task-detail', match, at, do: { kind: 'odd', ...odd } }) as FaultRule;
const output = (match: string, kind: string): FaultRule =>
  ({ on: 'output', match, at: [1], do: { kind } }) as FaultRule;

const TRAPS: readonly Trap[] = [
  {
    row: '52 failed with a reason',
    item: { id: 'fails', video: 'fails.mp4' },
    faults: [{ on: 'create', match: 'fails.mp4', do: { kind: 'fail', reason: 'face too small', errorCode: 4013 } }],
    ends: { state: 'failed', code: 'P105', vendor: '4013 face too small' },
    creates: 1,
  },
  {
    row: '52 failed without a reason',
    item: { id: 'silent', video: 'silent.mp4' },
    faults: [{ on: 'create', match: 'silent.mp4', do: { kind: 'fail', reason: null } }],
    ends: { state: 'failed', code: 'P105', message: /gave no reason/ },
    creates: 1,
  },
  {
    row: 'a dead face URL',
    item: { id: 'dead-face', video: 'dead-face.mp4' },
    faults: [
      {
        on: 'create',
        match: 'dead-face.mp4',
        do: { kind: 'code', code: 1003, msg: 'img_url cannot be downloaded' },
      },
    ],
    ends: { state: 'failed', code: 'P103', vendor: 'img_url cannot be downloaded' },
    creates: 0,
  },
  {
    row: '54 status 3 without a URL at first',
    item: { id: 'no-url', video: 'no-url.mp4' },
    faults: [detail('no-url.mp4', [1, 2, 3, 4], { status: 3, emptyUrl: true })],
    ends: { state: 'done' },
    creates: 1,
  },
  {
    row: '55 status goes backwards',
    item: { id: 'backwards', video: 'backwards.mp4' },
    faults: [
      detail('backwards.mp4', [1], { status: 3, emptyUrl: true }),
      detail('backwards.mp4', [2], { status: 2 }),
      detail('backwards.mp4', [3], { status: 1 }),
      detail('backwards.mp4', [4], { status: 7 }),
    ],
    ends: { state: 'done' },
    creates: 1,
  },
  {
    row: '56 nobody found',
    item: { id: 'nobody', video: 'empty-0p.mp4' },
    faults: [],
    ends: { state: 'failed', code: 'P201' },
    creates: 0,
  },
  {
    row: '57 more people than the rule expects',
    item: { id: 'crowd', video: 'crowd-3p.mp4' },
    faults: [],
    ends: { state: 'needs-pick', code: 'P202' },
    creates: 0,
  },
  {
    row: '58 a number that is not there',
    item: {
      id: 'absent',
      video: 'pair-2p.mp4',
      swap: { kind: 'by-number', people: [{ objId: 4, face: face('ana') }] },
    },
    faults: [],
    ends: { state: 'needs-pick', code: 'P203' },
    creates: 0,
  },
  {
    row: '58, 79 people numbered anew by a second analysis',
    item: {
      id: 'renumbered',
      video: 'again-2p.mp4',
      swap: {
        kind: 'by-number',
        people: [
          { objId: 0, face: face('ana') },
          { objId: 1, face: face('bo') },
        ],
      },
    },
    faults: [
      {
        on: 'create',
        match: 'again-2p',
        at: [1],
        do: { kind: 'code', code: 1008, msg: 'analysis result does not exist' },
      },
      { on: 'analyze', match: 'again-2p', at: [2], do: { kind: 'reorder' } },
    ],
    ends: { state: 'needs-pick', code: 'P204' },
    creates: 0,
  },
  {
    row: '60 analysed again with the same people: nothing to ask',
    item: {
      id: 'same-people',
      video: 'alike-2p.mp4',
      swap: { kind: 'by-number', people: [{ objId: 1, face: face('bo') }] },
    },
    faults: [
      {
        on: 'create',
        match: 'alike-2p',
        at: [1],
        do: { kind: 'code', code: 1008, msg: 'analysis result does not exist' },
      },
    ],
    ends: { state: 'done' },
    creates: 1,
  },
  {
    row: '59 hostile preview',
    item: { id: 'svg', video: 'svg.mp4' },
    faults: [{ on: 'preview', match: 'svg.mp4', do: { kind: 'svg' } }],
    ends: { state: 'done' },
    creates: 1,
  },
  ...(['truncate', 'zero', 'html', 'gone', 'svg'] as const).map((kind): Trap => ({
    row: `61, 62 output is ${kind} at first`,
    item: { id: `out-${kind}`, video: `out-${kind}.mp4` },
    faults: [output(`out-${kind}.mp4`, kind)],
    ends: { state: 'done' },
    creates: 1,
  })),
  {
    row: '81 loose types',
    item: { id: 'loose', video: 'loose.mp4' },
    faults: [
      { on: 'any', match: 'loose.mp4', do: { kind: 'odd', statusAsText: true, extraKeys: true, msg: 'failed' } },
      { on: 'analyze', match: 'loose.mp4', do: { kind: 'detected', count: 9 } },
    ],
    ends: { state: 'done' },
    creates: 1,
  },
  {
    row: '82 empty data for a known task',
    item: { id: 'forgotten', video: 'forgotten.mp4' },
    faults: [detail('forgotten.mp4', [1, 2, 3], { emptyData: true })],
    ends: { state: 'done' },
    creates: 1,
  },
  {
    row: '37, 38 broken answers to polls',
    item: { id: 'broken', video: 'broken.mp4' },
    faults: [
      { on: 'task-detail', match: 'broken.mp4', at: [1], do: { kind: 'http', status: 502 } },
      { on: 'task-detail', match: 'broken.mp4', at: [2], do: { kind: 'half-json' } },
      { on: 'task-detail', match: 'broken.mp4', at: [3], do: { kind: 'http', status: 200, body: '<html>' } },
      { on: 'analysis-detail', match: 'broken.mp4', at: [1], do: { kind: 'drop-answer', cut: 'reset' } },
    ],
    ends: { state: 'done' },
    creates: 1,
  },
];

const STALLED_AFTER_MS = 2_500;

describe('vendor traps', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    const stuck: FaultRule = { on: 'create', match: 'stuck.mp4', do: { kind: 'stall', status: 2 } };
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: 200, faults: [...TRAPS.flatMap((trap) => trap.faults), stuck] },
      polling: { firstMs: 150, maxMs: 400, stalledAfterMs: STALLED_AFTER_MS * 10 },
    });
    await fleet.startWorker();
    await fleet.submit('traps', [...TRAPS.map((trap) => trap.item), { id: 'plain', video: 'plain.mp4' }]);
    expect(await fleet.ended('traps', 150_000)).toBe('waiting');
  }, 200_000);
  afterAll(() => fleet.stop());

  it.each(TRAPS.map((trap) => [trap.row, trap] as const))('row %s', async (_, { item, ends, creates }) => {
    const row = await fleet.item('traps', item.id);
    expect([row.state, row.reason_code]).toEqual([ends.state, ends.code ?? null]);
    if (ends.message !== undefined) expect(row.reason_message).toMatch(ends.message);
    if (ends.vendor !== undefined) expect(row.reason_vendor).toContain(ends.vendor);
    if (ends.code !== undefined)
      expect([row.charged, row.reason_next]).toEqual([0, expect.stringContaining('headswap')]);
    const made = fleet.emulator.book.creates().filter((task) => task.body.video_url.endsWith(`/${item.video}`));
    expect(made).toHaveLength(creates);
  });

  it('no face on the wrong person, nothing lost, nothing paid twice, failed tasks cost what the vendor booked', async () => {
    expect((await fleet.item('traps', 'plain')).state).toBe('done');
    expect(await fleet.audit()).toMatchObject({ ...HONEST, unfinished: 0, uncertain: 0 });
    const failed = await fleet.item('traps', 'fails');
    expect(failed.charged).toBe(0);
  });

  it('rows 61: a link that is gone for good is told as paid but lost, with its charge', async () => {
    fleet.emulator.control.addFaults({ on: 'output', match: 'lost.mp4', do: { kind: 'gone', status: 410 } });
    await fleet.submit('lost', [{ id: 'lost', video: 'lost.mp4' }]);
    await fleet.until(async () => (await fleet.item('lost', 'lost')).gone_since, 60_000);
    // Ten minutes later, as the row tells it.
    await fleet.ledger.write((tx, nowMs) =>
      tx
        .updateTable('items')
        .set({ gone_since: nowMs - 601_000, next_at: nowMs })
        .where('batch', '=', 'lost')
        .execute(),
    );
    expect(await fleet.ended('lost', 60_000)).toBe('finished');
    expect(await fleet.item('lost', 'lost')).toMatchObject({ state: 'failed', reason_code: 'N102', charged: 15 });
  }, 150_000);
});

describe('rows 32 and 53: a task that is stuck, and one of which nobody knows', () => {
  let fleet: Fleet;
  afterAll(() => fleet.stop());

  it('keep their place no longer than stalled_after, and are told as what they are; late successes are collected', async () => {
    fleet = await Fleet.start({
      emulator: {
        analysisMs: 50,
        taskMs: 200,
        faults: [
          { on: 'create', match: 'stuck', do: { kind: 'stall', status: 2 } },
          { on: 'create', match: 'lost', do: { kind: 'drop-answer', cut: 'reset' } },
        ],
      },
      account: { openTasks: 1 },
      polling: { firstMs: 150, maxMs: 400, stalledAfterMs: STALLED_AFTER_MS },
    });
    await fleet.startWorker();
    await fleet.submit('stuck', [
      { id: 'stuck', video: 'stuck.mp4' },
      { id: 'lost', video: 'lost.mp4' },
      { id: 'next', video: 'next.mp4' },
    ]);
    expect(await fleet.ended('stuck', 60_000)).toBe('waiting');
    expect(await fleet.item('stuck', 'stuck')).toMatchObject({ state: 'processing', stalled: 1, reason_code: 'P109' });
    expect((await fleet.item('stuck', 'lost')).state).toBe('uncertain');
    // One place, and both gave it up.
    expect((await fleet.item('stuck', 'next')).state).toBe('done');
    expect(await fleet.audit()).toMatchObject(HONEST);
    const [task] = fleet.emulator.book.creates().filter(({ body }) => body.video_url.includes('stuck.mp4'));
    fleet.emulator.control.finish(task?.id ?? '');
    await fleet.ledger.write((tx) =>
      tx.updateTable('batches').set({ state: 'running' }).where('id', '=', 'stuck').execute(),
    );
    await fleet.drive('stuck');
    expect(await fleet.ended('stuck', 60_000)).toBe('waiting');
    expect(await fleet.states()).toEqual({ done: 2, uncertain: 1 });
    expect(await fleet.audit()).toMatchObject({ ...HONEST, creates: 3, uncertain: 1 });
  }, 150_000);
});
