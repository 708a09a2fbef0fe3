import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLedger, type Ledger, type Tx } from '../../ledger/open-ledger.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { brokenHistory, brokenLimits, makeWorld, MAX_UNCERTAIN } from './random-world.ts';
import { randomStep, seeded, type World } from './random-worker.ts';

/** Raise it for a long run: `HEADSWAP_INTERLEAVINGS=1000000 npx vitest run test/ledger/random-interleavings.test.ts`. */
const INTERLEAVINGS = Number(process.env['HEADSWAP_INTERLEAVINGS'] ?? 10_000);
const STEPS_A_WORLD = 400;
const STEPS_A_CHECK = 80;
/** What one ledger holds is recounted at every check: a fresh one now and then keeps a long run linear. */
const WORLDS_A_LEDGER = 5;

it(
  `${INTERLEAVINGS} random acts of many processes keep every limit, and every counter true`,
  async () => {
    const seen = new Map<string, number>();
    const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);
    for (let seed = 1; seed * STEPS_A_WORLD <= INTERLEAVINGS; seed += WORLDS_A_LEDGER) {
      const dir = mkdtempSync(join(tmpdir(), 'headswap-random-'));
      const clock = { nowMs: 1_700_000_000_000 };
      const ledger = await openLedger({
        url: `sqlite:${join(dir, 'ledger.db')}`,
        baseDir: dir,
        clock: () => clock.nowMs,
      });
      for (let one = seed; one < seed + WORLDS_A_LEDGER; one += 1) await walkOneWorld(ledger, one, clock, count);
      await ledger.close();
      rmSync(dir, { recursive: true, force: true });
    }
    // Nothing was left out by chance: every act and every answer came up.
    const acts =
      'claimed sent bound refused uncertain abandoned done failed closed opened attach account-full batch-full wait gate-closed probe';
    if (INTERLEAVINGS >= 10_000) expect(acts.split(' ').filter((act) => (seen.get(act) ?? 0) < 10)).toEqual([]);
  },
  120_000 + INTERLEAVINGS * 10,
);

/** One account's life under one seed, checked as it goes. */
async function walkOneWorld(
  ledger: Ledger,
  seed: number,
  clock: { nowMs: number },
  count: (what: string) => void,
): Promise<void> {
  const chance = seeded(seed);
  const world = await makeWorld(ledger, { items: 12, createPerSecond: 20 });
  for (let step = 0; step < STEPS_A_WORLD; step += STEPS_A_CHECK) {
    await ledger.write(async (tx) => {
      for (let i = 0; i < STEPS_A_CHECK; i += 1) {
        clock.nowMs += Math.floor(chance() * 30);
        await actAndCheck(tx, world, { chance, nowMs: clock.nowMs, where: `seed ${seed}, step ${step + i}` }, count);
      }
      expect(await verifyCounters(tx), `seed ${seed}, step ${step}`).toEqual([]);
    });
  }
  expect(await brokenHistory(ledger, world), `seed ${seed}`).toEqual([]);
}

async function actAndCheck(
  tx: Tx,
  world: World,
  at: { readonly chance: () => number; readonly nowMs: number; readonly where: string },
  count: (what: string) => void,
): Promise<void> {
  const before = await tx
    .selectFrom('accounts')
    .select(['gates', 'probe', 'uncertain'])
    .where('id', '=', world.account)
    .executeTakeFirstOrThrow();
  const did = await randomStep(tx, world, at.chance, at.nowMs);
  const what = did.kind === 'other' || did.kind === 'nothing' ? did.what : did.kind;
  count(what);
  const where = `${at.where}, ${what}`;
  if (did.kind === 'sent') {
    expect(before.gates, where).toBe(0);
    if (before.probe !== 0) expect(did.probe, where).toBe(true);
  }
  if (did.kind === 'claimed') {
    expect(before.gates, where).toBe(0);
    expect(before.uncertain, where).toBeLessThan(MAX_UNCERTAIN);
    if (before.probe === 1) count('probe');
    else expect(before.probe, where).toBe(0);
    expect(await brokenLimits({ db: tx }, world), where).toEqual([]);
  }
}

onBothDatabases('four handles that act at the same time', (opened) => {
  it('keep every limit, and every counter true', async () => {
    const handles = [opened.ledger, await opened.again(), await opened.again(), await opened.again()];
    const steps = opened.database.dialect === 'sqlite' ? 150 : 120;
    const world = await makeWorld(opened.ledger, { items: 12, createPerSecond: 50 });
    const over: string[] = [];
    await Promise.all(
      handles.map(async (handle, i) => {
        const chance = seeded(1000 + i);
        for (let step = 0; step < steps; step += 1) {
          await handle.write((tx, nowMs) => randomStep(tx, world, chance, nowMs));
          over.push(...(await brokenLimits(handle, world)));
        }
      }),
    );
    expect(over).toEqual([]);
    expect(await brokenHistory(opened.ledger, world)).toEqual([]);
    const sent = await opened.ledger.db
      .selectFrom('attempts')
      .select('id')
      .where('account', '=', world.account)
      .where('sent_at', 'is not', null)
      .execute();
    // How many fit into the time it takes depends on the machine; that some were sent is what makes the rest mean anything.
    expect(sent.length).toBeGreaterThan(0);
  }, 60_000);
});
