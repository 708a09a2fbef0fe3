/**
 * What a report is made of: rows as a ledger has them, in any order but for items and events. Times are UTC milliseconds,
 * credits numbers, null is "not there" or "not known".
 */
import type { Mapping, SwapRule, TaskSettings } from '../schemas/manifest-item.ts';
import type { AttemptState, BatchState, GateName, ItemState } from '../schemas/states.ts';
import type { HeldBy } from '../schemas/totals.ts';

export interface BatchFact {
  readonly id: string;
  readonly project: string | null;
  readonly account: string;
  readonly state: BatchState;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
  readonly operator: string;
  readonly rounds: number;
  /** `rows`: the items the manifest came to, bad rows included; the number that must not get smaller. */
  readonly manifest: { readonly file: string; readonly sha256: string; readonly rows: number };
  /** The submitted sheet's header and delimiter; null for a YAML manifest. */
  readonly sheet: { readonly header: readonly string[]; readonly delimiter: string } | null;
}

export interface MoneyFact {
  readonly estimated: number | null;
  readonly budget: number | null;
  readonly balanceBefore: number | null;
  readonly balanceAfter: number | null;
  /** Others (or other batches) spent from the account meanwhile: the balance then explains nothing about this batch. */
  readonly accountShared: boolean;
}

export interface ReasonFact {
  readonly code: string;
  readonly message: string;
  readonly vendor: string | null;
  readonly next: string | null;
}

export interface ItemFact {
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly video: string;
  readonly project: string | null;
  readonly note: string | null;
  readonly check: string | null;
  readonly whenPeopleDiffer: 'wait' | 'fail';
  readonly x: Readonly<Record<string, string>>;
  /** As people wrote it: `ana`, `0:ana 1:bo`. */
  readonly rule: string;
  /** Null for a row that could not be read. */
  readonly swap: SwapRule | null;
  readonly settings: TaskSettings;
  /** Storage key the output is to have. */
  readonly outputKey: string;
  /** The sheet's own cells as the reader understood them (apostrophes before formulas already taken off). */
  readonly cells: readonly (readonly string[])[] | null;
  readonly state: ItemState;
  readonly heldBy: HeldBy | null;
  readonly reason: ReasonFact | null;
  readonly mappings: readonly Mapping[];
  readonly people: readonly PersonFact[] | null;
  readonly analysedAtMs: { readonly sent: number | null; readonly ended: number | null } | null;
  readonly reusedFrom: string | null;
}

export interface PersonFact {
  readonly objId: number;
  readonly previewUrl: string | null;
}

export interface AttemptFact {
  readonly item: string;
  readonly n: number;
  readonly state: AttemptState;
  readonly held: number | null;
  readonly charged: number | null;
  readonly sentAtMs: number | null;
  readonly settledAtMs: number | null;
  readonly approvedBy: string | null;
  /** Set once its answer was lost. */
  readonly uncertain?: {
    readonly sinceMs: number;
    /** Until when its callback is, or was, waited for; null: none can come. */
    readonly awaitedUntilMs: number | null;
    readonly awaiting: boolean;
    readonly mayCost: number | null;
    readonly balanceBefore: number | null;
  } | null;
}

export interface TaskFact {
  readonly item: string;
  /** `n` of its attempt. */
  readonly attempt: number;
  readonly taskId: string;
  readonly orphan: boolean;
  readonly charged: number | null;
  readonly url: string | null;
  readonly seenAtMs: number | null;
}

export interface OutputFact {
  readonly item: string;
  readonly url: string | null;
  /** Storage key. */
  readonly file: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly media: string | null;
  readonly atMs: number | null;
}

export interface EventFact {
  readonly atMs: number;
  readonly type: string;
  readonly by: string;
  readonly item: string | null;
  readonly detail: string;
}

export interface ReportFacts {
  readonly generatedAtMs: number;
  readonly toolVersion: string;
  readonly batch: BatchFact;
  readonly money: MoneyFact;
  readonly analyses: { readonly submitted: number; readonly reused: number };
  /** In the order of the sheet. */
  readonly items: readonly ItemFact[];
  readonly attempts: readonly AttemptFact[];
  readonly tasks: readonly TaskFact[];
  readonly outputs: readonly OutputFact[];
  /** Oldest first. */
  readonly events: readonly EventFact[];
  /** Closed now, of the batch and its account. */
  readonly gates: readonly { readonly name: GateName; readonly reason: string }[];
  /** Local copies of pictures by their URL, as paths relative to the report's folder. */
  readonly pictures: ReadonlyMap<string, string>;
}
