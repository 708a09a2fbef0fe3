import type { Context } from './context.ts';
export interface RunningUp {
  readonly address: string;
  /** Batches taken up after a crash. */
  readonly takenUp: readonly string[];
  /** Batches left alone because somebody stopped or paused them. */
  readonly left: readonly { readonly batch: string; readonly state: string }[];
  stop(): Promise<void>;
}
/** Engine and worker until `stop`. OperationError exit 8. */
export declare function startUp(ctx: Context): Promise<RunningUp>;
