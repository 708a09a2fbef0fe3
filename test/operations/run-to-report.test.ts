import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FollowLine } from '../../operations/follow-batch.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
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
    const written = () => [place.emulator.book.analyses().length, place.emulator.book.creates().length];
    expect(written()).toEqual([6, 12]);
    const second = await runBatch(ctx, again, following());
    expect(second).toMatchObject({ exit: 0, totals: { done: 12 } });
    expect(written()).toEqual([6, 12]);
    const status = await readStatus(ctx, {});
    expect(status.batches).toMatchObject([
      { id: 'spring', state: 'finished', active: false, totals: { done: 12 }, needs_you: [] },
    ]);

    // Ten rows changed in the sheet: ten creates, over the analyses that are there.
    const other = sheet(12, 6)
      .trimEnd()
      .split('\n')
      .map((line, n) => (n === 0 || n > 10 ? line : line.replace('/faces/', '/faces/other-')));
    place.write('spring.csv', `${other.join('\n')}\n`);
    const changed = await planBatch(ctx, { file: 'spring.csv' });
    expect(changed.counts).toMatchObject({ repay: 10, done: 2, run: 0 });
    expect(await runBatch(ctx, changed, following())).toMatchObject({
      exit: 0,
      totals: { items: 12, done: 12 },
      credits: { charged: 330 },
    });
    expect(written()).toEqual([6, 22]);
  }, 90_000);

  test('the same sheet under two batch names at the same moment: each work is created once, both end done', async () => {
    const place = await makePlace({ emulator: { taskMs: 800 } });
    for (const name of ['one.csv', 'two.csv']) place.write(name, sheet(16, 4));
    const ctx = await place.open();
    const plans = await Promise.all(['one.csv', 'two.csv'].map((file) => planBatch(ctx, { file })));
    const ends = await Promise.all(plans.map((plan) => runBatch(ctx, plan, following())));
    for (const end of ends) expect(end).toMatchObject({ exit: 0, state: 'finished', totals: { done: 16 } });
    expect(place.emulator.book.creates()).toHaveLength(16);
    expect(place.emulator.book.analyses()).toHaveLength(4);
    expect(ends.map(({ credits }) => credits.charged).reduce((sum, credits) => sum + credits, 0)).toBe(16 * 15);
    const reports = [await readReport(ctx, 'one'), await readReport(ctx, 'two')];
    const reused = reports.flatMap(({ items }) => items.filter((item) => item.reused_from !== null));
    expect(reused).toHaveLength(16);
  }, 90_000);
});
