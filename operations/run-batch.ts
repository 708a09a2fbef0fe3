import type { Context } from './context.ts';
import type { FollowOptions, FollowResult } from './follow-batch.ts';
import type { Plan } from './plan-batch.ts';

export interface GoAhead {
  /** `--yes`, or the question was answered. Answers `plan.questions` too. */
  readonly yes: boolean;
}

/**
 * Enters the plan and follows it to the end of the round, then builds the report. Plans again first: a manifest or cost that
 * changed since is refused (exit 11). OperationError 2 (not confirmed), 4 (key refused), 8 (vendor, engine), 11.
 */
export declare function runBatch(ctx: Context, plan: Plan, go: GoAhead & FollowOptions): Promise<FollowResult>;

/** `submit`: enters and starts it on an engine that is up, and returns. OperationError exit 8 when none is. */
export declare function submitBatch(
  ctx: Context,
  plan: Plan,
  go: GoAhead,
): Promise<{ readonly batch: string; readonly state: string }>;
