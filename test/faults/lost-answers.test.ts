import { afterEach, describe, expect, it } from 'vitest';
import type { FaultRule } from '../../emulator/fault-plan.ts';
import { DEFAULT_CLIENT_ID } from '../../emulator/options.ts';
import type { TaskRecord } from '../../emulator/records.ts';
import { findFreePort } from '../../engine/free-port.ts';
import { HONEST } from '../fleet/audit.ts';
import { Program } from './program.ts';

// Fault rows 32, 34, 36, 38, 39 and 41 in one batch, through the real program: six ways in which the answer to a create that was
// accepted is lost. With a receiver of callbacks nobody has to look; without one nothing is guessed.

const ITEMS = 40;
const SIX: FaultRule[] = [
  { on: 'create', at: [3], do: { kind: 'drop-answer', cut: 'reset' } },
  { on: 'create', at: [9], do: { kind: 'slow', delayMs: 4_000 } },
  { on: 'create', at: [15], do: { kind: 'http', status: 502, accept: true } },
  { on: 'create', at: [21], do: { kind: 'http', status: 200, accept: true } },
  { on: 'create', at: [27], do: { kind: 'half-json', accept: true } },
  { on: 'create', at: [33], do: { kind: 'no-id' } },
];
const ACCOUNT = `    client_id: ${DEFAULT_CLIENT_ID}
    request_timeout: 2s
    limits: { create_per_second: 15, analyze_per_second: 20, poll_per_second: 50, open_tasks: 20, open_analyses: 20 }
    polling: { first: 200ms, factor: 1.5, max: 1s }
    prices: { 480p: 6, 720p: 15 }
    uncertain: { wait: 30m, then: hold }
`;

let program: Program;
afterEach(() => program.remove());

async function install(config = ''): Promise<void> {
  program = await Program.install({
    emulator: { faults: SIX, callbacks: { retryMs: [200, 1_000, 3_000] } },
    account: ACCOUNT,
    config,
  });
  program.sheet('shots.csv', ITEMS, 8);
}
const creates = (): readonly TaskRecord[] => program.emulator.book.creates();

describe('six kinds of lost answers', () => {
  it('with callbacks: each is bound by its own, 40 creates, 40 done, exit 0', async () => {
    const port = await findFreePort();
    await install(`web: { port: ${port}, public_url: "http://127.0.0.1:${port}" }\n`);
    const run = program.start('run', 'shots.csv', '--yes');
    expect([await run.exit, run.output()]).toEqual([0, expect.stringContaining(`done ${ITEMS}`)]);
    expect(creates()).toHaveLength(ITEMS);
    const audit = await program.audit();
    expect(audit).toMatchObject({ ...HONEST, states: { done: ITEMS }, uncertain: 0, unfinished: 0 });
    const { db } = await program.ledger();
    const late = await db.selectFrom('events').select('by_whom').where('type', '=', 'settled-late').execute();
    expect(late).toEqual(SIX.map(() => ({ by_whom: 'callback' })));
  }, 150_000);

  it('without: 34 done, 6 shown, exit 5, nothing sent again; one is settled by its task id without a create', async () => {
    await install();
    const run = program.start('run', 'shots.csv', '--yes');
    expect([await run.exit, run.output()]).toEqual([5, expect.stringContaining('6 uncertain')]);
    const shown = { done: ITEMS - SIX.length, uncertain: SIX.length };
    expect(await program.states()).toEqual(shown);
    const { batches } = await program.status();
    expect(batches[0]?.needs_you).toMatchObject([{ kind: 'uncertain', count: 6 }]);
    expect(await program.start('run', 'shots.csv', '--yes').exit).toBe(5);
    expect(await program.audit()).toMatchObject({ ...HONEST, states: shown, unfinished: 0, creates: ITEMS });

    const { db } = await program.ledger();
    const lost = await db.selectFrom('items').selectAll().where('state', '=', 'uncertain').executeTakeFirstOrThrow();
    const [{ url: face } = { url: '' }] = JSON.parse(lost.mappings ?? '[]') as { url: string }[];
    const mine = creates().find(({ body }) => body.video_url === lost.video_url && body.mappings[0]?.img_url === face);
    const resolve = program.start('resolve', 'shots', lost.id, '--task-id', mine?.id ?? '');
    expect([await resolve.exit, resolve.output()]).toEqual([0, expect.stringContaining('headswap resume shots')]);
    expect(await program.start('resume', 'shots', '--yes').exit).toBe(5);
    expect(await program.audit()).toMatchObject({
      ...HONEST,
      states: { done: shown.done + 1, uncertain: shown.uncertain - 1 },
      creates: ITEMS,
    });
  }, 150_000);
});
