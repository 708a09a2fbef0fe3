import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchExit } from '../../schemas/batch-exit.ts';
import { ACCOUNT_GATES, BATCH_GATES, ITEM_STATES, isEnded, type GateName } from '../../schemas/states.ts';
import { totalsOf, type ItemCount } from '../../schemas/totals.ts';

const itemCount: fc.Arbitrary<ItemCount> = fc.record({
  state: fc.constantFrom(...ITEM_STATES),
  heldBy: fc.constantFrom(null, 'budget', 'stalled'),
  count: fc.nat(1000),
});

describe('totals', () => {
  test('every item counts under exactly one key, and by_state has one key per state', () => {
    fc.assert(
      fc.property(fc.array(itemCount), (counts) => {
        const { items, by_state: byState, ...keys } = totalsOf(counts);
        const expected = counts.reduce((sum, { count }) => sum + (count ?? 1), 0);
        expect(items).toBe(expected);
        expect(Object.values(keys).reduce((a, b) => a + b, 0)).toBe(expected);
        expect(Object.keys(byState).toSorted()).toEqual([...ITEM_STATES].toSorted());
        expect(Object.values(byState).reduce((a, b) => a + b, 0)).toBe(expected);
      }),
    );
  });

  test('a stalled task stays processing and counts as waiting', () => {
    const totals = totalsOf([{ state: 'processing', heldBy: 'stalled' }]);
    expect(totals.waiting).toBe(1);
    expect(totals.pending).toBe(0);
    expect(totals.by_state.processing).toBe(1);
  });

  test('an ended item counts as ended whatever held it before', () => {
    expect(totalsOf([{ state: 'done', heldBy: 'budget' }])).toMatchObject({ done: 1, waiting: 0 });
  });
});

describe('exit code of a batch', () => {
  const exit = (counts: ItemCount[], gates: GateName[] = [], heldByBudget = 0) =>
    batchExit({ totals: totalsOf(counts), heldByBudget, gates });
  const item = (state: ItemCount['state'], heldBy: ItemCount['heldBy'] = null): ItemCount => ({ state, heldBy });

  test.each([
    ['all done or skipped', [item('done'), item('skipped')], [], 0, 0],
    ['nothing at all', [], [], 0, 0],
    ['a failed item', [item('done'), item('failed')], [], 0, 6],
    ['a cancelled item', [item('done'), item('cancelled')], [], 0, 6],
    ['a pick is open', [item('failed'), item('needs-pick')], [], 0, 9],
    ['a stalled task', [item('processing', 'stalled')], [], 0, 9],
    ['uncertain before waiting and failed', [item('uncertain'), item('needs-pick'), item('failed')], [], 0, 5],
    ['budget before uncertain', [item('uncertain'), item('ready', 'budget')], [], 1, 7],
    ['budget alone', [item('ready', 'budget')], [], 1, 7],
    ['no credits', [item('ready')], ['credits'], 0, 7],
    ['vendor away before money', [item('ready')], ['credits', 'vendor-unwell'], 0, 8],
    ['key refused before all', [item('uncertain')], ['authorisation', 'vendor-unwell', 'credits'], 0, 4],
    ['unpaid is money', [item('ready')], ['unpaid'], 0, 7],
    ['a gate behind which nothing waits', [item('done')], ['credits'], 0, 0],
    ['paused', [item('ready')], ['pause'], 0, 9],
    ['still running', [item('processing')], [], 0, 9],
  ] satisfies [string, ItemCount[], GateName[], number, number][])('%s', (_name, counts, gates, held, code) => {
    expect(exit(counts, gates, held)).toBe(code);
  });

  test('0 exactly when every item is done or skipped', () => {
    fc.assert(
      fc.property(fc.array(itemCount), fc.subarray<GateName>([...ACCOUNT_GATES, ...BATCH_GATES]), (counts, gates) => {
        const totals = totalsOf(counts);
        const heldByBudget = counts
          .filter((c) => c.heldBy === 'budget' && !isEnded(c.state) && c.state !== 'uncertain')
          .reduce((sum, c) => sum + (c.count ?? 1), 0);
        const good = totals.done + totals.skipped === totals.items;
        expect(batchExit({ totals, heldByBudget, gates }) === 0).toBe(good);
      }),
    );
  });
});
