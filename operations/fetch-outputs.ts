import type { Context } from './context.ts';
import type { FollowOptions, FollowResult } from './follow-batch.ts';
export interface FetchPlan {
  readonly batch: string;
  readonly missing: readonly string[];
  /** Files whose content is not what was collected (`--verify`). */
  readonly changed: readonly string[];
  readonly intact: number;
}
/** Looks what is to be collected again; costs nothing. `verify` reads every file and compares hashes. */
export declare function planFetch(
  ctx: Context,
  batch: string | undefined,
  how: { readonly missing: boolean; readonly verify: boolean },
): Promise<FetchPlan>;
/** Collects again what `planFetch` named missing. Fetching costs nothing. */
export declare function fetchOutputs(ctx: Context, plan: FetchPlan, follow: FollowOptions): Promise<FollowResult>;
