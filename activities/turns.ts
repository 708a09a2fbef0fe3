import type { Permit } from '../ledger/send-permit.ts';

/** Longest sleep between two looks at the account's row, which a refusal or a top-up may have moved meanwhile. */
const LOOK_AGAIN_MS = 500;

/**
 * One at a time per process and line asks the ledger for its permit, first come first served, so that waiting activities
 * do not contend for the same row. The ledger alone decides; this only spares it questions.
 */
export class Turns {
  readonly #lines = new Map<string, Promise<unknown>>();

  take<P extends Permit>(
    line: string,
    ask: () => Promise<P>,
    giveUp: () => boolean,
  ): Promise<P | { readonly kind: 'given-up' }> {
    const turn = (this.#lines.get(line) ?? Promise.resolve()).then(() => untilAnswered(ask, giveUp));
    this.#lines.set(
      line,
      turn.catch(() => undefined),
    );
    return turn;
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
