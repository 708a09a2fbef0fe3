import type { EventLine, EventLineOf } from '../../schemas/events.ts';
import type { ReportCredits, Totals } from '../../schemas/report.ts';
import type { ItemState } from '../../schemas/states.ts';
import { totalsOf } from '../../schemas/totals.ts';

export const AT = '2026-11-23T09:14:00.000Z';
export const AT_MS = Date.parse(AT);

export function totals(counts: Partial<Record<ItemState, number>>, heldByBudget = 0): Totals {
  const plain = Object.entries(counts).map(([state, count]) => ({ state: state as ItemState, heldBy: null, count }));
  return totalsOf([
    ...plain,
    ...(heldByBudget > 0 ? [{ state: 'ready' as const, heldBy: 'budget' as const, count: heldByBudget }] : []),
  ]);
}

export function credits(charged: number, budget: number | null = null): ReportCredits {
  return { estimated: null, budget, held: 0, charged, unexplained: null, balance_before: null, balance_after: null };
}

const head = { at: AT, seq: 0, batch: 'spring-campaign-fr' };

export function progressLine(
  counts: Partial<Record<ItemState, number>>,
  charged = 0,
  secondsLeft: number | null = null,
): EventLine {
  return {
    ...head,
    type: 'progress',
    totals: totals(counts),
    credits: credits(charged, 1200),
    seconds_left: secondsLeft,
  };
}

export function itemLine(id: string, state: ItemState, more: Partial<EventLineOf<'item'>> = {}): EventLine {
  return { ...head, type: 'item', id, state, reason: null, charged: 0, file: null, ...more };
}

export function gateLine(name: string, state: 'closed' | 'open', reason = 'out of credits (1104)'): EventLine {
  return { ...head, type: 'gate', name, state, reason, reopens: 'by itself within a minute after a top up' };
}

export function summaryLine(counts: Partial<Record<ItemState, number>>, charged: number): EventLine {
  return {
    ...head,
    type: 'summary',
    state: 'finished',
    totals: totals(counts),
    credits: credits(charged),
    report: null,
    exit_code: 0,
  };
}
