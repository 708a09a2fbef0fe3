import { afterEach, describe, expect, it } from 'vitest';
import { HONEST } from '../fleet/audit.ts';
import { useTemporalServer } from '../setup/temporal-server.ts';
import { Program } from './program.ts';

// Exit codes that only a batch under way can end with, through the real program.

const server = useTemporalServer();
let program: Program;
afterEach(() => program.remove());
const creates = () => program.emulator.book.creates().length;

describe('a batch under way', () => {
  it('--max-wait ends following behind closed credits: waiting, exit 7; resume finishes after a top-up', async () => {
    program = await Program.install({ emulator: { credits: 2 * 15 + 5, hold: 15, taskMs: 200 } });
    program.sheet('shots.csv', 5, 5);
    const run = program.start('run', 'shots.csv', '--yes', '--max-wait', '2s');
    expect([await run.exit, run.output()]).toEqual([7, expect.stringContaining('as long as --max-wait allows')]);
    expect(creates()).toBe(2);
    const { batches } = await program.status();
    expect(batches[0]).toMatchObject({ state: 'waiting', active: false, totals: { done: 2, failed: 0 } });
    expect(batches[0]?.gates.map(({ name }) => name)).toContain('credits');
    program.emulator.control.setBalance(1_000);
    expect(await program.start('resume', 'shots', '--yes').exit).toBe(0);
    expect(await program.audit()).toMatchObject({ ...HONEST, creates: 5, states: { done: 5 } });
  }, 120_000);

  it('another engine cannot take it over: exit 11 with the name of who drives it; Ctrl-C there is exit 130', async () => {
    program = await Program.install({ emulator: { taskMs: 600_000 } });
    program.sheet('shots.csv', 2, 2);
    const run = program.start('run', 'shots.csv', '--yes');
    await program.until(() => creates() === 2, 60_000);
    const elsewhere = {
      TEMPORAL_ADDRESS: server.address,
      TEMPORAL_NAMESPACE: server.namespace,
      HEADSWAP_OPERATOR: 'noor',
    };
    for (const command of [
      ['run', 'shots.csv'],
      ['resume', 'shots'],
    ]) {
      const other = program.startWith(elsewhere, ...command, '--yes', '--with-worker');
      expect([await other.exit, other.output()]).toEqual([
        11,
        expect.stringMatching(/driven by another engine \(embedded:.*started by mira/u),
      ]);
    }
    run.signal('SIGINT');
    expect([await run.exit, run.output()]).toEqual([130, expect.stringContaining('headswap resume shots')]);
    expect(creates()).toBe(2);
  }, 120_000);
});
