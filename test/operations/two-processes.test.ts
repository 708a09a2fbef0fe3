import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readReport } from '../../operations/report.ts';
import { headswap } from '../cli/run-program.ts';
import { makePlace, sheet } from './operations-harness.ts';
import { codes, command, recorded } from './two-people.ts';

describe('two processes at the same moment', () => {
  test('resume: one opens the round, the other attaches; one create for each item', async () => {
    // Tasks end when the test says so, so that both are there while the round is open.
    const place = await makePlace({ emulator: { taskMs: 3_600_000 } });
    const { book, control } = place.emulator;
    const created = (count: number) => expect.poll(() => book.creates().length, { timeout: 30_000 }).toBe(count);
    place.write('b.csv', sheet(5));
    const first = command(place.dir, 'mira', 'run', 'b.csv', '--yes', '--quiet');
    await created(5);
    book.creates().forEach(({ id }, n) => control.finish(id, n < 3 ? 'failed' : 'completed'));
    expect((await first).code).toBe(6);
    // What it would do and cost is said; without a yes it is not done.
    const [dry, unasked] = await Promise.all([
      command(place.dir, 'mira', 'resume', 'b', '--dry-run'),
      command(place.dir, 'noor', 'resume', 'b'),
    ]);
    expect(codes([dry, unasked])).toEqual([0, 2]);
    expect(dry.stdout).toMatch(/3 {2}will be tried again[^]*Cost: 45 credits/u);
    expect(unasked.stderr).toContain('--yes');
    const follow = new Set<string>();
    const resuming = Promise.all(
      ['mira', 'noor'].map((who) =>
        headswap(['resume', 'b', '--yes'], {
          cwd: place.dir,
          env: { HEADSWAP_OPERATOR: who },
          onOutput: (_, text) => /waiting=\d/u.test(text) && follow.add(who),
        }),
      ),
    );
    await expect.poll(() => follow.size, { timeout: 30_000 }).toBe(2);
    await created(8);
    for (const { id } of book.creates().slice(5)) control.finish(id);
    const ends = await resuming;
    expect(codes(ends)).toEqual([0, 0]);
    const attached = ends.filter(({ stdout }) => /Attached to round 2, opened by (mira|noor)/u.test(stdout));
    expect(attached).toHaveLength(1);
    expect(book.creates()).toHaveLength(8);
    const { rounds, of } = await recorded(place, 'b');
    expect(rounds).toBe(2);
    expect(of('round-opened')).toMatchObject([{ by: expect.stringMatching(/^(mira|noor)$/u) as string }]);
    expect(of('retried')).toHaveLength(3);
  }, 90_000);

  test('pause, skip and cancel beside a run, one of them from another engine: done once, recorded once', async () => {
    // Tasks end when the test says so: the round is open until then, however slow the commands are.
    const place = await makePlace({ emulator: { taskMs: 3_600_000 } });
    place.write('b.csv', sheet(14));
    // The same ledger and outputs, but a state directory and so an engine of its own.
    const elsewhere = join(place.dir, 'elsewhere');
    mkdirSync(elsewhere);
    const config = readFileSync(join(place.dir, 'headswap.yaml'), 'utf8');
    const ledger = `ledger: sqlite:${join(place.dir, '.headswap', 'ledger.db')}\nstorage: file:${join(place.dir, 'out')}\n`;
    writeFileSync(join(elsewhere, 'headswap.yaml'), `${config}${ledger}`);
    const apart = (...args: readonly string[]) =>
      Promise.all([command(place.dir, 'mira', ...args), command(elsewhere, 'noor', ...args)]);

    const running = command(place.dir, 'mira', 'run', 'b.csv', '--yes', '--quiet');
    const ctx = await place.open();
    const { db } = await ctx.ledger();
    const sent = () => db.selectFrom('items').select('id').where('state', 'in', ['queued', 'processing']).execute();
    await expect.poll(async () => (await sent()).length, { timeout: 30_000 }).toBe(10);
    expect(codes(await apart('pause', 'b', '--reason', 'lunch'))).toEqual([0, 0]);
    // Another engine may not drive what this one drives.
    const [skipped, skippedToo, refused] = await Promise.all([
      command(place.dir, 'mira', 'skip', 'b', 'sh013', '--reason', 'lunch'),
      command(elsewhere, 'noor', 'skip', 'b', 'sh013', '--reason', 'lunch'),
      command(elsewhere, 'noor', 'resume', 'b', '--yes'),
    ]);
    expect(codes([skipped, skippedToo, refused])).toEqual([0, 0, 11]);
    expect(refused.stderr).toContain('mira');
    expect(codes(await apart('cancel', 'b', '--reason', 'over'))).toEqual([0, 0]);
    for (const { id } of place.emulator.book.creates()) place.emulator.control.finish(id);
    // What was sent is collected; nothing else was created.
    expect((await running).code).toBe(6);
    const { of } = await recorded(place, 'b');
    const { totals } = await readReport(ctx, 'b');
    expect(totals).toMatchObject({ done: 10, skipped: 1, cancelled: 3 });
    expect(place.emulator.book.creates()).toHaveLength(10);
    for (const [type, why] of [
      ['paused', 'lunch'],
      ['skipped', 'lunch'],
      ['cancelled', 'over'],
    ] as const)
      expect([type, of(type)]).toMatchObject([
        type,
        [{ by: expect.stringMatching(/^(mira|noor)$/u) as string, detail: expect.stringContaining(why) as string }],
      ]);
  }, 90_000);
});
