import { expect, it } from 'vitest';
import { RARE_BUGS } from './planted-bugs.ts';
import { simulateSeed } from './simulate-seed.ts';

/** Seeds that the ordinary suite does not have. */
const FROM = 10_001;
const SEEDS = 1_000;
const LONGEST_MS = 30 * 60_000;

it(
  `loses nothing and pays nothing twice over ${SEEDS} more seeds`,
  async () => {
    const broken: string[] = [];
    for (let seed = FROM; seed < FROM + SEEDS; seed += 1) {
      const { wrong } = await simulateSeed({ seed });
      broken.push(...wrong.map((what) => `${what} (node scripts/simulate.ts --seed ${seed})`));
    }
    expect(broken).toEqual([]);
  },
  LONGEST_MS,
);

for (const { name, spoil } of RARE_BUGS) {
  it(
    `a planted bug is found: ${name}`,
    async () => {
      const found: string[] = [];
      for (let seed = 1; seed <= 300 && found.length === 0; seed += 1)
        found.push(...(await simulateSeed({ seed, spoil })).wrong);
      expect(found).not.toEqual([]);
    },
    LONGEST_MS,
  );
}
