import type { Context } from './context.ts';
/** Holds new spending of a batch. `changed` false: it was paused or has ended. */
export declare function pauseBatch(
  ctx: Context,
  batch: string | undefined,
  why: { readonly reason: string | null },
): Promise<{ readonly batch: string; readonly changed: boolean; readonly inFlight: number; readonly text: string }>;
