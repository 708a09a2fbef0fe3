import type { ItemState } from '../schemas/states.ts';
import type { Context } from './context.ts';
import type { FollowOptions, FollowResult } from './follow-batch.ts';
import type { GoAhead } from './run-batch.ts';

export interface ResumeOptions {
  /** Undefined: the only open batch. */
  readonly batch: string | undefined;
  /** Ids or globs. */
  readonly items?: readonly string[];
  readonly only?: readonly ItemState[];
  readonly again?: boolean;
  readonly budget?: number;
}
export interface ResumeItem {
  readonly id: string;
  readonly state: ItemState;
  /** `again`: a new try. `goes-on`: not finished, taken further. `no`: will not run again. */
  readonly action: 'again' | 'goes-on' | 'no';
  readonly why: string;
  readonly credits: number | null;
}
export interface ResumePlan {
  readonly options: ResumeOptions;
  readonly batch: string;
  readonly account: string;
  readonly items: readonly ResumeItem[];
  readonly counts: { readonly again: number; readonly goes_on: number; readonly no: number; readonly done: number };
  readonly credits: {
    readonly low: number | null;
    readonly high: number | null;
    readonly basis: 'rate-card' | 'learnt' | 'hold' | 'unknown';
  };
  readonly budget: number | null;
  readonly spends: boolean;
  readonly ledger: string;
  readonly digest: string;
}

/** Per item why it will or will not run again, and the cost (`--dry-run` prints it). A named uncertain item is refused (exit 5). */
export declare function planResume(ctx: Context, options: ResumeOptions): Promise<ResumePlan>;
/** Opens the next round and follows it. Errors as `runBatch`. */
export declare function resumeBatch(ctx: Context, plan: ResumePlan, go: GoAhead & FollowOptions): Promise<FollowResult>;
