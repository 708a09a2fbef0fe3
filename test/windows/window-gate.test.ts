import { afterEach, expect, it } from 'vitest';
import { parseWindow } from '../../schemas/production-window.ts';
import { Fleet, rowsOver } from '../fleet/fleet-harness.ts';

let fleet: Fleet;
afterEach(() => fleet.stop());

const gates = () => fleet.ledger.db.selectFrom('gates').selectAll().where('name', '=', 'window').execute();

it('stops creates at the end of a window, collects what runs, sleeps, and goes on in the next window', async () => {
  const reading = parseWindow('daily 20:00-06:00 Europe/Oslo');
  if (reading.kind === 'bad') throw new Error(reading.reason);
  let shiftMs = Date.parse('2026-11-25T04:00:00Z') - Date.now();
  const clock = () => Date.now() + shiftMs;
  fleet = await Fleet.start({ clock, windows: [reading.window], account: { createPerSecond: 4 } });
  await fleet.startWorker();
  // Eight seconds before the end of the window, at five in the morning UTC.
  shiftMs = Date.parse('2026-11-25T04:59:52Z') - Date.now();
  await fleet.submit('night', rowsOver(40, 4));
  await fleet.until(async () => (await gates()).length > 0);
  const atEnd = fleet.emulator.book.creates().length;
  expect(atEnd).toBeGreaterThan(4);
  expect(atEnd).toBeLessThan(40);
  const [gate] = await gates();
  expect(gate).toMatchObject({ scope: 'account', code: 'P113', reopens: 'by itself at Wed 25 Nov 2026 20:00 +01:00' });
  expect(gate?.since).toBeLessThan(Date.parse('2026-11-25T05:00:01Z'));
  const states = await fleet.until(async () => {
    const now = await fleet.states();
    return now['done'] === fleet.emulator.book.creates().length ? now : null;
  });
  expect(fleet.emulator.book.creates().length).toBeLessThanOrEqual(atEnd + 1);
  expect(states['failed']).toBeUndefined();
  // The round stays open: it goes on by itself.
  const row = await fleet.ledger.db
    .selectFrom('batches')
    .selectAll()
    .where('id', '=', 'night')
    .executeTakeFirstOrThrow();
  expect(row.state).toBe('running');
  // It sleeps instead of asking all day: its lease reaches beyond the pass.
  await fleet.until(async () => {
    const now = await fleet.ledger.db
      .selectFrom('batches')
      .select('driver_until')
      .where('id', '=', 'night')
      .executeTakeFirstOrThrow();
    return now.driver_until > clock() + 60_000;
  });
  shiftMs = Date.parse('2026-11-25T19:00:01Z') - Date.now();
  await fleet.drive('night');
  expect(await fleet.ended('night')).toBe('finished');
  expect(await gates()).toEqual([]);
  expect(await fleet.audit()).toMatchObject({ creates: 40, paidTwice: 0, lost: 0, counters: [] });
}, 120_000);
