import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  planRows,
  type DoneWork,
  type ExistingRow,
  type KnownWork,
  type PlanRules,
} from '../../manifests/plan-rows.ts';
import type { BadRow, ManifestItem } from '../../schemas/manifest-item.ts';
import { ITEM_STATES, type ItemState } from '../../schemas/states.ts';

const face = { name: 'ana', url: 'https://media.example.com/ana.jpg', consent: null, until: null };

function item(id: string, more: Partial<ManifestItem> = {}): ManifestItem {
  return {
    id,
    file: 'a.csv',
    line: 2,
    video: `https://media.example.com/${id}.mp4`,
    swap: { kind: 'only', face },
    rule: 'ana',
    settings: { resolution: '720p', model: 'akool-premium', keepOriginalSound: true, templateId: null },
    output: `b/${id}.mp4`,
    project: null,
    note: null,
    check: null,
    whenPeopleDiffer: 'wait',
    x: {},
    cells: null,
    ...more,
  };
}

function before(id: string, more: Partial<ExistingRow> = {}): ExistingRow {
  return {
    id,
    state: 'done',
    ruleKey: `key-${id}`,
    salt: null,
    version: 1,
    reasonCode: null,
    paid: true,
    collected: true,
    outputThere: true,
    attempt: 7,
    ...more,
  };
}

const rules: PlanRules = {
  ruleKeyOf: ({ id }) => `key-${id}`,
  priceOf: () => ({ low: 10, high: 15 }),
  againSalt: null,
  first: null,
  perItem: null,
};
const nothing: KnownWork = { done: new Map(), gone: new Map(), live: new Map() };
const work: DoneWork = {
  attempt: 3,
  batch: 'other',
  item: 'x1',
  mappings: '[]',
  workKey: 'w',
  peopleFound: 1,
  analysis: 1,
};

function plan(
  items: ManifestItem[],
  existing: ExistingRow[] = [],
  how: { known?: Partial<KnownWork>; rules?: Partial<PlanRules>; bad?: BadRow[] } = {},
) {
  return planRows(
    { items, bad: how.bad ?? [] },
    new Map(existing.map((row) => [row.id, row])),
    { ...nothing, ...how.known },
    { ...rules, ...how.rules },
  );
}

