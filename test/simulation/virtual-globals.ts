import { currentProcess } from './sim-process.ts';
import type { Alarm, VirtualTime } from './virtual-time.ts';

/** What `setTimeout` and `setInterval` give to code of the simulation. */
class VirtualTimer {
  #alarm: Alarm | null = null;

  set(alarm: Alarm): this {
    this.#alarm = alarm;
    return this;
  }
  cancel(): void {
    this.#alarm?.cancel();
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

type Callback = (...args: unknown[]) => void;

/**
 * Puts virtual time and seeded chance behind the clock, the timers and `Math.random`, for code that runs as a process of a
 * simulation and for no other: the test runner's own timers stay real. Returns what puts everything back.
 *
 * The alternative, a clock handed through every function, would have changed the code under test; this way it runs as it is.
 */
export function installVirtualGlobals(time: VirtualTime, chance: () => number): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    dateNow: Date.now,
    performanceNow: performance.now.bind(performance),
    random: Math.random,
  };
  const startedAtMs = time.now();

  globalThis.setTimeout = ((fire: Callback, delayMs = 0, ...args: unknown[]) => {
    const process = currentProcess();
    if (process === undefined) return real.setTimeout(fire, delayMs, ...args);
    return new VirtualTimer().set(process.alarm(Math.max(1, delayMs), () => fire(...args)));
  }) as unknown as typeof setTimeout;
  globalThis.setInterval = ((fire: Callback, everyMs = 0, ...args: unknown[]) => {
    const process = currentProcess();
    if (process === undefined) return real.setInterval(fire, everyMs, ...args);
    const timer = new VirtualTimer();
    const again = (): void => {
      timer.set(process.alarm(Math.max(1, everyMs), again));
      fire(...args);
    };
    return timer.set(process.alarm(Math.max(1, everyMs), again));
  }) as unknown as typeof setInterval;
  const clear = (realClear: (timer?: NodeJS.Timeout) => void) => (timer?: unknown) => {
    if (timer instanceof VirtualTimer) timer.cancel();
    else realClear(timer as NodeJS.Timeout | undefined);
  };
  globalThis.clearTimeout = clear(real.clearTimeout) as typeof clearTimeout;
  globalThis.clearInterval = clear(real.clearInterval) as typeof clearInterval;
  Date.now = () => currentProcess()?.wallNow() ?? real.dateNow();
  performance.now = () => (currentProcess() === undefined ? real.performanceNow() : time.now() - startedAtMs);
  Math.random = () => (currentProcess() === undefined ? real.random() : chance());

  return () => {
    globalThis.setTimeout = real.setTimeout;
    globalThis.clearTimeout = real.clearTimeout;
    globalThis.setInterval = real.setInterval;
    globalThis.clearInterval = real.clearInterval;
    Date.now = real.dateNow;
    performance.now = real.performanceNow;
    Math.random = real.random;
  };
}
