import type { Manifest, Problem } from '../schemas/manifest-item.ts';
import type { Context } from './context.ts';

export interface PlanOptions {
  /** Manifest or sheet, as named by the user (relative to cwd). */
  readonly file: string;
  readonly budget?: number;
  readonly faces?: string;
  readonly batchName?: string;
  readonly again?: boolean;
  readonly first?: number;
  readonly skipBadRows?: boolean;
  /** `plan --check-urls`: asks for reach of each distinct URL. */
  readonly checkUrls?: boolean;
}

/** `in_flight`: paid and followed. `ended`: unchanged rows that failed, were skipped or cancelled; `resume` takes them up. `later`: beyond --first. */
export type PlanAction =
  | 'run'
  | 'reuse'
  | 'pick'
  | 'repay'
  | 'bad'
  | 'skip'
  | 'done'
  | 'in_flight'
  | 'ended'
  | 'removed'
  | 'later';
export type PlanCounts = Readonly<Record<PlanAction, number>>;
export interface PlanItem {
  readonly id: string;
  readonly action: PlanAction;
  /** Plain words. */
  readonly why: string;
  /** Upper expectation of what this item will cost from here; null when unknown. */
  readonly credits: number | null;
}

/** Something beyond the cost that needs a yes. `code` is stable. */
export interface PlanQuestion {
  readonly code: 'manifest-path' | 'new-ledger' | 'price-unknown';
  readonly text: string;
}

export interface Plan {
  readonly options: PlanOptions;
  readonly manifest: Manifest;
  /** Id of the batch. */
  readonly batch: string;
  readonly account: string;
  readonly warnings: readonly Problem[];
  readonly counts: PlanCounts;
  /** Null when no price is known. Of what runs, not of what waits for a pick. */
  readonly credits: {
    readonly low: number | null;
    readonly high: number | null;
    readonly basis: 'rate-card' | 'learnt' | 'hold' | 'unknown';
  };
  readonly maxUncertainCredits: number | null;
  /** Expected duration; null when no duration is known. */
  readonly seconds: number | null;
  readonly budget: number | null;
  readonly items: readonly PlanItem[];
  /** Path or URL of the ledger in use, and whether it was made just now. */
  readonly ledger: { readonly location: string; readonly isNew: boolean };
  /** Last balance read, from the ledger; null when never read. `plan` calls no vendor. */
  readonly balance: number | null;
  /** The batch is known already, in this state. */
  readonly known: { readonly state: string; readonly driver: string | null } | null;
  /** True when going on can cause paid tasks: the cost must be shown and confirmed (contract section 3). */
  readonly spends: boolean;
  readonly questions: readonly PlanQuestion[];
  /** True when `plan --detailed-exitcode` returns 10. */
  readonly hasWork: boolean;
  readonly unreachable: readonly { readonly url: string; readonly problem: string }[];
  /** Of manifest, actions and cost: what a yes is bound to. */
  readonly digest: string;
}

/** The shape `plan --json` prints (contract section 9). */
export interface PlanDocument {
  readonly schema_version: 1;
  readonly batch: string;
  readonly account: string;
  readonly ledger: { readonly location: string; readonly new: boolean };
  readonly counts: PlanCounts;
  readonly credits: Plan['credits'];
  readonly max_uncertain_credits: number | null;
  readonly seconds: number | null;
  readonly budget: number | null;
  readonly items: readonly {
    readonly id: string;
    readonly action: PlanAction;
    readonly why: string;
    readonly credits: number | null;
  }[];
}
export declare function planDocument(plan: Plan): PlanDocument;

/**
 * What running the manifest would do and cost. Calls no vendor, changes nothing (the ledger is made if there is none).
 * OperationError exit 3 (`problems`), 2 (batch known under another account).
 */
export declare function planBatch(ctx: Context, options: PlanOptions): Promise<Plan>;
