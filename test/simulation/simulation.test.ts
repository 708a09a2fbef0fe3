import { describe, expect, it } from 'vitest';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { simulateSeed } from './simulate-seed.ts';

const SEEDS = 200;
const SEEDS_A_TEST = 50;
/** A seed takes a fraction of a second; the limit only ends a run that hangs. */
const LONGEST_MS = 240_000;

/** What broke, with the command that shows how. */
function told({ seed, wrong }: { readonly seed: number; readonly wrong: readonly string[] }): string[] {
  return wrong.map((what) => `${what} (node scripts/simulate.ts --seed ${seed})`);
}

describe('a fleet under faults of every class', () => {
  for (let from = 1; from <= SEEDS; from += SEEDS_A_TEST) {
    const until = from + SEEDS_A_TEST;
    it(
      `loses nothing and pays nothing twice, seeds ${from} to ${until - 1}`,
      async () => {
        let faults = 0;
        for (let seed = from; seed < until; seed += 1) {
          const result = await simulateSeed({ seed });
          expect(told(result)).toEqual([]);
          faults += [...result.faults.values()].reduce((sum, n) => sum + n, 0);
        }
        // Otherwise the seeds would prove nothing.
        expect(faults).toBeGreaterThan(5 * SEEDS_A_TEST);
      },
      LONGEST_MS,
    );
  }

  it('creates and collects everything when nothing goes wrong', async () => {
    const result = await simulateSeed({ seed: 1, faults: false });
    expect(told(result)).toEqual([]);
    expect(result.done).toBeGreaterThan(0);
    expect(result.uncertain).toBe(0);
  });

  it(
    'does the same for the same seed, and another thing for another',
    async () => {
      const digests = new Set<string>();
      for (const seed of [7, 8, 9]) {
        const first = await simulateSeed({ seed });
        expect((await simulateSeed({ seed })).digest).toBe(first.digest);
        digests.add(first.digest);
      }
      expect(digests.size).toBe(3);
    },
    LONGEST_MS,
  );
});

describe('a planted bug is found', () => {
  /** Seeds looked at, at most. */
  const ENOUGH = 30;

  for (const { name, spoil } of PLANTED_BUGS) {
    it(
      name,
      async () => {
        const found: string[] = [];
        for (let seed = 1; seed <= ENOUGH && found.length === 0; seed += 1)
          found.push(...(await simulateSeed({ seed, spoil })).wrong);
        expect(found).not.toEqual([]);
      },
      LONGEST_MS,
    );
  }
});
