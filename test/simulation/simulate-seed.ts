import type { FaultKind } from './fault-dice.ts';
import { checkMoment, checkWorld } from './check-world.ts';
import { repair, unleash } from './nemesis.ts';
import { itemsIn, letPeopleAct, resolve, resume, skip } from './operators.ts';
import { SimWorld } from './sim-world.ts';
import { installVirtualGlobals } from './virtual-globals.ts';
import { seeded } from './fault-dice.ts';

export interface SeedOptions {
  readonly seed: number;
  /** Without: nothing goes wrong, and nobody interferes. */
  readonly faults?: boolean;
  readonly show?: ((line: string) => void) | null;
  /** A planted bug. */
  readonly spoil?: (statement: string) => string;
}

export interface SeedResult {
  readonly seed: number;
  /** What did not hold; empty: all invariants did. */
  readonly wrong: readonly string[];
  readonly digest: string;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly creates: number;
  /** Creates that were uncertain for a while; how many of those no person settled: bound by a callback or a late answer, or given up by the policy. */
  readonly uncertain: number;
  readonly boundAlone: number;
  readonly byPolicy: number;
  readonly done: number;
  readonly items: number;
  readonly virtualMs: number;
  readonly alarms: number;
  readonly lastLines: readonly string[];
}

/** After the last fault everything must come to rest within this, whatever waits for a person. */
const REST_WITHIN_MS = 12 * 60_000;
/** Rounds a patient person needs at most until nothing is left open. */
const ROUNDS = 12;

/** One seed from its first row to its last, with all checks. The same seed does the same. */
export async function simulateSeed(options: SeedOptions): Promise<SeedResult> {
  const world = new SimWorld(options);
  const restore = installVirtualGlobals(world.time, seeded(options.seed ^ 0x2545f491));
  try {
    const wrong = await live(world, options.faults !== false);
    return await resultOf(world, wrong);
  } finally {
    restore();
  }
}

async function live(world: SimWorld, faults: boolean): Promise<string[]> {
  await world.begin();
  const startedAtMs = world.time.now();
  if (faults) {
    unleash(world);
    letPeopleAct(world);
    const wrong = await faultsAndChecks(world);
    if (wrong.length > 0) return wrong;
  } else {
    await world.time.run(() => false, 12_000);
  }
  repair(world);
  world.trace.note('world', 'no more faults');
  await world.act(() => world.wakeRunning());
  const steps = [
    () => rest(world),
    () => takeUpParked(world),
    () => checkWorld(world, false),
    () => tidy(world),
    () => checkWorld(world, true),
    () => runAgain(world),
    () => checkWorld(world, true),
  ];
  for (const step of steps) {
    const wrong = await step();
    if (wrong.length > 0) return wrong;
  }
  world.trace.note('world', `over after ${Math.round((world.time.now() - startedAtMs) / 1_000)} s`);
  return [];
}

/** I10: the same manifest again costs nothing. */
async function runAgain(world: SimWorld): Promise<string[]> {
  const before = world.accepted.length;
  for (const batch of world.scenario.batches) await world.act(() => world.enter(batch, 'keep'));
  const wrong = await rest(world);
  const more = world.accepted.length - before;
  return more === 0 ? wrong : [`I10: the same manifest again created ${more} tasks`, ...wrong];
}

/** Looked at this often while faults last. */
const LOOK_EVERY_MS = 4_000;

async function faultsAndChecks(world: SimWorld): Promise<string[]> {
  const untilMs = world.time.now() + world.scenario.faultsForMs;
  while (world.time.now() < untilMs) {
    await world.time.run(() => false, Math.min(LOOK_EVERY_MS, untilMs - world.time.now()));
    const wrong = await checkMoment(world);
    if (wrong.length > 0) return wrong;
  }
  return [];
}

/** Until no driver runs. Returns what is wrong meanwhile, or that it never happens. */
async function rest(world: SimWorld): Promise<string[]> {
  const untilMs = world.time.now() + REST_WITHIN_MS;
  while (world.time.now() < untilMs) {
    const idle = await world.time.run(() => world.engine.idle(), 60_000);
    // What was on its way when the last driver ended: messages, answers nobody waits for any more.
    if (idle) await world.time.run(() => false, 1_000);
    if (idle && world.engine.idle()) return [];
    const wrong = idle ? [] : await checkMoment(world);
    if (wrong.length > 0) return wrong;
  }
  return [`I8: a driver still runs ${REST_WITHIN_MS / 60_000} minutes after the last fault`];
}

