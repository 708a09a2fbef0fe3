/** Repeats a write for as long as `forMs`; false when it never succeeded. What was received must not be lost to a busy ledger. */
export async function keepTrying(forMs: number, write: () => Promise<unknown>): Promise<boolean> {
  const until = performance.now() + forMs;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      await write();
      return true;
    } catch (error) {
      if (performance.now() + pauseMs > until) return false;
      if (error instanceof TypeError || error instanceof ReferenceError) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
