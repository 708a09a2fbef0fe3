import { describe, expect, it } from 'vitest';
import { HONEST } from '../fleet/audit.ts';
import { freshDatabase, postgresPrograms } from '../ledger/postgres-server.ts';
import {
  canMount,
  deadEngine,
  fullDisk,
  lockedLedger,
  lostPostgres,
  newVersion,
  recycledWorker,
  suspendedWorker,
  type Drill,
} from './drills.ts';

// Fault rows 11 to 14, 17, 19, 21, 27 and 70: nobody does anything, and the batch ends as if nothing had been. Uncertain stays 0
// unless an answer was really lost. `scripts/fault-drills.ts` holds each for the full time.

describe('goes on by itself after', () => {
  it.each<[string, Drill, number]>([
    ['a worker suspended (SIGSTOP)', suspendedWorker, 8_000],
    ['an engine that answers nothing and is then killed', deadEngine, 6_000],
    ['a ledger locked by another process', lockedLedger, 6_000],
    ['a worker replaced in good order', recycledWorker, 0],
    ['a new version of the program in the middle of a batch', newVersion, 0],
  ])(
    '%s',
    async (_, drill, heldForMs) => {
      const { state, audit, items } = await drill(heldForMs);
      expect(audit).toMatchObject({ ...HONEST, uncertain: 0, unfinished: 0, creates: items });
      expect([state, audit.states]).toEqual(['finished', { done: items }]);
    },
    240_000,
  );

  it('a PostgreSQL that was restarted under it', async (context) => {
    if (postgresPrograms() === null) return context.skip('no PostgreSQL here');
    const { state, audit, items } = await lostPostgres(4_000, { ledgerUrl: await freshDatabase() });
    expect(audit).toMatchObject({ ...HONEST, uncertain: 0, unfinished: 0, creates: items });
    expect([state, audit.states]).toEqual(['finished', { done: items }]);
  }, 240_000);

  it('a PostgreSQL that is away for longer than an answer waits for it: refusals that were heard are no lost answers', async (context) => {
    if (postgresPrograms() === null) return context.skip('no PostgreSQL here');
    const { state, audit, items } = await lostPostgres(32_000, {
      ledgerUrl: await freshDatabase(),
      account: { createPerSecond: 30, openTasks: 30 },
      // The credits end when the ledger goes, and answers come late: the refusals are heard while it is away. The first look at
      // the balance tops it up.
      emulator: {
        faults: [
          { on: 'create', at: [13], do: { kind: 'balance', credits: 0 } },
          { on: 'balance', do: { kind: 'balance', credits: 1_000_000 } },
          { on: 'create', from: 10, to: 40, do: { kind: 'slow', delayMs: 2_000 } },
        ],
      },
    });
    expect(audit).toMatchObject({ ...HONEST, uncertain: 0, unfinished: 0, creates: items });
    expect([state, audit.states]).toEqual(['finished', { done: items }]);
  }, 300_000);

  it('a full disk during collection: creates wait, nothing fails', async (context) => {
    if (!canMount()) return context.skip('cannot mount a file system here');
    const { state, audit, items } = await fullDisk(3_000);
    expect(audit).toMatchObject({ ...HONEST, uncertain: 0, unfinished: 0, creates: items });
    expect([state, audit.states]).toEqual(['finished', { done: items }]);
  }, 240_000);
});
