import type { Context } from './context.ts';
/** Ends a batch; paid tasks run on at the vendor and are still collected. `notStarted`: only items nothing was sent for. */
export declare function cancelBatch(
  ctx: Context,
  batch: string | undefined,
  how: { readonly reason: string | null; readonly notStarted: boolean },
): Promise<{
  readonly batch: string;
  readonly cancelled: number;
  readonly inFlight: number;
  readonly uncertain: number;
  readonly text: string;
}>;
