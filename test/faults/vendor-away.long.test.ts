import { afterEach, expect, it } from 'vitest';
import { findFreePort } from '../../engine/free-port.ts';
import { Program } from './program.ts';

// Contract section 4: a vendor that could not be reached for 30 s before the first write is exit 8. At full length; scaled in
// test/operations/vendor-away.test.ts.

let program: Program;
afterEach(() => program.remove());

it('run gives a vendor that is away thirty seconds, and then ends with 8 and nothing entered', async () => {
  program = await Program.install();
  program.sheet('shots.csv', 2, 2);
  const address = { AKOOL_BASE_URL: `http://127.0.0.1:${await findFreePort()}` };
  const begunAtMs = performance.now();
  const run = program.startWith(address, 'run', 'shots.csv', '--yes');
  expect([await run.exit, run.output()]).toEqual([8, expect.stringContaining('was not reached for 30 s')]);
  const tookMs = performance.now() - begunAtMs;
  expect(tookMs).toBeGreaterThan(27_000);
  expect(tookMs).toBeLessThan(60_000);
  expect((await program.status()).batches).toEqual([]);
}, 120_000);
