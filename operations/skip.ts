import type { Context } from './context.ts';
export interface SkipResult {
  readonly batch: string;
  readonly items: readonly { readonly id: string; readonly skipped: boolean; readonly why: string }[];
}
/** Gives items up. `items` are ids or globs. Uncertain items are refused (exit 5 when named); a paid one is still collected. */
export declare function skipItems(
  ctx: Context,
  batch: string | undefined,
  items: readonly string[],
  why: { readonly reason: string | null },
): Promise<SkipResult>;