describe('one row', () => {
  const unpaid = { paid: false, collected: false, outputThere: false, attempt: null };
  const cases: {
    name: string;
    items: ManifestItem[];
    existing?: ExistingRow[];
    how?: Parameters<typeof plan>[2];
    action: string;
    kind: string | null;
    why: RegExp;
    high?: number | null;
    version?: number;
  }[] = [
    { name: 'new', items: [item('a')], action: 'run', kind: 'start', why: /^new$/u, high: 15, version: 1 },
    {
      name: 'new, price unknown',
      items: [item('a')],
      how: { rules: { priceOf: () => null } },
      action: 'run',
      kind: 'start',
      why: /new/u,
      high: null,
    },
    {
      name: 'skip',
      items: [item('a', { swap: { kind: 'skip' } })],
      action: 'skip',
      kind: 'start',
      why: /skip/u,
      high: 0,
    },
    {
      name: 'pick',
      items: [item('a', { swap: { kind: 'pick' } })],
      action: 'pick',
      kind: 'start',
      why: /by eye/u,
      high: 0,
    },
    {
      name: 'above per_item',
      items: [item('a')],
      how: { rules: { perItem: 14 } },
      action: 'bad',
      kind: 'start',
      why: /C103/u,
      high: 0,
    },
    {
      name: 'done elsewhere',
      items: [item('a')],
      how: { known: { done: new Map([['key-a', work]]) } },
      action: 'reuse',
      kind: 'reuse',
      why: /other\/x1/u,
      high: 0,
    },
    {
      name: 'done elsewhere, --again',
      items: [item('a')],
      how: { known: { done: new Map([['key-a', work]]) }, rules: { againSalt: 's' } },
      action: 'repay',
      kind: 'start',
      why: /will be paid again/u,
      high: 15,
    },
    {
      name: 'a pick is a decision of its own',
      items: [item('a', { swap: { kind: 'pick' } })],
      how: { known: { done: new Map([['key-a', work]]) } },
      action: 'pick',
      kind: 'start',
      why: /by eye/u,
    },
    {
      name: 'done elsewhere, output gone',
      items: [item('a')],
      how: { known: { gone: new Map([['key-a', [3]]]) } },
      action: 'repay',
      kind: 'start',
      why: /output gone, will be paid again/u,
      high: 15,
    },
    {
      name: 'under way elsewhere',
      items: [item('a')],
      how: { known: { live: new Map([['key-a', 'other/x1']]) } },
      action: 'reuse',
      kind: 'start',
      why: /under way/u,
      high: 0,
    },
    { name: 'done', items: [item('a')], existing: [before('a')], action: 'done', kind: 'keep', why: /done/u, high: 0 },
    {
      name: 'done, output gone',
      items: [item('a')],
      existing: [before('a', { outputThere: false })],
      action: 'repay',
      kind: 'start',
      why: /output gone, will be paid again/u,
      high: 15,
      version: 2,
    },
    {
      name: 'done, --again',
      items: [item('a')],
      existing: [before('a')],
      how: { rules: { againSalt: 's' } },
      action: 'repay',
      kind: 'start',
      why: /done, will be paid again/u,
      version: 2,
    },
    {
      name: 'changed and paid',
      items: [item('a')],
      existing: [before('a', { ruleKey: 'old' })],
      action: 'repay',
      kind: 'start',
      why: /changed.*will be paid again/u,
      version: 2,
      high: 15,
    },
    {
      name: 'changed, not paid',
      items: [item('a')],
      existing: [before('a', { ruleKey: 'old', state: 'failed', reasonCode: 'P202', ...unpaid })],
      action: 'run',
      kind: 'start',
      why: /changed/u,
      version: 1,
    },
    {
      name: 'changed to what is done elsewhere',
      items: [item('a')],
      existing: [before('a', { ruleKey: 'old' })],
      how: { known: { done: new Map([['key-a', work]]) } },
      action: 'reuse',
      kind: 'reuse',
      why: /changed.*is done/u,
      version: 2,
    },
    {
      name: 'changed in flight',
      items: [item('a')],
      existing: [before('a', { ruleKey: 'old', state: 'processing', collected: false })],
      action: 'in_flight',
      kind: 'keep',
      why: /changed, but its task is under way/u,
      high: 0,
    },
    {
      name: 'failed, unchanged',
      items: [item('a')],
      existing: [before('a', { state: 'failed', reasonCode: 'P105', collected: false })],
      action: 'ended',
      kind: 'keep',
      why: /P105.*headswap resume/u,
      high: 0,
    },
    {
      name: 'skipped by hand',
      items: [item('a')],
      existing: [before('a', { state: 'skipped', reasonCode: 'S202', ...unpaid })],
      action: 'ended',
      kind: 'keep',
      why: /resume/u,
    },
    {
      name: 'cancelled',
      items: [item('a')],
      existing: [before('a', { state: 'cancelled', reasonCode: 'S201', ...unpaid })],
      action: 'ended',
      kind: 'keep',
      why: /--only cancelled/u,
    },
    {
      name: 'removed and back',
      items: [item('a')],
      existing: [before('a', { state: 'cancelled', reasonCode: 'M-removed', ...unpaid })],
      action: 'run',
      kind: 'start',
      why: /back/u,
    },
    {
      name: 'bad and corrected',
      items: [item('a')],
      existing: [before('a', { state: 'failed', reasonCode: 'M112', ruleKey: '', ...unpaid })],
      action: 'run',
      kind: 'start',
      why: /corrected/u,
    },
    {
      name: 'uncertain',
      items: [item('a')],
      existing: [before('a', { state: 'uncertain', collected: false })],
      action: 'in_flight',
      kind: 'keep',
      why: /resolve/u,
    },
    {
      name: 'not created yet',
      items: [item('a')],
      existing: [before('a', { state: 'ready', ...unpaid })],
      action: 'run',
      kind: 'keep',
      why: /goes on/u,
      high: 15,
    },
    {
      name: 'vanished, unpaid',
      items: [],
      existing: [before('a', { state: 'pending', ...unpaid })],
      action: 'removed',
      kind: 'remove',
      why: /M-removed/u,
    },
    {
      name: 'vanished, paid',
      items: [],
      existing: [before('a', { state: 'processing', collected: false })],
      action: 'in_flight',
      kind: null,
      why: /still collected/u,
    },
    { name: 'vanished, done', items: [], existing: [before('a')], action: 'done', kind: null, why: /stays/u },
  ];
  test.each(cases)('$name', ({ items, existing, how, action, kind, why, high, version }) => {
    const [row] = plan(items, existing, how);
    expect(row?.action).toBe(action);
    expect(row?.entry?.kind ?? null).toBe(kind);
    expect(row?.why).toMatch(why);
    if (high !== undefined) expect(row?.credits?.high ?? null).toBe(high);
    if (version !== undefined)
      expect(row?.entry !== null && row?.entry !== undefined && 'version' in row.entry ? row.entry.version : null).toBe(
        version,
      );
  });
});

test('an output that is gone no longer stands for its work', () => {
  expect(plan([item('a')], [before('a', { outputThere: false, attempt: 9 })])[0]?.forget).toEqual([9]);
  expect(plan([item('a')], [], { known: { gone: new Map([['key-a', [3, 4]]]) } })[0]?.forget).toEqual([3, 4]);
  const elsewhere = plan([item('a')], [before('a', { outputThere: false })], {
    known: { done: new Map([['key-a', work]]) },
  })[0];
  expect(elsewhere).toMatchObject({ action: 'reuse', forget: [] });
});

