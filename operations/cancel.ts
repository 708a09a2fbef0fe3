import { cancelItems, setBatchState } from '../ledger/operator-steps.ts';
import { takeSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { knownBatch } from './take-up.ts';
import { wakeDriver } from './wake-driver.ts';

export interface CancelResult {
  readonly batch: string;
  readonly cancelled: number;
  readonly inFlight: number;
  readonly uncertain: number;
  readonly text: string;
}

/** Ends a batch; paid tasks run on at the vendor and are still collected. `notStarted`: only items nothing was done for yet. */
export async function cancelBatch(
  ctx: Context,
  given: string | undefined,
  how: { readonly reason: string | null; readonly notStarted: boolean },
): Promise<CancelResult> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  const row = await knownBatch(ledger, batch);
  if (row.state === 'finished' || row.state === 'cancelled')
    return {
      batch,
      cancelled: 0,
      inFlight: 0,
      uncertain: 0,
      text: `${batch} is ${row.state}: there is nothing to cancel`,
    };
  const reason = how.reason ?? `cancelled by ${ctx.operator}`;
  const cancelled = await ledger.write((tx, nowMs) =>
    cancelItems(tx, { batch, account: row.account }, { by: ctx.operator, reason, notStarted: how.notStarted }, nowMs),
  );
  const snapshot = await takeSnapshot(ledger, batch);
  const open = snapshot === null ? 0 : snapshot.totals.pending + snapshot.totals.waiting + snapshot.totals.uncertain;
  const driven = row.driver_until > (await ledger.now());
  if (open === 0 && !driven)
    await ledger.write((tx, nowMs) => setBatchState(tx, batch, how.notStarted ? 'finished' : 'cancelled', nowMs));
  await wakeDriver(ctx, ledger, batch);
  const states = snapshot?.totals.by_state;
  const inFlight =
    (states?.queued ?? 0) + (states?.processing ?? 0) + (states?.collecting ?? 0) + (states?.submitting ?? 0);
  const uncertain = states?.uncertain ?? 0;
  const text = [
    `${cancelled} ${cancelled === 1 ? 'item' : 'items'} cancelled; nothing was charged for ${cancelled === 1 ? 'it' : 'them'}.`,
    ...(inFlight > 0
      ? [
          `${inFlight} paid ${inFlight === 1 ? 'task runs' : 'tasks run'} on at the vendor, cannot be taken back, and will be collected${driven ? '' : ` by headswap fetch ${batch}`}.`,
        ]
      : []),
    ...(uncertain > 0 ? [`${uncertain} uncertain: settle with headswap resolve ${batch} ITEM.`] : []),
  ].join(' ');
  return { batch, cancelled, inFlight, uncertain, text };
}
