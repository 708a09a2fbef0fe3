import type { Context } from './context.ts';
export type Resolution =
  | { readonly kind: 'task-id'; readonly taskId: string }
  | { readonly kind: 'not-created' }
  | { readonly kind: 'pay-again' };
/** What is known about an uncertain create, for the person who decides. */
export interface UncertainItem {
  readonly batch: string;
  readonly item: string;
  readonly attempt: number;
  readonly sentAt: string;
  readonly expected: number | null;
  /** From when --not-created and --pay-again are allowed. */
  readonly allowedFrom: string;
  readonly allowedNow: boolean;
  readonly balanceBefore: number | null;
}
/** OperationError exit 2 when the item is not uncertain. */
export declare function readUncertain(ctx: Context, batch: string | undefined, item: string): Promise<UncertainItem>;
/** Settles it. `pay-again` spends: confirm first. OperationError 5 (too early, or the task does not match). */
export declare function resolveUncertain(
  ctx: Context,
  batch: string | undefined,
  item: string,
  resolution: Resolution,
  go: { readonly yes: boolean },
): Promise<{
  readonly batch: string;
  readonly item: string;
  readonly state: string;
  readonly text: string;
  readonly next: string;
}>;
