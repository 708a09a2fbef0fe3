import { chance } from './chance.ts';
import type {
  AnswerAction,
  CallbackAction,
  FaultAction,
  FaultPoint,
  FaultRule,
  MediaAction,
  StateAction,
  WorkAction,
} from './fault-plan.ts';

/** What a request meets: changes of state and of the work all apply, of the answers the first. */
export interface Met {
  readonly state: readonly StateAction[];
  readonly work: readonly WorkAction[];
  readonly answer: AnswerAction | null;
  readonly media: MediaAction | null;
  readonly callback: readonly CallbackAction[];
}

interface ArmedRule {
  readonly rule: FaultRule;
  readonly index: number;
  readonly since: number;
  seen: number;
  applied: number;
}

/** Runs a fault plan: counts what each rule sees and says what applies. */
export class Faults {
  readonly #seed: number;
  #rules: ArmedRule[] = [];
  #added = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  add(rules: readonly FaultRule[], now: number): void {
    for (const rule of rules) {
      this.#rules.push({ rule, index: this.#added, since: now, seen: 0, applied: 0 });
      this.#added += 1;
    }
  }

  clear(): void {
    this.#rules = [];
  }

  /** @param video source URL the request is about, null where there is none. */
  meet(point: FaultPoint, video: string | null, now: number): Met {
    if (this.#rules.length === 0) return NOTHING;
    const state: StateAction[] = [];
    const work: WorkAction[] = [];
    const callback: CallbackAction[] = [];
    let answer: AnswerAction | null = null;
    let media: MediaAction | null = null;
    for (const armed of this.#rules) {
      if (!this.#applies(armed, point, video, now)) continue;
      const action = armed.rule.do;
      if (isState(action)) state.push(action);
      else if (isWork(action)) work.push(action);
      else if (isCallback(action)) callback.push(action);
      else if (isMedia(action)) media ??= action;
      else answer ??= action;
    }
    return { state, work, answer, media, callback };
  }

  #applies(armed: ArmedRule, point: FaultPoint, video: string | null, now: number): boolean {
    const { rule } = armed;
    if (rule.on !== point && (rule.on !== 'any' || OUTSIDE_ANY.has(point))) return false;
    if (rule.match !== undefined && (video === null || !video.includes(rule.match))) return false;
    armed.seen += 1;
    const n = armed.seen;
    const age = now - armed.since;
    const applies =
      (rule.at === undefined || rule.at.includes(n)) &&
      n >= (rule.from ?? 1) &&
      n <= (rule.to ?? Infinity) &&
      (rule.every === undefined || n % rule.every === 0) &&
      (rule.times === undefined || armed.applied < rule.times) &&
      age >= (rule.afterMs ?? 0) &&
      age < (rule.untilMs ?? Infinity) &&
      (rule.fraction === undefined || chance(this.#seed, 'fault', armed.index, n) < rule.fraction);
    if (applies) armed.applied += 1;
    return applies;
  }
}

const NOTHING: Met = { state: [], work: [], answer: null, media: null, callback: [] };

/** `any` means any API request: not what the emulator fetches or serves beside it. */
const OUTSIDE_ANY: ReadonlySet<FaultPoint> = new Set(['callback', 'output', 'preview']);

const STATE_KINDS: ReadonlySet<string> = new Set(['key', 'expire-tokens', 'balance', 'limits']);
const WORK_KINDS: ReadonlySet<string> = new Set(['fail', 'stall', 'reorder', 'people', 'detected']);
const MEDIA_KINDS: ReadonlySet<string> = new Set(['gone', 'redirect', 'html', 'truncate', 'zero', 'svg']);
const CALLBACK_KINDS: ReadonlySet<string> = new Set(['never', 'late', 'duplicate', 'early', 'interim', 'forged']);

const isState = (action: FaultAction): action is StateAction => STATE_KINDS.has(action.kind);
const isWork = (action: FaultAction): action is WorkAction => WORK_KINDS.has(action.kind);
const isMedia = (action: FaultAction): action is MediaAction => MEDIA_KINDS.has(action.kind);
const isCallback = (action: FaultAction): action is CallbackAction => CALLBACK_KINDS.has(action.kind);