test('an --again that was interrupted goes on instead of paying a third time', () => {
  const rows = plan(
    [item('a'), item('b'), item('c')],
    [
      before('a', { salt: 'first', version: 2 }),
      before('b', { salt: 'first', state: 'ready', paid: false }),
      before('c', { salt: null }),
    ],
    {
      rules: { againSalt: 'second' },
    },
  );
  expect(rows.map((row) => row.action)).toEqual(['done', 'run', 'repay']);
  expect(rows[2]?.entry).toMatchObject({ kind: 'start', salt: 'first' });
});

test('--first leaves the rest for later, and touches nothing that is known', () => {
  const rows = plan([item('a'), item('b'), item('c', { line: 4 })], [before('c')], { rules: { first: 1 } });
  expect(rows.map((row) => [row.id, row.action])).toEqual([
    ['a', 'run'],
    ['b', 'later'],
    ['c', 'done'],
  ]);
});

test('bad rows stand where they stood', () => {
  const bad: BadRow = { id: 'x', file: 'a.csv', line: 3, code: 'M112', message: 'unknown face', cells: null };
  const rows = plan([item('a', { line: 2 }), item('b', { line: 4 })], [], { bad: [bad] });
  expect(rows.map((row) => [row.id, row.action])).toEqual([
    ['a', 'run'],
    ['x', 'bad'],
    ['b', 'run'],
  ]);
});

describe('laws', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const existing = fc.record({
    state: fc.constantFrom(...ITEM_STATES),
    changed: fc.boolean(),
    paid: fc.boolean(),
    collected: fc.boolean(),
    outputThere: fc.boolean(),
    salt: fc.constantFrom(null, 'old'),
    reasonCode: fc.constantFrom(null, 'P105', 'M112', 'M-removed', 'S201', 'S202', 'S203'),
    version: fc.integer({ min: 1, max: 4 }),
  });
  const world = fc.record({
    items: fc.uniqueArray(fc.constantFrom(...ids)),
    rows: fc.dictionary(fc.constantFrom(...ids), existing),
    done: fc.uniqueArray(fc.constantFrom(...ids)),
    live: fc.uniqueArray(fc.constantFrom(...ids)),
    again: fc.boolean(),
    first: fc.option(fc.integer({ min: 1, max: 5 })),
  });
  const planned = (w: typeof world extends fc.Arbitrary<infer T> ? T : never) => {
    const rows = Object.entries(w.rows).map(([id, row]) =>
      before(id, { ...row, ruleKey: row.changed ? 'old' : `key-${id}`, attempt: row.collected ? 1 : null }),
    );
    const known = {
      done: new Map(w.done.map((id) => [`key-${id}`, work])),
      live: new Map(w.live.map((id) => [`key-${id}`, 'other/y'])),
    };
    return {
      rows: new Map(rows.map((row) => [row.id, row])),
      out: plan(
        w.items.map((id) => item(id)),
        rows,
        { known, rules: { againSalt: w.again ? 'salt' : null, first: w.first } },
      ),
    };
  };
  const inFlight: ItemState[] = ['submitting', 'uncertain', 'queued', 'processing', 'collecting'];

  test('every row of manifest and ledger is planned exactly once', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { rows, out } = planned(w);
        expect(out.map((row) => row.id).toSorted()).toEqual([...new Set([...w.items, ...rows.keys()])].toSorted());
      }),
    );
  });
  test('what is in flight is never started again', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { rows, out } = planned(w);
        for (const row of out) {
          const state = rows.get(row.id)?.state;
          if (state !== undefined && inFlight.includes(state))
            expect(row.entry === null || row.entry.kind === 'keep').toBe(true);
        }
      }),
    );
  });
  test('what was paid and starts again says so, and only that costs', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { rows, out } = planned(w);
        for (const row of out) {
          if (row.action === 'repay') expect(row.why).toMatch(/will be paid again/u);
          if (row.entry?.kind === 'start' && row.action === 'run') expect(rows.get(row.id)?.paid ?? false).toBe(false);
          if (row.action !== 'run' && row.action !== 'repay') expect(row.credits).toEqual({ low: 0, high: 0 });
        }
      }),
    );
  });
  test('a collected output keeps its name: what starts anew has another version', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { rows, out } = planned(w);
        for (const row of out) {
          const was = rows.get(row.id);
          if (was?.collected === true && (row.entry?.kind === 'start' || row.entry?.kind === 'reuse'))
            expect(row.entry.version).toBeGreaterThan(was.version);
        }
      }),
    );
  });
  test('without --again, done and unchanged rows with their output cost nothing', () => {
    fc.assert(
      fc.property(world, (w) => {
        const { rows, out } = planned({ ...w, again: false });
        for (const row of out) {
          const was = rows.get(row.id);
          if (
            was?.state === 'done' &&
            was.outputThere &&
            was.ruleKey === `key-${row.id}` &&
            was.reasonCode !== 'M-removed' &&
            w.items.includes(row.id)
          )
            expect(row.action).toBe('done');
        }
      }),
    );
  });
});
