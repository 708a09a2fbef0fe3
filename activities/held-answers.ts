/** The rest of a create's activity after the request deadline, for writing down what happened. */
const WRITE_DOWN_MS = 25_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * What this process knows about creates and could not write down yet, because the ledger is away. The activity waits a while
 * for it; after that it is written beside it, for as long as the process lives. Meanwhile nobody in this process takes the
 * attempt for one whose answer was lost.
 */
export class HeldAnswers {
  readonly #held = new Set<number>();
  readonly #stopping: () => boolean;
  readonly #waitMs: number;

  constructor(stopping: () => boolean, waitMs = WRITE_DOWN_MS) {
    this.#stopping = stopping;
    this.#waitMs = waitMs;
  }

  has(attempt: number): boolean {
    return this.#held.has(attempt);
  }

  /** Repeats a write until it succeeds. Resolves false when it has not within the activity's time, and goes on all the same. */
  async write(attempt: number, write: () => Promise<unknown>): Promise<boolean> {
    this.#held.add(attempt);
    const written = this.#untilWritten(write).finally(() => this.#held.delete(attempt));
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(() => resolve(false), this.#waitMs);
    written.catch(() => undefined).finally(() => clearTimeout(timer));
    return Promise.race([written, late]);
  }

  async #untilWritten(write: () => Promise<unknown>): Promise<boolean> {
    const begunAtMs = performance.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await write();
        return true;
      } catch (error) {
        // A fault of ours does not go away.
        if (error instanceof TypeError || error instanceof ReferenceError) throw error;
        // A normal stop waits for activities only; what is left then is in the journal, or is shown as uncertain.
        if (this.#stopping() && performance.now() - begunAtMs > this.#waitMs) return false;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }
}
