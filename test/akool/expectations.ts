import { setTimeout as wait } from 'node:timers/promises';

import type { Outcome } from '../../akool/outcome.ts';

/** The value of an outcome that has to be good; else an error with what the vendor said. */
export function value<T>(outcome: Outcome<T>): T {
  if (outcome.kind !== 'ok') throw new Error(`${outcome.kind}: ${outcome.message}`);
  return outcome.value;
}

/** Asks until there is an answer other than null. */
export async function until<T>(
  ask: () => T | null | Promise<T | null>,
  { patienceMs = 5_000, pollMs = 5 }: { patienceMs?: number; pollMs?: number } = {},
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) throw new Error(`no answer in ${patienceMs} ms`);
    await wait(pollMs);
  }
}
