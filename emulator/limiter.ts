import { refusal, type Answer } from './answer.ts';
import type { Limits } from './fault-plan.ts';
import { RateLimit } from './sliding-window.ts';
import type { Team, VendorState } from './vendor-state.ts';

/** Requests per second and open work of a team; more is answered 1005. */
export class Limiter {
  readonly #state: VendorState;
  readonly #rates = new Map<string, RateLimit>();
  #limits: Limits;

  constructor(limits: Limits, state: VendorState) {
    this.#limits = limits;
    this.#state = state;
  }

  /** Changes what is named; the rest stays. */
  change(limits: Limits): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  /** The refusal, or null when the request may go on (and was counted). */
  refuse(point: string, team: Team, now: number): Answer | null {
    const limits = this.#limits;
    const kind = point === 'create' || point === 'analyze' ? point : 'poll';
    const full =
      (kind === 'create' && limits.openTasks != null && this.#state.openTasks(team) >= limits.openTasks) ||
      (kind === 'analyze' && limits.openAnalyses != null && this.#state.openAnalyses(team, now) >= limits.openAnalyses);
    if (!full && this.#rate(kind, team).admit(limits[`${kind}PerSecond`], now)) return null;
    return {
      ...refusal(1005),
      httpStatus: limits.tell === '429' ? 429 : 200,
      ...(limits.retryAfter === undefined ? {} : { retryAfter: limits.retryAfter }),
    };
  }

  #rate(kind: string, team: Team): RateLimit {
    const key = `${team.id} ${kind}`;
    const known = this.#rates.get(key);
    if (known !== undefined) return known;
    const fresh = new RateLimit();
    this.#rates.set(key, fresh);
    return fresh;
  }
}
