/** What workflows, activities and operations say to each other about the runs of a schedule: keys and counts only. */
import type { BatchInput } from './workflow-inputs.ts';

export interface ScheduledRunInput {
  readonly ledger8: string;
  readonly schedule: string;
  /** Name of a run that was asked for by hand; null: it is due by the clock. */
  readonly trigger: string | null;
  /** When it was due; left out at the start of a run the engine's scheduler started, which knows it itself. */
  readonly dueAtMs?: number;
}

/** One due time or trigger, as an activity is asked about it. */
export interface RunAsk {
  readonly schedule: string;
  readonly trigger: string | null;
  readonly dueAtMs: number;
}

export type BegunRun =
  /** Its round is open: this batch is to be driven. `digest` is of the workflow code, for the driver's memo. */
  | { readonly kind: 'running'; readonly batch: BatchInput; readonly digest: string | null }
  /** Waits for the run before it. */
  | { readonly kind: 'queued' }
  /** Skipped, missed, refused, or over already: the ledger says why. */
  | { readonly kind: 'over' };

/** What a worker read of a schedule's manifest. Texts are free of addresses. */
export interface ManifestCheck {
  readonly ok: boolean;
  /** The first errors, or what else is wrong; empty when ok. */
  readonly problems: readonly string[];
  readonly file: string;
  readonly sha256: string;
  readonly rows: number;
  /** What the next run would create and pay, as `plan` counts. */
  readonly run: number;
  readonly repay: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly account: string;
}

/** The parts of a scheduled run that only operations can do; handed to the worker, and by it to activities. */
export interface ScheduleWork {
  /** Decides, reads, plans and enters; idempotent for the same due time. */
  begin(ask: RunAsk): Promise<BegunRun>;
  /** Reads the manifest and plans, and enters nothing. */
  check(schedule: string): Promise<ManifestCheck>;
}
