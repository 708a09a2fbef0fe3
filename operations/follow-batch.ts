import type { EventLine } from '../schemas/events.ts';
import type { ExitCode } from '../schemas/exit-codes.ts';
import type { ReportCredits, Totals } from '../schemas/report.ts';
import type { BatchState } from '../schemas/states.ts';
import type { Context } from './context.ts';

type Unnumbered<L> = L extends unknown ? Omit<L, 'seq'> : never;
/** A JSON line but for `seq`, which the command counts. */
export type FollowLine = Unnumbered<EventLine>;

export interface FollowOptions {
  /** First Ctrl-C: stop or detach in good order. */
  readonly signal: AbortSignal;
  /** `--max-wait`: end following after this long behind closed account gates; null: however long. */
  readonly maxWaitMs?: number | null;
  /** Called for each change: item, gate, pace, progress (at most two a second). Never `plan` or `summary`. */
  readonly onLine: (line: FollowLine) => void;
}

export interface FollowResult {
  readonly batch: string;
  /** `ended`: the round ended. `stopped`: by Ctrl-C, spending is held. `detached`: it goes on elsewhere. `max-wait`: parked. */
  readonly how: 'ended' | 'stopped' | 'detached' | 'max-wait';
  readonly state: BatchState;
  readonly totals: Totals;
  readonly credits: ReportCredits;
  readonly exit: ExitCode;
  /** Absolute path of report.html, when one was built. */
  readonly report: string | null;
  /** Sentences for people: what was held back, what to do next. */
  readonly notes: readonly string[];
}

/** `watch`: follows a batch that something else drives. OperationError exit 8 when nothing drives it. */
export declare function watchBatch(ctx: Context, batch: string, options: FollowOptions): Promise<FollowResult>;

/** What a second Ctrl-C would leave uncertain: creates being sent now. */
export declare function beingSent(ctx: Context, batch: string): Promise<{ readonly items: readonly string[] }>;
