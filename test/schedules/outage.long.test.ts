import { expect, it, onTestFinished } from 'vitest';
import type { ScheduleDocument } from '../../operations/schedules.ts';
import { Program } from '../faults/program.ts';

const MINUTE = 60_000;

/**
 * The night in which everything was down for two hours over four due times, at a thirtieth of its length: a due time every
 * minute instead of every half hour, a catch-up of 40 s, four minutes without engine and worker. The program in processes of
 * its own, killed without a word; Temporal's own scheduler decides what it catches up with.
 */
it('after an outage over four due times runs the one inside the catch-up, and lists the others as missed', async () => {
  const program = await Program.install();
  onTestFinished(() => program.remove());
  program.sheet('shots.csv', 3, 3);
  const run = async (...args: readonly string[]) => {
    const command = program.start(...args);
    expect(await command.exit, command.output()).toBe(0);
    return command.output();
  };
  const runs = async () => {
    const said = await run('schedule', 'show', 'shots', '--json');
    const { schedule } = JSON.parse(said.slice(said.indexOf('{"schema_version"'))) as { schedule: ScheduleDocument };
    return schedule.runs.map(({ due_at: dueAt, state }) => ({ state, dueAtMs: Date.parse(dueAt) }));
  };
  const up = program.start('up');
  await program.until(() => up.output().includes('up: engine at'), 30_000);
  // Long enough before a due time that the kill comes before it.
  await program.until(() => Date.now() % MINUTE < 30_000, MINUTE);
  const every = ['--cron', '* * * * *', '--tz', 'Europe/Oslo', '--catchup', '40s', '--yes'];
  await run('schedule', 'create', 'shots', '--manifest', 'shots.csv', ...every);
  const downAtMs = Date.now();
  await program.killEverything();
  const dues = [1, 2, 3, 4].map((n) => (Math.floor(downAtMs / MINUTE) + n) * MINUTE);
  expect(dues[0]).toBeGreaterThan(downAtMs);
  // Twenty seconds after the fourth.
  await program.until(() => Date.now() > (dues[3] ?? 0) + 20_000, 5 * MINUTE);
  const upAgain = program.start('up');
  await program.until(() => upAgain.output().includes('up: engine at'), 30_000);
  const ofOutage = async () => (await runs()).filter(({ dueAtMs }) => dues.includes(dueAtMs));
  await program.until(async () => (await ofOutage()).some(({ state }) => state === 'ended'), MINUTE);
  await program.until(async () => (await ofOutage()).length === 4, 3 * MINUTE);
  const found = (await ofOutage()).toSorted((a, b) => a.dueAtMs - b.dueAtMs);
  expect(found.map(({ state }) => state)).toEqual(['missed', 'missed', 'missed', 'ended']);
  expect(found.map(({ dueAtMs }) => dueAtMs)).toEqual(dues);
  // Whatever ran, and runs every minute since, paid for each row once.
  expect(program.emulator.book.creates()).toHaveLength(3);
  expect(program.emulator.book.doublePaid()).toEqual([]);
}, 600_000);
