import { pauseSpending, setBatchState } from '../ledger/operator-steps.ts';
import type { Context } from './context.ts';
import { takeSnapshot } from './batch-snapshot.ts';
import { findBatch } from './find-batch.ts';
import { knownBatch } from './take-up.ts';
import { wakeDriver } from './wake-driver.ts';

export interface PauseResult {
  readonly batch: string;
  /** False when it was paused already, or has ended. */
  readonly changed: boolean;
  /** Paid items that are still being made and will be collected. */
  readonly inFlight: number;
  readonly text: string;
}

/** Holds new spending of a batch; what is paid is still polled and collected. */
export async function pauseBatch(
  ctx: Context,
  given: string | undefined,
  why: { readonly reason: string | null },
): Promise<PauseResult> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  const row = await knownBatch(ledger, batch);
  if (row.state === 'finished' || row.state === 'cancelled')
    return { batch, changed: false, inFlight: 0, text: `${batch} is ${row.state}: there is nothing to pause` };
  const reason = why.reason ?? `paused by ${ctx.operator}`;
  const changed = await ledger.write(async (tx, nowMs) => {
    const closed = await pauseSpending(tx, { batch, account: row.account }, ctx.operator, reason, nowMs);
    // A driver writes the state itself, once what is in flight is collected.
    if (closed && row.driver_until <= nowMs) await setBatchState(tx, batch, 'paused', nowMs);
    return closed;
  });
  await wakeDriver(ctx, ledger, batch);
  const states = (await takeSnapshot(ledger, batch))?.totals.by_state;
  const inFlight =
    (states?.queued ?? 0) + (states?.processing ?? 0) + (states?.collecting ?? 0) + (states?.submitting ?? 0);
  const rest =
    inFlight === 0
      ? 'Nothing paid is unfinished.'
      : `${inFlight} paid ${inFlight === 1 ? 'item runs' : 'items run'} on at the vendor and will be collected.`;
  return {
    batch,
    changed,
    inFlight,
    text: changed ? `Paused: nothing new is created. ${rest}` : `${batch} was paused already. ${rest}`,
  };
}
