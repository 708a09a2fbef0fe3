import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../operations/context.ts';
import { useEngine } from '../../operations/engine-use.ts';
import {
  createSchedule,
  deleteSchedule,
  pauseSchedule,
  planSchedule,
  planTrigger,
  readSchedules,
  resumeSchedule,
  triggerSchedule,
  type ScheduleDocument,
  type ScheduleOptions,
} from '../../operations/schedules.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { readStatus } from '../../operations/status.ts';
import { startUp } from '../../operations/up.ts';
import { OperationError } from '../../operations/operation-error.ts';
import { calendarsOf } from '../../operations/schedule-engine.ts';
import { dueTimes, parseCron } from '../../schemas/cron.ts';
import { wallText, wallTimeOf } from '../../schemas/zone-time.ts';
import { makePlace, sheet, type Place } from '../operations/operations-harness.ts';

const NIGHTLY: ScheduleOptions = { name: 'nightly', manifest: 'shots.csv', cron: '0 22 * * *', zone: 'Europe/Oslo' };

async function up(place: Place): Promise<{ ctx: Context; stop: () => Promise<void> }> {
  const running = await startUp(await place.open());
  return { ctx: await place.open(), stop: () => running.stop() };
}

async function create(ctx: Context, options: Partial<ScheduleOptions> = {}) {
  const plan = await planSchedule(ctx, { ...NIGHTLY, ...options });
  await createSchedule(ctx, plan, { yes: true });
  return plan;
}

