import pLimit, { type LimitFunction } from 'p-limit';
import type { Permit } from '../ledger/send-permit.ts';

/** Longest sleep between two looks at the account's row, which a refusal or a top-up may have moved meanwhile. */
const LOOK_AGAIN_MS = 500;

/** Above this rate permits come faster than one transaction each: several ask at a time and share commits. */
const ASK_TOGETHER_ABOVE_PER_SECOND = 100;
const TOGETHER = 32;

/**
 * Few at a time per process and line ask the ledger for their permit, first come first served, so that waiting activities
 * do not contend for the same row. The ledger alone decides; this only spares it questions.
 */
export class Turns {
  readonly #lines = new Map<string, LimitFunction>();

  take<P extends Permit>(
    line: { readonly name: string; readonly perSecond: number },
    ask: () => Promise<P>,
    giveUp: () => boolean,
  ): Promise<P | { readonly kind: 'given-up' }> {
    const limit = this.#lines.get(line.name) ?? pLimit(line.perSecond > ASK_TOGETHER_ABOVE_PER_SECOND ? TOGETHER : 1);
    this.#lines.set(line.name, limit);
    return limit(() => untilAnswered(ask, giveUp));
  }
}

async function untilAnswered<P extends Permit>(
  ask: () => Promise<P>,
  giveUp: () => boolean,
): Promise<P | { readonly kind: 'given-up' }> {
  for (;;) {
    if (giveUp()) return { kind: 'given-up' };
    const permit = await ask();
    if (permit.kind !== 'wait') return permit;
    await new Promise((resolve) => setTimeout(resolve, Math.min(permit.waitMs, LOOK_AGAIN_MS)));
  }
}
