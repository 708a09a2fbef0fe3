import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readReport } from '../../operations/report.ts';
import { makePlace, sheet } from './operations-harness.ts';
import { both, codes, command, recorded } from './two-people.ts';

test('resume against cancel: whoever is first, every row ends and nothing is paid twice', async () => {
  const place = await makePlace({
    emulator: { faults: [{ on: 'create', at: [1, 2, 3, 4], do: { kind: 'fail', reason: 'no face' } }], taskMs: 1_000 },
  });
  place.write('b.csv', sheet(6));
  expect((await command(place.dir, 'mira', 'run', 'b.csv', '--yes', '--quiet')).code).toBe(6);
  const ends = await Promise.all([
    command(place.dir, 'mira', 'resume', 'b', '--yes'),
    command(place.dir, 'noor', 'cancel', 'b', '--reason', 'over'),
  ]);
  expect(ends[1]?.code).toBe(0);
  expect(ends[0]?.code).toBeOneOf([0, 6]);
  const { totals } = await readReport(await place.open(), 'b');
  expect(totals.done + totals.failed + totals.cancelled).toBe(6);
  expect(place.emulator.book.creates()).toHaveLength(4 + totals.done);
  await recorded(place, 'b');
}, 90_000);

test('pause against resume, five times over: it is held or it runs, and nothing is lost', async () => {
  const place = await makePlace({ emulator: { taskMs: 500 } });
  place.write('b.csv', sheet(40));
  expect((await command(place.dir, 'mira', 'run', 'b.csv', '--yes', '--budget', '60', '--quiet')).code).toBe(7);
  for (let times = 1; times <= 5; times += 1) {
    const ends = await Promise.all([
      command(place.dir, 'mira', 'resume', 'b', '--yes', '--budget', String(60 + times * 60)),
      command(place.dir, 'noor', 'pause', 'b'),
    ]);
    expect(codes(ends)).toEqual([expect.toBeOneOf([7, 9]), 0]);
    const { totals } = await readReport(await place.open(), 'b');
    expect(totals.done + totals.waiting + totals.pending).toBe(40);
    expect(place.emulator.book.creates()).toHaveLength(totals.done);
  }
  expect((await command(place.dir, 'mira', 'resume', 'b', '--yes', '--budget', '600')).code).toBe(0);
  expect(place.emulator.book.creates()).toHaveLength(40);
  await recorded(place, 'b');
}, 180_000);

test('picks apply: decided once, one create for each item', async () => {
  const place = await makePlace({ emulator: { taskMs: 2_500 } });
  place.write('faces.csv', 'face,image\nana,https://media.example.com/faces/ana.jpg\n');
  const rows = ['s1', 's2', 's3'].map((id) => `${id},https://media.example.com/plates/${id}.mp4,pick`);
  place.write('b.csv', ['id,video,swap', ...rows, ''].join('\n'));
  expect((await command(place.dir, 'mira', 'run', 'b.csv', '--yes', '--quiet')).code).toBe(9);
  expect((await command(place.dir, 'mira', 'picks', 'export', 'b')).code).toBe(0);
  const file = join(place.dir, 'out', 'b', 'picks.csv');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/,,(k?\w+)\r/gu, ',ana,$1\r'));
  expect(codes(await both(place, 'picks', 'apply', 'b', '--yes'))).toEqual([0, 0]);
  expect(place.emulator.book.creates()).toHaveLength(3);
  const { rounds, of } = await recorded(place, 'b');
  expect(rounds).toBe(2);
  expect(of('picked')).toHaveLength(3);
  expect(of('round-opened')).toHaveLength(1);
}, 90_000);
