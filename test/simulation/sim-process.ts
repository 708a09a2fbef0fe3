import { AsyncLocalStorage } from 'node:async_hooks';
import type { Alarm, VirtualTime } from './virtual-time.ts';

/** The process that the running code belongs to; none outside of a simulation. */
const current = new AsyncLocalStorage<SimProcess>();

export function currentProcess(): SimProcess | undefined {
  return current.getStore();
}

/**
 * A process of the simulation: code that waits only for its own alarms and for what the world delivers to it. Killed, it
 * never goes on; frozen, all that reaches it waits until it is thawed. Each has a wall clock of its own.
 */
export class SimProcess {
  readonly name: string;
  readonly #time: VirtualTime;
  #state: 'running' | 'frozen' | 'dead' = 'running';
  #arrived: (() => void)[] = [];
  #due: (() => void)[] = [];
  #wallAheadMs = 0;
  #stoodStillAtMs: number | null = null;

  constructor(name: string, time: VirtualTime) {
    this.name = name;
    this.#time = time;
  }

  get dead(): boolean {
    return this.#state === 'dead';
  }
  get frozen(): boolean {
    return this.#state === 'frozen';
  }
  /** When it was last killed or frozen; null: never. */
  get stoodStillAtMs(): number | null {
    return this.#stoodStillAtMs;
  }

  /** Its `Date.now()`: whole milliseconds, and as wrong as it was set. */
  wallNow(): number {
    return Math.floor(this.#time.now() + this.#wallAheadMs);
  }
  setWallAhead(ms: number): void {
    this.#wallAheadMs = ms;
  }

  /** Runs code as this process. */
  run<T>(body: () => T): T {
    return current.run(this, body);
  }

  /** A timer of this process. */
  alarm(delayMs: number, fire: () => void): Alarm {
    const bound = AsyncLocalStorage.snapshot();
    let cancelled = false;
    const alarm = this.#time.after(delayMs, () => this.#happen(this.#due, () => void (cancelled || bound(fire))));
    return {
      cancel: () => {
        cancelled = true;
        alarm.cancel();
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.alarm(ms, resolve));
  }

  /** Something from outside reaches it: an answer, a message. */
  deliver(arrive: () => void): void {
    this.#happen(this.#arrived, () => this.run(arrive));
  }

  /** For good. */
  kill(): void {
    this.#stoodStillAtMs = this.#time.now();
    this.#state = 'dead';
    this.#arrived = [];
    this.#due = [];
  }

  freeze(): void {
    if (this.#state !== 'running') return;
    this.#stoodStillAtMs = this.#time.now();
    this.#state = 'frozen';
  }

  /** What waited in its sockets is read before its late timers fire, as the event loop's phases have it. */
  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#stoodStillAtMs = this.#time.now();
    this.#state = 'running';
    const [arrived, due] = [this.#arrived, this.#due];
    this.#arrived = [];
    this.#due = [];
    for (const fire of arrived) this.#time.after(0.001, () => this.#happen(this.#arrived, fire));
    for (const fire of due) this.#time.after(0.002, () => this.#happen(this.#due, fire));
  }

  #happen(parked: (() => void)[], fire: () => void): void {
    if (this.#state === 'running') fire();
    else if (this.#state === 'frozen') parked.push(fire);
  }
}
