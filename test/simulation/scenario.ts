import type { UncertainPolicy } from '../../ledger/uncertain-wait.ts';
import type { PriceCard } from '../../ledger/pricing.ts';
import type { Face, Resolution, SwapRule } from '../../schemas/manifest-item.ts';
import type { FaultDice } from './fault-dice.ts';

export interface ScenarioItem {
  readonly id: string;
  readonly video: string;
  readonly swap: SwapRule;
  readonly resolution: Resolution;
  readonly differ: 'wait' | 'fail';
}

export interface ScenarioBatch {
  readonly id: string;
  readonly items: readonly ScenarioItem[];
  readonly lanes: number;
  readonly budget: number | null;
  readonly tolerate: string | null;
  /** Milliseconds after the start. */
  readonly entersAtMs: number;
}

/** The world of one seed before anything goes wrong in it. */
export interface Scenario {
  readonly batches: readonly ScenarioBatch[];
  readonly workers: number;
  /** Rows name processes of one host, whose death can be seen, or of several. */
  readonly oneHost: boolean;
  readonly callbacks: boolean;
  readonly requestTimeoutMs: number;
  readonly createPerSecond: number;
  readonly openTasks: number;
  readonly maxUncertain: number;
  readonly uncertain: UncertainPolicy;
  readonly prices: PriceCard;
  /** What the vendor really charges per task, above the price card on some seeds. */
  readonly charges: Readonly<Record<Resolution, number>>;
  readonly credits: number;
  readonly hold: number;
  readonly faultsForMs: number;
  readonly taskMs: readonly [number, number];
}

const FACES: readonly Face[] = ['ana', 'bo', 'cy'].map((name) => ({
  name,
  url: `https://faces.example/${name}.jpg`,
  consent: null,
  until: null,
}));

export function makeScenario(dice: FaultDice): Scenario {
  const videos = Array.from({ length: dice.whole(2, 5) }, (_, n) => {
    const people = dice.pick([1, 1, 1, 2, 3]) ?? 1;
    return { url: `https://videos.example/clip${n}-${people}p.mp4`, people };
  });
  const prices: PriceCard = dice.whole(0, 3) === 0 ? {} : { '480p': 6, '720p': 15 };
  const dearer = dice.whole(0, 5) === 0 ? 5 : 0;
  const items = dice.whole(3, 8);
  const batches = Array.from({ length: dice.whole(0, 4) < 2 ? 2 : 1 }, (_, n): ScenarioBatch => {
    const own = Array.from({ length: n === 0 ? items : Math.ceil(items / 2) }, (_row, row) =>
      makeItem(dice, `sh${n}${String(row).padStart(2, '0')}`, videos),
    );
    const wanted = own.length * 15;
    const lanes = dice.whole(0, 3) === 0 ? 2 : 1;
    return {
      id: n === 0 ? 'spring' : 'autumn',
      items: own,
      lanes,
      // Not both: a lane that parks behind a budget is not driven again while another goes on (see README.md).
      budget: lanes === 1 && dice.whole(0, 2) === 0 ? Math.ceil(wanted * dice.between(0.3, 0.9)) : null,
      tolerate: dice.whole(0, 9) === 0 ? '50%' : null,
      entersAtMs: n === 0 ? 0 : dice.between(0, 6_000),
    };
  });
  return {
    batches,
    workers: dice.whole(1, 3),
    oneHost: dice.whole(0, 2) > 0,
    callbacks: dice.whole(0, 3) > 0,
    requestTimeoutMs: 3_000,
    createPerSecond: dice.between(1, 8),
    openTasks: dice.whole(2, 8),
    maxUncertain: dice.whole(1, 5),
    uncertain: {
      waitMs: dice.whole(0, 1) === 0 ? 0 : dice.whole(5_000, 60_000),
      afterwards: dice.whole(0, 3) === 0 ? 'pay-again' : 'hold',
      maxPayAgain: dice.whole(0, 2),
    },
    prices,
    charges: { '480p': 6 + dearer, '720p': 15 + dearer },
    credits: dice.whole(0, 3) === 0 ? 300 : 100_000,
    hold: dice.pick([15, 30, 100]) ?? 30,
    faultsForMs: dice.between(6_000, 20_000),
    taskMs: [300, 4_000],
  };
}

function makeItem(
  dice: FaultDice,
  id: string,
  videos: readonly { readonly url: string; readonly people: number }[],
): ScenarioItem {
  const video = dice.pick(videos) ?? { url: 'https://videos.example/clip-1p.mp4', people: 1 };
  const face = dice.pick(FACES) ?? null;
  if (face === null) throw new Error('no faces');
  const numbers = Array.from({ length: video.people }, (_, objId) => objId);
  const byNumber: SwapRule = {
    kind: 'by-number',
    people: numbers.map((objId) => ({ objId, face: objId === 0 ? face : (dice.pick([null, ...FACES]) ?? null) })),
  };
  const rules: readonly SwapRule[] = [
    video.people === 1 ? { kind: 'only', face } : byNumber,
    byNumber,
    { kind: 'all', face },
  ];
  const odd: SwapRule = dice.whole(0, 1) === 0 ? { kind: 'only', face } : { kind: 'pick' };
  return {
    id,
    video: video.url,
    swap: dice.whole(0, 19) === 0 ? odd : (dice.pick(rules) ?? byNumber),
    resolution: dice.whole(0, 3) === 0 ? '480p' : '720p',
    differ: dice.whole(0, 1) === 0 ? 'wait' : 'fail',
  };
}
