/** What is known of a batch while it is followed: the fold of its lines, in one value that all renderers draw from. */
import type { EventLine, EventLineOf } from '../../schemas/events.ts';
import type { ReportCredits, Totals } from '../../schemas/report.ts';

export interface ClosedGate {
  readonly name: string;
  readonly sinceMs: number;
  readonly reason: string;
  readonly reopens: string;
}

export interface Snapshot {
  readonly batch: string;
  /** Null until the first progress line. */
  readonly totals: Totals | null;
  readonly credits: ReportCredits | null;
  readonly secondsLeft: number | null;
  /** Closed gates, longest closed first. */
  readonly gates: readonly ClosedGate[];
  readonly summary: EventLineOf<'summary'> | null;
}

export const emptySnapshot: Snapshot = {
  batch: '',
  totals: null,
  credits: null,
  secondsLeft: null,
  gates: [],
  summary: null,
};

export function fold(before: Snapshot, line: EventLine): Snapshot {
  const after = { ...before, batch: line.batch === '' ? before.batch : line.batch };
  switch (line.type) {
    case 'progress': {
      // "0 s left" says nothing: all has ended, or what is open waits for a person.
      const secondsLeft = line.seconds_left === 0 ? null : line.seconds_left;
      return { ...after, totals: line.totals, credits: line.credits, secondsLeft };
    }
    case 'gate':
      return { ...after, gates: gatesAfter(before.gates, line) };
    case 'summary':
      return { ...after, totals: line.totals, credits: line.credits, secondsLeft: null, summary: line };
    case 'plan':
    case 'item':
    case 'pace':
    case 'error':
      return after;
    default:
      return line satisfies never;
  }
}

function gatesAfter(gates: readonly ClosedGate[], line: EventLineOf<'gate'>): readonly ClosedGate[] {
  const others = gates.filter((gate) => gate.name !== line.name);
  if (line.state === 'open') return others;
  // A repeated line about a gate that is closed already may carry a new reason, but it has been closed all the time.
  const sinceMs = gates.find((gate) => gate.name === line.name)?.sinceMs ?? Date.parse(line.at);
  const closed = { name: line.name, sinceMs, reason: line.reason, reopens: line.reopens };
  return [...others, closed].toSorted((a, b) => a.sinceMs - b.sinceMs);
}

/** Tasks that are being sent or run at the vendor now. */
export function runningOf(totals: Totals): number {
  const by = totals.by_state;
  return by.submitting + by.queued + by.processing + by.collecting;
}

/** Items that ended, whatever their end. */
export function endedOf(totals: Totals): number {
  return totals.done + totals.failed + totals.skipped + totals.cancelled;
}
