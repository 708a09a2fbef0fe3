/**
 * Every kind of fault the simulation knows, with how often it comes: about this share of the occasions. `nemesis` kinds are
 * acts of a planner that comes by every second or two, the others lie in wait where something passes.
 */
export const FAULT_RATES = {
  // Creates, on their way and back.
  'create: connection refused': 0.08,
  'create: closed before the send': 0.04,
  'create: lost on the way': 0.06,
  'create: answer lost': 0.1,
  'create: reset after acceptance': 0.08,
  'create: answered too late': 0.06,
  'create: 502, accepted': 0.06,
  'create: 502, not accepted': 0.06,
  'create: HTML, accepted': 0.04,
  'create: half an answer': 0.06,
  'create: no id': 0.05,
  'create: id of another type': 0.03,
  'create: 1015': 0.06,
  'create: 2001, accepted': 0.03,
  'create: unknown code': 0.03,
  'create: throttled': 0.1,
  'create: the analysis is gone': 0.03,
  // Analyses.
  'analyze: lost on the way': 0.08,
  'analyze: answer lost': 0.08,
  'analyze: 502': 0.08,
  'analyze: HTML': 0.05,
  'analyze: 1015': 0.06,
  'analyze: throttled': 0.08,
  'analysis fails': 0.06,
  'analysis finds nobody': 0.05,
  'analysis counts otherwise': 0.05,
  'analysis numbers anew': 0.2,
  'analysis hangs': 0.06,
  // Reads.
  'read: no answer': 0.06,
  'read: 502': 0.06,
  'read: HTML': 0.04,
  'read: half an answer': 0.04,
  'read: throttled': 0.05,
  'read: status as text': 0.1,
  'read: unknown status': 0.06,
  'read: status goes backwards': 0.06,
  'read: success without a link': 0.08,
  'read: empty data': 0.05,
  'read: not found': 0.02,
  // Tasks.
  'task fails': 0.1,
  'task fails without a reason': 0.05,
  'task hangs for a while': 0.08,
  'task hangs': 0.04,
  // Callbacks.
  'callback dropped': 0.3,
  'callback twice': 0.2,
  'callback late': 0.2,
  'callback forged': 0.15,
  'callback before the answer': 0.1,
  'callback of another task': 0.1,
  // Downloads and store.
  'download: no connection': 0.1,
  'download: cut': 0.1,
  'download: empty': 0.05,
  'download: a web page': 0.05,
  'download: 403': 0.08,
  'download: 503': 0.06,
  'preview: gone': 0.2,
  'store: full': 0.06,
  'store: unavailable': 0.06,
  // Ledger and journal.
  'ledger: unreachable': 0.01,
  'ledger: committed, unheard': 0.01,
  'ledger: slow': 0.02,
  'ledger: read fails': 0.002,
  'journal: not written': 0.04,
  // Engine.
  'engine: completion lost': 0.04,
  'engine: started twice': 0.2,
  'engine: task lost': 0.03,
  'engine: started late': 0.08,
  'engine: continued as new': 0.05,
  'engine: cancelled pass': 0.03,
  // Named lines.
  'killed at a line': 0.01,
  'frozen at a line': 0.01,
  // The planner's.
  'nemesis: worker killed': 0.2,
  'nemesis: worker frozen': 0.2,
  'nemesis: worker asked to stop': 0.1,
  'nemesis: clock moved': 0.15,
  'nemesis: engine away': 0.1,
  'nemesis: engine lost': 0.06,
  'nemesis: credits gone': 0.12,
  'nemesis: key refused': 0.06,
  'nemesis: plan refused': 0.04,
  'nemesis: limits lowered': 0.1,
  'nemesis: links replaced': 0.12,
  'nemesis: receiver away': 0.12,
  'nemesis: vendor down': 0.1,
  'nemesis: ledger away': 0.06,
} as const;

export type FaultKind = keyof typeof FAULT_RATES;
const FAULT_KINDS = Object.keys(FAULT_RATES) as FaultKind[];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * Which faults a seed has, and when one happens. A seed has a half or more of the kinds, each at a rate of its own: with all
 * of them at once nothing would ever come far, and rare meetings of two would drown.
 */
export class FaultDice {
  readonly counts = new Map<FaultKind, number>();
  readonly #rates = new Map<FaultKind, number>();
  readonly #chance: () => number;
  readonly #told: (kind: FaultKind) => void;
  #active = true;

  constructor(chance: () => number, told: (kind: FaultKind) => void) {
    this.#chance = chance;
    this.#told = told;
    const share = 0.35 + chance() * 0.45;
    for (const kind of FAULT_KINDS)
      if (chance() < share) this.#rates.set(kind, FAULT_RATES[kind] * (0.5 + 1.2 * chance()));
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.#active = false;
  }

  get active(): boolean {
    return this.#active;
  }

  /** Whether this fault happens at this occasion; counted when it does. */
  happens(kind: FaultKind): boolean {
    const rate = this.#active ? this.#rates.get(kind) : undefined;
    if (rate === undefined || this.#chance() >= rate) return false;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#told(kind);
    return true;
  }

  /** The first of these that happens. */
  oneOf<K extends FaultKind>(kinds: readonly K[]): K | null {
    return kinds.find((kind) => this.happens(kind)) ?? null;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#chance();
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  pick<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#chance() * of.length)];
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, n) => sum + n, 0);
  }
}
