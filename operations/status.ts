import type { Totals } from '../schemas/report.ts';
import type { BatchState, ItemState } from '../schemas/states.ts';
import type { ReportCredits } from '../schemas/report.ts';
import type { ExitCode } from '../schemas/exit-codes.ts';
import type { Context } from './context.ts';

export interface StatusOptions {
  /** Undefined: all batches. */
  readonly batch?: string;
  readonly items?: boolean;
  readonly state?: ItemState;
  readonly reason?: string;
}
export interface StatusItem {
  readonly id: string;
  readonly state: ItemState;
  readonly reason: {
    readonly code: string;
    readonly message: string;
    readonly vendor: string;
    readonly charged: number;
    readonly next: string;
  } | null;
  readonly charged: number;
  readonly task_id: string | null;
  readonly file: string | null;
  readonly reused_from: string | null;
  readonly updated_at: string;
}
export interface StatusBatch {
  readonly id: string;
  readonly name: string;
  readonly state: BatchState;
  /** Something drives it now. */
  readonly active: boolean;
  readonly driven_by: string | null;
  readonly last_activity_at: string;
  readonly account: string;
  readonly totals: Totals;
  readonly credits: ReportCredits;
  readonly gates: readonly {
    readonly name: string;
    readonly since: string;
    readonly reason: string;
    readonly reopens: string;
  }[];
  readonly needs_you: readonly { readonly kind: string; readonly count: number; readonly command: string }[];
  readonly exit_code: ExitCode;
  readonly items?: readonly StatusItem[];
}
/** Exactly what `status --json` prints. */
export interface StatusDocument {
  readonly schema_version: 1;
  readonly ledger: { readonly location: string; readonly new: boolean };
  readonly batches: readonly StatusBatch[];
}
/** All batches newest first, or one. Needs no engine and no vendor. */
export declare function readStatus(ctx: Context, options: StatusOptions): Promise<StatusDocument>;
