import { afterEach, describe, expect, it } from 'vitest';
import { HONEST } from '../fleet/audit.ts';
import { slowness } from './machine-share.ts';
import { Program } from './program.ts';

// Fault rows 5, 6, 13, 14, 16 and I10: SIGKILL of everything of ours at once, with a create in flight; then the same
// command. The vendor goes on meanwhile.

const PER_SECOND = 5;
const FULL_RATE_WITHIN_MS = 10_000;
const ITEMS = 50;

let program: Program;
afterEach(() => program.remove());

/** Milliseconds from `sinceMs` until creates come at the full pace: the first of five in a row without a wider gap. */
function fullRateAfterMs(times: readonly number[], sinceMs: number, slow: number): number | null {
  const widest = (1_000 / PER_SECOND) * 1.25 * slow;
  const after = times.filter((at) => at >= sinceMs);
  const start = after.findIndex((_, n) =>
    [1, 2, 3, 4].every((k) => (after[n + k] ?? Infinity) - (after[n + k - 1] ?? 0) <= widest),
  );
  return start === -1 ? null : (after[start] ?? 0) - sinceMs;
}

describe('SIGKILL of every process, then the same run', () => {
  it.each([
    ['as it is', false],
    ['with the engine’s database deleted in between', true],
  ])(
    '%s: full rate soon, nothing paid twice, what was in flight is shown',
    async (_, deleteEngine) => {
      program = await Program.install({
        emulator: { faults: [{ on: 'create', at: [15], do: { kind: 'slow', delayMs: 4_000 } }] },
      });
      program.sheet('shots.csv', ITEMS, 14);
      program.start('run', 'shots.csv', '--yes');
      await program.until(() => program.emulator.book.creates().length >= 15, 120_000);
      await program.killEverything();
      if (deleteEngine) program.deleteEngineDatabase();

      const slow = await slowness();
      const againAtMs = Date.now();
      const again = program.start('run', 'shots.csv', '--yes');
      await program.until(async () => (await program.states())['uncertain'] ?? null, (5_000 + 30_000) * slow);
      const exit = await again.exit;
      const times = program.emulator.book.creates().map(({ at }) => at);
      const rateAfterMs = fullRateAfterMs(times, againAtMs, slow);
      expect([exit, again.output()]).toEqual([5, expect.stringContaining('uncertain')]);
      expect(rateAfterMs ?? Infinity).toBeLessThanOrEqual(FULL_RATE_WITHIN_MS * slow);
      const audit = await program.audit();
      expect(audit).toMatchObject({ ...HONEST, unfinished: 0, creates: ITEMS });
      expect(audit.uncertain).toBeGreaterThan(0);
      expect(audit.uncertain).toBeLessThanOrEqual(2);

      const third = program.start('run', 'shots.csv', '--yes');
      expect(await third.exit).toBe(5);
      expect(await program.audit()).toMatchObject({ creates: ITEMS, uncertain: audit.uncertain });
    },
    240_000,
  );
});
