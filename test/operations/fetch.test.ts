import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fetchOutputs, planFetch } from '../../operations/fetch-outputs.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { readReport } from '../../operations/report.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { startUp } from '../../operations/up.ts';
import { following, makePlace, sheet } from './operations-harness.ts';

test('fetch: what is deleted, changed, expired or gone for good is found by its hash, collected for nothing, or said', async () => {
  const place = await makePlace();
  place.write('b.csv', sheet(4));
  const ctx = await place.open();
  const ledger = await ctx.ledger();
  const up = await startUp(await place.open());
  const file = (id: string) => join(place.dir, 'out', 'b', `${id}.mp4`);
  const sha256 = (id: string) =>
    createHash('sha256')
      .update(readFileSync(file(id)))
      .digest('hex');
  const verify = () => planFetch(ctx, 'b', { verify: true });
  const fetch = async () => fetchOutputs(ctx, await verify(), following());
  try {
    expect(await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), following())).toMatchObject({ exit: 0 });
    const collected = (await readReport(ctx, 'b')).items.map(({ output }) => output?.sha256);
    expect(await verify()).toEqual({ batch: 'b', missing: [], changed: [], intact: 4 });
    expect(await fetch()).toMatchObject({ exit: 0, notes: ['Nothing is missing.'] });

    // Deleted: the same bytes again.
    rmSync(file('sh000'));
    expect(await verify()).toMatchObject({ missing: ['sh000'], changed: [], intact: 3 });
    expect(await fetch()).toMatchObject({ exit: 0, state: 'finished', totals: { done: 4 } });
    expect(sha256('sh000')).toBe(collected[0]);

    // Changed: told and never overwritten; once moved away it is collected again.
    place.write('out/b/sh001.mp4', 'a retouched film');
    expect(await verify()).toMatchObject({ missing: [], changed: ['sh001'], intact: 3 });
    expect(await planFetch(ctx, 'b', { verify: false })).toMatchObject({ missing: [], changed: [], intact: 4 });
    await fetch();
    expect(readFileSync(file('sh001'), 'utf8')).toBe('a retouched film');
    renameSync(file('sh001'), join(place.dir, 'retouched.mp4'));
    expect(await fetch()).toMatchObject({ exit: 0 });
    expect(sha256('sh001')).toBe(collected[1]);

    // An expired link is read anew from its task.
    const { attempt } = await ledger.db
      .selectFrom('items')
      .select('attempt')
      .where('id', '=', 'sh002')
      .executeTakeFirstOrThrow();
    const expired = `${place.emulator.url}/media/outputs/expired.mp4`;
    await ledger.write((tx) =>
      tx
        .updateTable('tasks')
        .set({ url: expired })
        .where('attempt', '=', attempt ?? 0)
        .execute(),
    );
    rmSync(file('sh002'));
    expect(await fetch()).toMatchObject({ exit: 0, totals: { done: 4 } });
    expect(sha256('sh002')).toBe(collected[2]);

    // Another file than before is told.
    await ledger.write((tx) =>
      tx
        .updateTable('outputs')
        .set({ sha256: 'a'.repeat(64) })
        .where('file', '=', 'b/sh003.mp4')
        .execute(),
    );
    rmSync(file('sh003'));
    expect(await fetch()).toMatchObject({
      exit: 6,
      notes: expect.arrayContaining([expect.stringMatching(/^sh003 is not the file it was/u)]) as string[],
    });

    // Gone for good: tried for ten minutes, then said, with its charge.
    place.emulator.control.addFaults({ on: 'output', do: { kind: 'gone', status: 403 } });
    rmSync(file('sh000'));
    const fetching = fetch();
    const gone = () =>
      ledger.db.selectFrom('items').select('gone_since').where('id', '=', 'sh000').executeTakeFirstOrThrow();
    await expect.poll(async () => (await gone()).gone_since, { timeout: 20_000 }).not.toBeNull();
    await ledger.write((tx, nowMs) =>
      tx
        .updateTable('items')
        .set({ gone_since: nowMs - 601_000, next_at: nowMs })
        .where('id', '=', 'sh000')
        .execute(),
    );
    expect(await fetching).toMatchObject({ exit: 6, totals: { done: 3, failed: 1 } });
    expect((await readReport(ctx, 'b')).items[0]?.reason).toMatchObject({ code: 'N102', charged: 15 });
    expect(existsSync(file('sh000'))).toBe(false);
    expect(place.emulator.book.creates()).toHaveLength(4);
  } finally {
    await up.stop();
  }
}, 90_000);
