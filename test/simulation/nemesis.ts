import type { FaultKind } from './fault-dice.ts';
import type { SimWorld } from './sim-world.ts';

const ACTS = [
  'nemesis: worker killed',
  'nemesis: worker frozen',
  'nemesis: worker asked to stop',
  'nemesis: clock moved',
  'nemesis: engine away',
  'nemesis: engine lost',
  'nemesis: credits gone',
  'nemesis: key refused',
  'nemesis: plan refused',
  'nemesis: limits lowered',
  'nemesis: links replaced',
  'nemesis: receiver away',
  'nemesis: vendor down',
  'nemesis: ledger away',
] as const satisfies readonly FaultKind[];

/** Codes a key is refused with, and those that refuse only what costs money. */
const KEY_CODES = [1101, 1102, 1109, 1200];
const PLAN_CODES = [1003, 1103, 1213, 1221];

/** Comes by about every second while faults last, and breaks something for a while. */
export function unleash(world: SimWorld): void {
  const { dice, time } = world;
  time.after(dice.between(150, 1_200), () => {
    if (!dice.active) return;
    const act = dice.oneOf(ACTS);
    if (act !== null) strike(world, act);
    unleash(world);
  });
}

function strike(world: SimWorld, act: (typeof ACTS)[number]): void {
  const { dice, time, vendor } = world;
  const forAWhile = (low: number, high: number, undo: () => void): void =>
    void time.after(dice.between(low, high), undo);
  const worker = dice.pick(world.workers.filter(({ process }) => !process.dead));
  switch (act) {
    case 'nemesis: worker killed':
      if (worker !== undefined) world.killWorker(worker.process);
      return;
    case 'nemesis: worker frozen':
      if (worker !== undefined)
        world.freeze(worker.process, dice.between(100, dice.whole(0, 1) === 0 ? 3_000 : 60_000));
      return;
    case 'nemesis: worker asked to stop':
      if (worker === undefined) return;
      worker.askToStop();
      forAWhile(100, 35_000, () => world.killWorker(worker.process));
      return;
    case 'nemesis: clock moved':
      worker?.process.setWallAhead(dice.between(-600_000, 600_000));
      return;
    case 'nemesis: engine away': {
      const { process } = world.engine;
      process.freeze();
      forAWhile(500, 30_000, () => process.thaw());
      return;
    }
    case 'nemesis: engine lost':
      world.loseEngine();
      forAWhile(100, 15_000, () => void world.wakeRunning());
      return;
    case 'nemesis: credits gone':
      vendor.setBalance(dice.whole(0, 1) === 0 ? 0 : dice.whole(1, 60));
      forAWhile(3_000, 60_000, () => vendor.setBalance(100_000));
      return;
    case 'nemesis: key refused':
      vendor.authenticator.refuse(dice.pick(KEY_CODES) ?? 1101);
      forAWhile(500, 10_000, () => vendor.authenticator.refuse(null));
      return;
    case 'nemesis: plan refused':
      vendor.authenticator.refuse(dice.pick(PLAN_CODES) ?? 1103);
      forAWhile(500, 10_000, () => vendor.authenticator.refuse(null));
      return;
    case 'nemesis: limits lowered':
      vendor.limiter.change({ createPerSecond: dice.between(0.3, 3), openTasks: dice.whole(1, 4) });
      forAWhile(3_000, 20_000, () => vendor.limiter.change({ createPerSecond: null, openTasks: null }));
      return;
    case 'nemesis: links replaced':
      vendor.replaceLinks();
      return;
    case 'nemesis: receiver away':
      world.receiverAway = true;
      forAWhile(2_000, 60_000, () => (world.receiverAway = false));
      return;
    case 'nemesis: vendor down':
      vendor.down = true;
      forAWhile(500, 12_000, () => (vendor.down = false));
      return;
    case 'nemesis: ledger away':
      world.weather.away = true;
      forAWhile(200, 20_000, () => (world.weather.away = false));
      return;
    default:
      act satisfies never;
  }
}

/** Everything that was broken is whole again: from now on nothing goes wrong. */
export function repair(world: SimWorld): void {
  const { vendor, dice } = world;
  dice.end();
  world.weather.away = false;
  world.receiverAway = false;
  vendor.down = false;
  vendor.authenticator.refuse(null);
  vendor.limiter.change({ createPerSecond: null, openTasks: null });
  if (vendor.balance() < 50_000) vendor.setBalance(100_000);
  world.engine.process.thaw();
  for (const worker of world.workers) {
    worker.process.thaw();
    worker.process.setWallAhead(0);
  }
}
