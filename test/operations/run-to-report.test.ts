import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FollowLine } from '../../operations/follow-batch.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { readStatus } from '../../operations/status.ts';
import type { Report } from '../../schemas/report.ts';
import { following, makePlace, sheet } from './operations-harness.ts';

describe('run', () => {
  test('a sheet becomes outputs, a report, and a book without surprises', async () => {
    const place = await makePlace();
    place.write('spring.csv', sheet(12, 6));
    const ctx = await place.open();
    const plan = await planBatch(ctx, { file: 'spring.csv' });
    expect(plan.counts).toMatchObject({ run: 12, reuse: 0, repay: 0 });
    expect(plan.credits).toEqual({ low: 180, high: 180, basis: 'rate-card' });
    const lines: FollowLine[] = [];
    const result = await runBatch(ctx, plan, following(lines));
    expect(result).toMatchObject({ how: 'ended', exit: 0, state: 'finished', totals: { items: 12, done: 12 } });
    expect(result.credits).toMatchObject({ charged: 180, held: 0, unexplained: 0 });
    expect(place.emulator.book.creates()).toHaveLength(12);
    expect(place.emulator.book.doublePaid()).toEqual([]);
    expect(
      new Set(
        lines
          .filter((line) => line.type === 'item' && line.state === 'done')
          .map((line) => (line.type === 'item' ? line.id : '')),
      ).size,
    ).toBe(12);
    expect(result.report).toBe(join(place.dir, 'out', 'spring', 'report.html'));
    const report = JSON.parse(readFileSync(join(place.dir, 'out', 'spring', 'report.json'), 'utf8')) as Report;
    expect(report.checks).toEqual({ lost: 0, paid_twice: 0, paid_again_on_request: 0 });
    for (const item of report.items) expect(existsSync(join(place.dir, 'out', item.output?.file ?? 'none'))).toBe(true);

    const again = await planBatch(ctx, { file: 'spring.csv' });
    expect(again.counts).toMatchObject({ run: 0, done: 12 });
    expect(again.spends).toBe(false);
    expect(again.hasWork).toBe(false);
    const second = await runBatch(ctx, again, following());
    expect(second).toMatchObject({ exit: 0, totals: { done: 12 } });
    expect(place.emulator.book.creates()).toHaveLength(12);
    const status = await readStatus(ctx, {});
    expect(status.batches).toMatchObject([
      { id: 'spring', state: 'finished', active: false, totals: { done: 12 }, needs_you: [] },
    ]);
  }, 60_000);
});
