/** Timers of one process can fire this much late without the loop having lagged. */
const ORDINARY_LATENESS_MS = 15;

/** Poll phases granted after a lag: one brings the bytes in, the others let streams hand them on. */
const PHASES_AFTER_LAG = 3;

/**
 * Calls `lost` once `timeoutMs` have passed, unless disarmed before. When the timer fires late the loop was blocked or
 * the machine asleep, and the answer may be waiting in the socket: then the loop polls once more before the answer is
 * called lost (design D15). `settled` tells whether it arrived.
 *
 * @returns disarms; harmless afterwards.
 */
export function armDeadline(timeoutMs: number, settled: () => boolean, lost: () => void): () => void {
  const dueAt = performance.now() + timeoutMs;
  let armed = true;
  const look = (phasesLeft: number): void => {
    if (!armed || settled()) return;
    if (phasesLeft === 0) lost();
    else setImmediate(look, phasesLeft - 1);
  };
  const timer = setTimeout(() => {
    look(performance.now() - dueAt > ORDINARY_LATENESS_MS ? PHASES_AFTER_LAG : 0);
  }, timeoutMs);
  return () => {
    armed = false;
    clearTimeout(timer);
  };
}
