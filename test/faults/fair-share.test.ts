import { afterEach, describe, expect, it } from 'vitest';
import { Fleet, rowsOver } from '../fleet/fleet-harness.ts';

// A small batch that is started in the middle of a large one on the same account: neither pace nor places are the large
// one's alone.

let fleet: Fleet;
afterEach(() => fleet.stop());

const SMALL = 12;
const OPEN = 6;

/** When the creates of a batch were sent, in order. */
async function sentAt(batch: string): Promise<number[]> {
  const rows = await fleet.ledger.db
    .selectFrom('attempts')
    .select('sent_at')
    .where('batch', '=', batch)
    .where('sent_at', 'is not', null)
    .orderBy('sent_at')
    .execute();
  return rows.map((row) => Number(row.sent_at));
}

describe('fair share', () => {
  // Half of all creates while both want some is twice the time it takes alone; counted, since the machine's pace is nobody's
  // share. `bench/fair-share.ts` takes the time, at full size.
  it('a small batch in the middle of a large one gets its half of the creates', async () => {
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: 1_000 },
      account: { createPerSecond: 4, openTasks: OPEN },
    });
    await fleet.startWorker();
    await fleet.submit('large', rowsOver(150, 30));
    await fleet.until(async () => (await sentAt('large')).length >= 20, 90_000);
    const beside = Array.from({ length: SMALL }, (_, n) => ({
      id: `s${n}`,
      video: `beside-${n % 4}.mp4`,
      face: `f${n}`,
    }));
    await fleet.submit('beside', beside);
    expect(await fleet.ended('beside', 120_000)).toBe('finished');
    const [small, large] = [await sentAt('beside'), await sentAt('large')];
    const [first = 0, last = 0] = [small[0], small.at(-1)];
    // Places that the large one held when the small one came are its own until they are free.
    expect(large.filter((at) => at > first && at < last).length).toBeLessThanOrEqual(SMALL + OPEN / 2);
    expect(large.some((at) => at > last)).toBe(true);
    expect((await fleet.states())['failed']).toBeUndefined();
    expect(fleet.emulator.book.doublePaid()).toEqual([]);
  }, 240_000);
});
