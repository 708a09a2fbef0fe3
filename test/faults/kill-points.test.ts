import { describe, expect, it } from 'vitest';
import { HONEST } from '../fleet/audit.ts';
import { freshDatabase, postgresPrograms } from '../ledger/postgres-server.ts';
import { KILL_POINTS, killTour } from './kill-tour.ts';

// Fault rows 1 to 10, and 13 where the engine is the victim. Every named line is met twice, each time with a batch of its
// own: once the worker is killed there, once the engine, on the one database or the other. `scripts/kill-points.ts` does
// each twenty times, in all combinations.

/** One create is lost at each line between first byte and binding; whatever else the worker was sending goes with it. */
const UNCERTAIN_AT_MOST = 8;
const DATABASES = postgresPrograms() === null ? (['sqlite'] as const) : (['sqlite', 'postgres'] as const);

describe.each(DATABASES)('14 kill points on %s', (database) => {
  it('nothing is lost, nothing is paid twice, what is unknown is shown', async () => {
    const odd = database === 'sqlite' ? 0 : 1;
    const { stuck, audit, extraAnalyses } = await killTour({
      faults: KILL_POINTS.map((point, n) => ({ point, victim: n % 2 === odd ? 'worker' : 'engine' })),
      ...(database === 'postgres' ? { ledgerUrl: await freshDatabase() } : {}),
    });
    expect(stuck).toEqual([]);
    expect(audit).toMatchObject({ ...HONEST, unfinished: 0 });
    expect(audit.uncertain).toBeLessThanOrEqual(UNCERTAIN_AT_MOST);
    expect((audit.states['done'] ?? 0) + audit.uncertain).toBe(42);
    expect(extraAnalyses).toBeLessThanOrEqual(4);
  }, 240_000);
});
