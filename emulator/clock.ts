/** The emulator's time: states are computed from it when asked, timers only send callbacks and late answers. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `fire` once after `delayMs`; the result cancels. */
  setTimer(delayMs: number, fire: () => void): () => void;
}

/** Longest delay of a Node timer; beyond it one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Real time. Timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
