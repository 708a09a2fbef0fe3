import { afterEach, describe, expect, it } from 'vitest';
import { connectClient, embeddedTarget } from '../../engine/connect.ts';
import { enginePaths } from '../../engine/engine-paths.ts';
import { readEngineRecord } from '../../engine/engine-record.ts';
import { batchWorkflowId } from '../../schemas/names.ts';
import { HONEST } from '../fleet/audit.ts';
import { Program } from './program.ts';

// Fault row 48 and the terminate button, through the real program: what an operator meets, and what the next command does.

let program: Program;
afterEach(() => program.remove());

const OPEN_TASKS = 6;
const ACCOUNT = `    request_timeout: 5s
    limits: { create_per_second: 8, analyze_per_second: 20, poll_per_second: 50, open_tasks: ${OPEN_TASKS}, open_analyses: 20 }
    polling: { first: 200ms, factor: 1.5, max: 1s }
    prices: { 480p: 6, 720p: 15 }
`;
const creates = () => program.emulator.book.creates().length;

async function gatesOf(batch: string) {
  const { batches } = await program.status();
  return batches.find(({ id }) => id === batch)?.gates.map(({ name, reason, reopens }) => ({ name, reason, reopens }));
}

describe('an operator’s night', () => {
  it('key revoked after 20 creates: no more than what was in flight, exit 4, resume finishes', async () => {
    program = await Program.install({ account: ACCOUNT });
    program.sheet('shots.csv', 45, 9);
    const run = program.start('run', 'shots.csv', '--yes');
    await program.until(() => creates() >= 20, 120_000);
    program.emulator.control.refuseKeys(1101);
    const atRevocation = creates();
    const polls = () => program.emulator.book.count('poll');
    const pollsAtRevocation = polls();
    expect([await run.exit, run.output()]).toEqual([4, expect.stringContaining('key')]);
    expect(creates()).toBeLessThanOrEqual(atRevocation + 1);
    expect(program.emulator.book.refusals('create').length).toBeLessThanOrEqual(OPEN_TASKS);
    // What polls stops as well: with what was in flight, and the balance once or twice at the end. And it is said once.
    expect(polls() - pollsAtRevocation).toBeLessThanOrEqual(2 * OPEN_TASKS);
    expect(
      run
        .output()
        .split('\n')
        .filter((line) => line.includes('the key was refused')),
    ).toHaveLength(1);
    expect(await gatesOf('shots')).toEqual([
      {
        name: 'authorisation',
        reason: expect.stringContaining('the key was refused') as string,
        reopens: expect.stringContaining('run or resume') as string,
      },
    ]);
    // Still refused: nothing is sent, and the next command says so at once.
    expect(await program.start('resume', 'shots', '--yes').exit).toBe(4);
    program.emulator.control.refuseKeys(null);
    const resume = program.start('resume', 'shots', '--yes');
    expect([await resume.exit, resume.output()]).toEqual([0, expect.stringContaining('done 45')]);
    expect(await program.audit()).toMatchObject({ ...HONEST, creates: 45, uncertain: 0, unfinished: 0 });
  }, 240_000);

  it('a batch terminated in Temporal’s UI stops, shows as stopped, and resume finishes it', async () => {
    program = await Program.install({ account: ACCOUNT });
    program.sheet('shots.csv', 60, 12);
    const run = program.start('run', 'shots.csv', '--yes');
    await program.until(() => creates() >= 10, 120_000);
    const address = readEngineRecord(enginePaths(program.stateDir).record)?.address ?? '';
    const engine = await connectClient(embeddedTarget({ address, namespace: 'default' }));
    const { ledger8 } = await program.ledger();
    await engine.client.workflow.getHandle(batchWorkflowId(ledger8, 'shots')).terminate('by hand');
    await engine.connection.close();
    expect([await run.exit, run.output()]).toEqual([9, expect.stringContaining('headswap resume shots')]);
    const { batches } = await program.status();
    expect(batches[0]).toMatchObject({ state: 'stopped', active: false, totals: { uncertain: 0, failed: 0 } });
    expect(batches[0]?.gates[0]).toMatchObject({ name: 'stopped', reopens: 'headswap resume shots' });
    const resume = program.start('resume', 'shots', '--yes');
    expect([await resume.exit, resume.output()]).toEqual([0, expect.stringContaining('done 60')]);
    expect(await program.audit()).toMatchObject({ ...HONEST, creates: 60, uncertain: 0, unfinished: 0 });
  }, 240_000);
});
