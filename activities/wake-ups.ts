/** Wakes the passes of this process when an activity beside them changed the ledger. */
export class WakeUps {
  #waiters: (() => void)[] = [];

  poke(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves after `ms`, or at the next `poke`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
