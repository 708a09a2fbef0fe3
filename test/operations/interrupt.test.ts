import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openBatchGates } from '../../ledger/operator-steps.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { cancelBatch } from '../../operations/cancel.ts';
import { watchBatch } from '../../operations/follow-batch.ts';
import { pauseBatch } from '../../operations/pause.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { planResume, resumeBatch } from '../../operations/resume.ts';
import { runBatch, submitBatch } from '../../operations/run-batch.ts';
import { skipItems } from '../../operations/skip.ts';
import { readStatus } from '../../operations/status.ts';
import { startUp } from '../../operations/up.ts';
import { following, makePlace, refusal, sheet } from './operations-harness.ts';

describe('interrupted', () => {
  test('Ctrl-C stops: nothing new is created, nothing is lost, resume goes on', async () => {
    const place = await makePlace({ emulator: { taskMs: 800 } });
    place.write('b.csv', sheet(30));
    const ctx = await place.open();
    const abort = new AbortController();
    const plan = await planBatch(ctx, { file: 'b.csv' });
    const stopped = await runBatch(ctx, plan, {
      yes: true,
      signal: abort.signal,
      onLine: (line) => {
        if (line.type === 'item' && line.state === 'done') abort.abort();
      },
    });
    expect(stopped).toMatchObject({ how: 'stopped', exit: 130, state: 'stopped' });
    expect(stopped.totals.by_state.submitting).toBe(0);
    const created = place.emulator.book.creates().length;
    expect(created).toBeLessThan(30);
    const status = (await readStatus(ctx, { batch: 'b' })).batches[0];
    expect(status).toMatchObject({ state: 'stopped', active: false, gates: [{ name: 'stopped' }] });
    const resume = await planResume(ctx, { batch: undefined });
    expect(resume.batch).toBe('b');
    expect(await resumeBatch(ctx, resume, following())).toMatchObject({ exit: 0, totals: { done: 30 } });
    expect(place.emulator.book.creates()).toHaveLength(30);
    expect(place.emulator.book.doublePaid()).toEqual([]);
  }, 90_000);

  test('a batch of a killed process is only collected beside another, until somebody asks for it', async () => {
    const place = await makePlace({ emulator: { taskMs: 500 } });
    place.write('b.csv', sheet(60));
    place.write('c.csv', sheet(2, 2).replaceAll('/clip', '/other'));
    const ctx = await place.open();
    const ledger = await ctx.ledger();
    const abort = new AbortController();
    await runBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), {
      yes: true,
      signal: abort.signal,
      onLine: (line) => {
        if (line.type === 'item' && line.state === 'queued') abort.abort();
      },
    });
    // What a SIGKILL leaves behind instead: a running batch that nothing drives, and no gate.
    await ledger.write(async (tx, nowMs) => {
      await openBatchGates(tx, { batch: 'b', account: 'default' }, ['stopped'], 'test', 'killed', nowMs);
      await tx
        .updateTable('batches')
        .set({ state: 'running', updated_at: 1, driver_until: 0 })
        .where('id', '=', 'b')
        .execute();
    });
    const before = place.emulator.book.creates().length;
    expect(await runBatch(ctx, await planBatch(ctx, { file: 'c.csv' }), following())).toMatchObject({ exit: 0 });
    expect(place.emulator.book.creates()).toHaveLength(before + 2);
    expect((await readStatus(ctx, { batch: 'b' })).batches[0]?.gates).toMatchObject([{ name: 'stopped' }]);
    const up = await startUp(ctx);
    expect(up).toMatchObject({ takenUp: ['b'] });
    await up.stop();
  }, 90_000);

  test('SIGKILL of the command and its engine, then the same command again', async () => {
    const place = await makePlace({ emulator: { taskMs: 600 } });
    place.write('b.csv', sheet(40));
    const main = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
    const killed = spawn(process.execPath, [main, 'run', 'b.csv', '--yes', '--json'], {
      cwd: place.dir,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void killed.kill('SIGKILL'));
    let seen = '';
    await new Promise<void>((resolve, reject) => {
      killed.once('exit', () => reject(new Error(`the command ended by itself: ${seen}`)));
      killed.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
        if (!seen.includes('"state":"done"')) return;
        killed.removeAllListeners('exit');
        killed.once('exit', () => resolve());
        killed.kill('SIGKILL');
      });
    });
    const server = (JSON.parse(readFileSync(join(place.dir, '.headswap', 'engine.json'), 'utf8')) as { pid: number })
      .pid;
    process.kill(server, 'SIGKILL');
    const before = place.emulator.book.creates().length;
    expect(before).toBeLessThan(40);
    const ctx = await place.open();
    expect((await readStatus(ctx, { batch: 'b' })).batches[0]).toMatchObject({ state: 'stopped', active: false });
    const plan = await planBatch(ctx, { file: 'b.csv' });
    expect(plan.counts.run).toBeLessThan(40);
    const result = await runBatch(ctx, plan, following());
    // A create that was on its way when the process died stays uncertain, and only that.
    expect(result.totals.done + result.totals.uncertain).toBe(40);
    expect(result.exit).toBe(result.totals.uncertain > 0 ? 5 : 0);
    expect(place.emulator.book.doublePaid()).toEqual([]);
    expect(await verifyCounters((await ctx.ledger()).db)).toEqual([]);
  }, 90_000);

  test('pause, skip and cancel while it runs; submit and watch on an engine that is up', async () => {
    const place = await makePlace({ emulator: { taskMs: 1_000 } });
    place.write('b.csv', sheet(80));
    const ctx = await place.open();
    expect(await refusal(submitBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), { yes: true }))).toMatchObject({
      exit: 8,
      next: expect.stringContaining('headswap up') as string,
    });
    const up = await startUp(ctx);
    try {
      expect(await submitBatch(ctx, await planBatch(ctx, { file: 'b.csv' }), { yes: true })).toMatchObject({
        batch: 'b',
      });
      const paused = { done: false };
      const watched = await watchBatch(ctx, 'b', {
        signal: new AbortController().signal,
        onLine: (line) => {
          if (line.type !== 'item' || line.state !== 'queued' || paused.done) return;
          paused.done = true;
          void pauseBatch(ctx, 'b', { reason: 'lunch' });
        },
      });
      expect(watched).toMatchObject({ how: 'ended', state: 'paused', exit: 9 });
      expect(watched.totals.by_state.queued + watched.totals.by_state.processing).toBe(0);
      const created = place.emulator.book.creates().length;
      expect(created).toBeLessThan(80);
      expect((await readStatus(ctx, { batch: 'b' })).batches[0]).toMatchObject({
        state: 'paused',
        gates: [{ name: 'pause', reason: 'lunch' }],
      });
      const skipped = await skipItems(ctx, 'b', ['sh07?'], { reason: null });
      expect(skipped.items).toHaveLength(10);
      expect(skipped.items.every((item) => item.skipped)).toBe(true);
      expect(await cancelBatch(ctx, 'b', { reason: null, notStarted: false })).toMatchObject({ inFlight: 0 });
      const end = (await readStatus(ctx, { batch: 'b' })).batches[0];
      expect(end).toMatchObject({ state: 'cancelled', exit_code: 6, totals: { skipped: 10 } });
      expect(end?.totals.cancelled).toBe(70 - (end?.totals.done ?? 0));
      expect(place.emulator.book.creates()).toHaveLength(created);
    } finally {
      await up.stop();
    }
  }, 90_000);
});