async function until(
  ctx: Context,
  look: (schedule: ScheduleDocument) => boolean,
  withinMs = 40_000,
): Promise<ScheduleDocument> {
  const end = Date.now() + withinMs;
  for (;;) {
    const [schedule] = await readSchedules(ctx, { name: 'nightly', runs: 50 });
    if (schedule !== undefined && look(schedule)) return schedule;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(schedule?.runs)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const settled = ({ runs }: ScheduleDocument) =>
  runs.every((run) => !['queued', 'starting', 'running'].includes(run.state));

describe('schedules on a real engine', () => {
  it('reads the sheet anew for each run, pays for new rows only, and never changes a running one', async () => {
    const place = await makePlace();
    place.write('shots.csv', sheet(4));
    const { ctx, stop } = await up(place);
    try {
      const plan = await create(ctx, { budgetPerRun: 100 });
      expect(plan.next).toHaveLength(10);
      expect(plan.next[0]?.text).toMatch(/22:00 \+0[12]:00$/u);
      expect(plan.onlyWhileUp).toBe(true);
      expect(plan.check).toMatchObject({ ok: true, rows: 4, run: 4, low: 60, high: 60 });
      await triggerSchedule(ctx, 'nightly', { yes: true });
      const first = await until(ctx, (schedule) => schedule.runs.length === 1 && settled(schedule));
      expect(first.runs[0]).toMatchObject({
        state: 'ended',
        reason: 'finished',
        charged: 60,
        kind: 'trigger',
        by: 'mira',
      });
      // Signed anew, and three rows more.
      const signed = sheet(7).replaceAll('.mp4', `.mp4?X-Amz-Signature=${'b'.repeat(16)}&X-Amz-Date=20261124`);
      place.write('shots.csv', signed);
      expect((await planTrigger(ctx, 'nightly')).check).toMatchObject({ run: 3, high: 45 });
      await triggerSchedule(ctx, 'nightly', { yes: true });
      const second = await until(ctx, (schedule) => schedule.runs.length === 2 && settled(schedule));
      expect(second.runs[0]).toMatchObject({ state: 'ended', charged: 45, round: 2 });
      expect(place.emulator.book.creates()).toHaveLength(7);
      expect(place.emulator.book.doublePaid()).toEqual([]);
    } finally {
      await stop();
    }
  }, 90_000);

  it('runs once of three triggers in a row, and lists two skips with their reason', async () => {
    const place = await makePlace({ emulator: { taskMs: 4_000 } });
    place.write('shots.csv', sheet(3));
    const { ctx, stop } = await up(place);
    try {
      await create(ctx);
      for (let times = 0; times < 3; times += 1) await triggerSchedule(ctx, 'nightly', { yes: true });
      const schedule = await until(ctx, (now) => now.runs.length === 3 && settled(now));
      expect(schedule.runs.map((run) => run.state).sort()).toEqual(['ended', 'skipped', 'skipped']);
      for (const run of schedule.runs.filter((each) => each.state === 'skipped'))
        expect(run.reason).toContain('by hand');
      expect(place.emulator.book.creates()).toHaveLength(3);
    } finally {
      await stop();
    }
  }, 90_000);

  it('queues one run behind another, which then finds the sheet as it is by then', async () => {
    const place = await makePlace({ emulator: { taskMs: 3_000 } });
    place.write('shots.csv', sheet(2));
    const { ctx, stop } = await up(place);
    try {
      await create(ctx, { overlap: 'queue' });
      await triggerSchedule(ctx, 'nightly', { yes: true });
      await until(ctx, (now) => now.runs.some((run) => run.state === 'running'));
      await triggerSchedule(ctx, 'nightly', { yes: true });
      await until(ctx, (now) => now.runs.some((run) => run.state === 'queued' && run.reason !== null));
      await triggerSchedule(ctx, 'nightly', { yes: true });
      place.write('shots.csv', sheet(3));
      const schedule = await until(ctx, (now) => now.runs.length === 3 && settled(now));
      expect(schedule.runs.map((run) => run.state).sort()).toEqual(['ended', 'ended', 'skipped']);
      expect(schedule.runs.find((run) => run.state === 'skipped')?.reason).toContain('waits for its turn');
      // The sheet that grew while the first ran is the second's.
      const charged = schedule.runs.filter((run) => run.state === 'ended').map((run) => run.charged);
      expect(charged.toReversed()).toEqual([30, 15]);
      expect(place.emulator.book.creates()).toHaveLength(3);
    } finally {
      await stop();
    }
  }, 90_000);

  it('bounds each run by its budget; outside of its window creates wait, and status and plan say until when', async () => {
    const place = await makePlace();
    place.write('shots.csv', sheet(4, 1));
    place.write('late.csv', sheet(2, 1).replaceAll('clip', 'other'));
    const { ctx, stop } = await up(place);
    try {
      await create(ctx, { budgetPerRun: 30 });
      for (const times of [1, 2]) {
        await triggerSchedule(ctx, 'nightly', { yes: true });
        const now = await until(ctx, (schedule) => schedule.runs.length === times && settled(schedule));
        expect(now.runs[0]).toMatchObject({ state: 'ended', charged: 30 });
        expect(place.emulator.book.creates()).toHaveLength(2 * times);
      }
      // Closed now, and for two days at least.
      const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7] ?? '';
      const windows = [`${day} 03:00-04:00 UTC`];
      await create(ctx, { name: 'late', manifest: 'late.csv', windows });
      await triggerSchedule(ctx, 'late', { yes: true });
      const gates = async () => (await readStatus(ctx, {})).batches.find(({ id }) => id === 'late')?.gates ?? [];
      await expect
        .poll(gates, { timeout: 20_000 })
        .toMatchObject([
          { name: 'window', reopens: expect.stringMatching(new RegExp(`${day} .* 03:00`, 'u')) as string },
        ]);
      expect(place.emulator.book.creates()).toHaveLength(4);
      const config = readFileSync(join(place.dir, 'headswap.yaml'), 'utf8');
      place.write('headswap.yaml', config.replace('    limits:', `    windows: ["${windows.join()}"]\n    limits:`));
      const plan = await planBatch(await place.open(), { file: 'late.csv' });
      expect(plan.window).toMatchObject({
        reopens: expect.stringMatching(new RegExp(`${day} .* 03:00`, 'u')) as string,
      });
    } finally {
      await stop();
    }
  }, 90_000);

  it('refuses a run whose manifest has errors, for nothing, with file and first three errors', async () => {
    const place = await makePlace();
    place.write('shots.csv', sheet(2));
    const { ctx, stop } = await up(place);
    try {
      await create(ctx);
      place.write(
        'shots.csv',
        `id,video,swap\n${['a', 'b', 'c', 'd', 'e'].map((id) => `${id},https://media.example.com/${id}.mp4,nobody`).join('\n')}\n`,
      );
      await triggerSchedule(ctx, 'nightly', { yes: true });
      const schedule = await until(ctx, (now) => now.runs.length === 1 && settled(now));
      expect(schedule.runs[0]?.state).toBe('refused');
      expect(schedule.runs[0]?.reason?.match(/M112/gu)).toHaveLength(3);
      expect(schedule.runs[0]?.reason).toMatch(/^shots\.csv: M112 shots\.csv:2:/u);
      const ledger = await ctx.ledger();
      const events = await ledger.db.selectFrom('events').selectAll().where('type', '=', 'schedule-refused').execute();
      expect(events).toHaveLength(1);
      expect(events[0]?.detail).not.toContain('https://');
      expect(place.emulator.book.creates()).toHaveLength(0);
      expect(place.emulator.book.analyses()).toHaveLength(0);
    } finally {
      await stop();
    }
  }, 60_000);

  it('is accepted only with an engine that stays and a manifest a worker could read', async () => {
    const place = await makePlace();
    place.write('shots.csv', sheet(1));
    const lonely = await place.open();
    await expect(planSchedule(lonely, NIGHTLY)).rejects.toMatchObject({ exit: 8 });
    const { ctx, stop } = await up(place);
    try {
      await expect(planSchedule(ctx, { ...NIGHTLY, manifest: 'nowhere.csv' })).rejects.toMatchObject({ exit: 3 });
      await expect(planSchedule(ctx, { ...NIGHTLY, cron: '0 25 * * *' })).rejects.toMatchObject({ exit: 2 });
      await expect(planSchedule(ctx, { ...NIGHTLY, zone: 'Mars/Base' })).rejects.toMatchObject({ exit: 2 });
      await expect(planSchedule(ctx, { ...NIGHTLY, catchup: '365d' })).rejects.toMatchObject({ exit: 2 });
      const plan = await planSchedule(ctx, NIGHTLY);
      expect(plan).toMatchObject({ overlap: 'skip', catchupMs: 15 * 60_000, budgetPerRun: null });
      await expect(createSchedule(ctx, plan, { yes: false })).rejects.toThrow(OperationError);
      expect(await readSchedules(ctx, { runs: 1 })).toEqual([]);
      await createSchedule(ctx, plan, { yes: true });
      await expect(planSchedule(ctx, NIGHTLY)).rejects.toMatchObject({ exit: 2 });
      await pauseSchedule(ctx, 'nightly', 'client on leave');
      expect((await readSchedules(ctx, { runs: 1 }))[0]).toMatchObject({
        state: 'paused',
        next: [],
        paused: { by: 'mira', note: 'client on leave' },
      });
      await resumeSchedule(ctx, 'nightly');
      expect((await readSchedules(ctx, { runs: 1 }))[0]).toMatchObject({ state: 'active', next: [{}] });
      await deleteSchedule(ctx, 'nightly');
      expect(await readSchedules(ctx, { runs: 1 })).toEqual([]);
      expect((await readSchedules(ctx, { name: 'nightly', runs: 1 }))[0]?.state).toBe('deleted');
      await create(ctx);
    } finally {
      await stop();
    }
  }, 60_000);

  it('fires by the clock, and reads a manifest from its address', async () => {
    const place = await makePlace();
    let text = sheet(2);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.setHeader('content-type', 'text/csv').end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { ctx, stop } = await up(place);
    try {
      const manifest = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sheets/shots.csv?sig=secret`;
      await create(ctx, { manifest, cron: '* * * * *', zone: 'Europe/Oslo' });
      text = sheet(3);
      const schedule = await until(ctx, ({ runs }) => runs[0]?.state === 'ended', 100_000);
      expect(schedule.runs[0]).toMatchObject({ kind: 'due', state: 'ended', charged: 45, by: 'fleet' });
      expect(schedule.runs[0]?.name).toBe(
        wallText(wallTimeOf(Date.parse(schedule.runs[0]?.due_at ?? ''), 'Europe/Oslo')),
      );
      expect(asked.length).toBeGreaterThanOrEqual(2);
      expect(JSON.stringify(schedule)).not.toContain('secret');
      server.close();
      server.closeAllConnections();
      await triggerSchedule(ctx, 'nightly', { yes: true });
      const gone = await until(ctx, ({ runs }) => runs.some((run) => run.kind === 'trigger' && run.ended_at !== null));
      expect(gone.runs.find((run) => run.kind === 'trigger')).toMatchObject({
        state: 'refused',
        reason: expect.stringContaining('could not be fetched') as string,
      });
    } finally {
      server.close();
      await stop();
    }
  }, 150_000);

  it('is due when the engine says so: the same wall-clock times, across clock changes and either kind of day', async () => {
    const place = await makePlace();
    const ctx = await place.open();
    const engine = await useEngine(ctx, 'up');
    try {
      const crons = ['30 2 * * *', '0 22 * * 1-5', '15 */3 * * *', '0 12 13 * fri', '0 0 1,31 * *', '45 23 29 2 *'];
      for (const [index, text] of crons.entries()) {
        const reading = parseCron(text);
        if (reading.kind === 'bad') throw new Error(reading.reason);
        await engine.client.schedule.create({
          scheduleId: `due-${index}`,
          spec: { calendars: calendarsOf(reading.cron), timezone: 'Europe/Oslo' },
          action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
          state: { paused: true },
        });
        const spans = text.startsWith('45 23 29')
          ? [['2026-11-01', '2033-01-01']]
          : [
              ['2026-10-20', '2026-11-20'],
              ['2027-03-20', '2027-04-20'],
            ];
        for (const [from = '', to = ''] of spans) {
          const [afterMs, beforeMs] = [Date.parse(`${from}T12:00:30Z`), Date.parse(`${to}T12:00:30Z`)];
          const seconds = (ms: number) => ({ seconds: (ms / 1_000) as never });
          const listed = await engine.client.workflowService.listScheduleMatchingTimes({
            namespace: 'default',
            scheduleId: `due-${index}`,
            startTime: seconds(afterMs),
            endTime: seconds(beforeMs),
          });
          const theirs = (listed.startTime ?? []).map((time) =>
            wallText(wallTimeOf(Number(time.seconds) * 1_000, 'Europe/Oslo')),
          );
          const ours = dueTimes(reading.cron, 'Europe/Oslo', { afterMs, beforeMs, count: 1_000 }).map(
            (due) => due.wall,
          );
          expect({ text, from, walls: [...new Set(theirs)] }).toEqual({ text, from, walls: ours });
        }
      }
    } finally {
      await engine.leave();
    }
  }, 60_000);
});
