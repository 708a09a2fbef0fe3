import type { ContextOptions } from './context.ts';
import type { FollowOptions, FollowResult } from './follow-batch.ts';
import type { Plan } from './plan-batch.ts';
export interface DemoResult {
  readonly result: FollowResult;
  readonly seconds: number;
  /** What the same would have cost at the emulator's prices. */
  readonly wouldHaveCost: number;
  readonly reportHtml: string | null;
  readonly troubles: readonly string[];
  /** The next two commands. */
  readonly next: readonly [string, string];
}
/** The whole main job on the emulated vendor, in a fresh `.headswap/demo/`; ignores headswap.yaml and AKOOL_*. */
export declare function runDemo(
  options: ContextOptions,
  how: FollowOptions & { readonly failSome: boolean; readonly onPlan: (plan: Plan) => void },
): Promise<DemoResult>;