/**
 * A refused key, or plan, parks rounds until whoever mended it says so, batch by batch: those that wait though nothing holds
 * them any more are resumed.
 */
async function takeUpParked(world: SimWorld): Promise<string[]> {
  const { batches } = world.scenario;
  // Twice: resuming the second may open what the first one waited behind.
  for (const batch of [...batches, ...batches]) {
    if (!(await isParked(world, batch.id))) continue;
    await world.act(() => resume(world, batch, {}));
    const wrong = await rest(world);
    if (wrong.length > 0) return wrong;
  }
  return [];
}

async function isParked({ ledger }: SimWorld, batch: string): Promise<boolean> {
  const gates = await ledger.db.selectFrom('gates').select(['owner', 'scope']).execute();
  const held = gates.some(({ owner, scope }) => scope === 'account' || owner === batch);
  const item = await ledger.db
    .selectFrom('items')
    .select('id')
    .where('batch', '=', batch)
    .where('stalled', '=', 0)
    .where('state', 'in', ['analyzing', 'queued', 'processing', ...(held ? [] : (['pending', 'ready'] as const))])
    .limit(1)
    .executeTakeFirst();
  return item !== undefined;
}

/** A person settles what only a person can: hanging tasks end, uncertain creates are looked up, picks are given up. */
async function tidy(world: SimWorld): Promise<string[]> {
  const { batches } = world.scenario;
  for (let round = 0; round < ROUNDS; round += 1) {
    world.vendor.endHanging();
    await world.time.run(() => false, 80_000);
    for (const batch of batches) {
      await world.act(async () => {
        for (const item of await itemsIn(world, batch, 'uncertain')) await resolve(world, batch, item, 'not-created');
        for (const item of await itemsIn(world, batch, 'needs-pick')) await skip(world, batch, item);
        if (await anyOpen(world, batch.id)) await resume(world, batch, { budget: null });
      });
    }
    const wrong = await rest(world);
    if (wrong.length > 0) return wrong;
    const open = await Promise.all(batches.map(({ id }) => anyOpen(world, id)));
    if (!open.includes(true)) return [];
  }
  return [`I8: something is still open after a person went over it ${ROUNDS} times`];
}

async function anyOpen(world: SimWorld, batch: string): Promise<boolean> {
  const item = await world.ledger.db
    .selectFrom('items')
    .select('id')
    .where('batch', '=', batch)
    .where('state', 'not in', ['done', 'failed', 'skipped', 'cancelled'])
    .limit(1)
    .executeTakeFirst();
  const task = await world.ledger.db
    .selectFrom('tasks')
    .select('id')
    .where('batch', '=', batch)
    .where('state', '=', 'open')
    .limit(1)
    .executeTakeFirst();
  return item !== undefined || task !== undefined;
}

async function resultOf(world: SimWorld, wrong: readonly string[]): Promise<SeedResult> {
  const { db } = world.ledger;
  const items = await db.selectFrom('items').select(['batch', 'id', 'state']).orderBy('key').execute();
  const lost = await db.selectFrom('attempts').select(['id', 'state']).where('uncertain_at', 'is not', null).execute();
  const alone = lost.filter(({ id }) => !world.byHand.has(id));
  for (const { batch, id, state } of items) world.trace.note('end', `${batch} ${id} ${state}`);
  return {
    seed: world.seed,
    wrong,
    digest: world.trace.digest(),
    faults: world.dice.counts,
    creates: world.accepted.length,
    uncertain: lost.length,
    boundAlone: alone.filter(({ state }) => state === 'bound' || state === 'settled').length,
    byPolicy: alone.filter(({ state }) => state === 'abandoned').length,
    done: items.filter(({ state }) => state === 'done').length,
    items: items.length,
    virtualMs: world.time.now(),
    alarms: world.time.fired,
    lastLines: world.trace.tail(60),
  };
}
