import { afterEach, describe, expect, it } from 'vitest';
import { Fleet, rowsOver } from '../fleet/fleet-harness.ts';

// A small batch that is started in the middle of a large one on the same account: neither pace nor places are the large
// one's alone.

let fleet: Fleet;
afterEach(() => fleet.stop());

const SMALL = 12;

/** Milliseconds from a batch's entry to its last create. */
async function lastCreateAfterMs(batch: string, sinceMs: number): Promise<number> {
  const row = await fleet.ledger.db
    .selectFrom('attempts')
    .select((e) => e.fn.max('sent_at').as('at'))
    .where('batch', '=', batch)
    .executeTakeFirstOrThrow();
  return Number(row.at) - sinceMs;
}

describe('fair share', () => {
  it('a small batch in the middle of a large one takes at most twice what it takes alone', async () => {
    fleet = await Fleet.start({
      emulator: { analysisMs: 50, taskMs: 1_000 },
      account: { createPerSecond: 4, openTasks: 6 },
    });
    await fleet.startWorker();
    const small = (name: string) =>
      Array.from({ length: SMALL }, (_, n) => ({ id: `s${n}`, video: `${name}-${n % 4}.mp4`, face: `f${n}` }));
    const aloneAtMs = Date.now();
    await fleet.submit('alone', small('alone'));
    expect(await fleet.ended('alone', 90_000)).toBe('finished');
    const aloneMs = await lastCreateAfterMs('alone', aloneAtMs);

    await fleet.submit('large', rowsOver(150, 30));
    await fleet.until(
      async () =>
        Number(
          (
            await fleet.ledger.db
              .selectFrom('attempts')
              .select((e) => e.fn.countAll<number>().as('n'))
              .where('batch', '=', 'large')
              .executeTakeFirstOrThrow()
          ).n,
        ) >= 20,
      90_000,
    );
    const besideAtMs = Date.now();
    await fleet.submit('beside', small('beside'));
    expect(await fleet.ended('beside', 120_000)).toBe('finished');
    const besideMs = await lastCreateAfterMs('beside', besideAtMs);
    // The first second of either is the analysis, which is nobody's share.
    expect(besideMs).toBeLessThanOrEqual(2 * aloneMs + 1_000);
    expect((await fleet.states())['failed']).toBeUndefined();
    expect(fleet.emulator.book.doublePaid()).toEqual([]);
  }, 240_000);
});
