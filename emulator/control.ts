import type { Authenticator } from './authenticate.ts';
import type { Book } from './book.ts';
import type { CallbackSender } from './callbacks.ts';
import type { Clock } from './clock.ts';
import type { FaultRule, Limits, StateAction } from './fault-plan.ts';
import type { Faults } from './faults.ts';
import type { Limiter } from './limiter.ts';
import type { Settled } from './options.ts';
import type { VendorState } from './vendor-state.ts';

interface Parts {
  readonly settings: Settled;
  readonly state: VendorState;
  readonly faults: Faults;
  readonly authenticator: Authenticator;
  readonly limiter: Limiter;
  readonly callbacks: CallbackSender;
  readonly book: Book;
  readonly clock: Clock;
}

/** Steers a running emulator; `/_emulator/*` offers the same to other processes. */
export class Control {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** After a start: rules go on counting where the book stopped, callbacks that were not delivered are sent. */
  resume(): void {
    const { settings, faults, book, state, callbacks, clock } = this.#parts;
    faults.add(settings.faults, clock.now());
    for (const entry of book.entries()) {
      if (entry.t === 'create') faults.meet('create', entry.body.video_url, entry.at);
      if (entry.t === 'analysis') faults.meet('analyze', entry.video, entry.at);
      if (entry.t === 'refusal') faults.meet(entry.call, entry.video, entry.at);
    }
    const delivered = new Set(
      book
        .callbacks()
        .filter(({ answered }) => answered === 200)
        .map(({ id }) => id),
    );
    for (const task of state.tasks()) if (!delivered.has(task.id)) callbacks.ends(task);
  }

  /** Credits the first team (or the one with this key) can use now, holds already off. */
  balance(apiKey?: string): number {
    this.#parts.state.settleDue();
    return this.#parts.state.balance(this.#team(apiKey));
  }

  setBalance(credits: number, apiKey?: string): void {
    const { state, clock } = this.#parts;
    state.settleDue();
    state.record({ t: 'balance', at: clock.now(), team: this.#team(apiKey).id, credits });
  }

  /** Changes the named limits; null lifts one. */
  setLimits(limits: Limits): void {
    this.#parts.limiter.change(limits);
  }

  /** Every key is refused with this code from now on; null: accepted again. */
  refuseKeys(code: number | null): void {
    this.#parts.authenticator.refuse(code);
  }

  expireTokens(): void {
    this.#parts.authenticator.expireTokens();
  }

  addFaults(...rules: readonly FaultRule[]): void {
    this.#parts.faults.add(rules, this.#parts.clock.now());
  }

  clearFaults(): void {
    this.#parts.faults.clear();
  }

  /** Makes a task end now, also one that stalls for ever. False for an unknown id. */
  finish(taskId: string, ends: 'completed' | 'failed' = 'completed'): boolean {
    const { state, callbacks, clock } = this.#parts;
    if (state.anyTask(taskId) === null) return false;
    state.record({ t: 'finish', id: taskId, at: clock.now(), ends });
    const task = state.anyTask(taskId);
    if (task !== null) callbacks.ends(task);
    state.settleDue();
    return true;
  }

  /** Books what has ended by now, so that the book is current. */
  settle(): void {
    this.#parts.state.settleDue();
  }

  apply(action: StateAction): void {
    switch (action.kind) {
      case 'key':
        return this.refuseKeys(action.refuse);
      case 'expire-tokens':
        return this.expireTokens();
      case 'balance':
        return this.setBalance(action.credits);
      case 'limits':
        return this.setLimits(action.limits);
    }
  }

  #team(apiKey: string | undefined) {
    const { teams } = this.#parts.settings;
    const team = apiKey === undefined ? teams[0] : teams.find((each) => each.apiKey === apiKey);
    if (team === undefined) throw new RangeError('no team of the emulator has this key');
    return team;
  }
}
