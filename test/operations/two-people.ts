import { expect } from 'vitest';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { readReport } from '../../operations/report.ts';
import type { Report } from '../../schemas/report.ts';
import { headswap, type Ended } from '../cli/run-program.ts';
import type { Place } from './operations-harness.ts';

/** The same command from two people at the same moment, each in a process of their own. */
export function both(place: Place, ...args: readonly string[]): Promise<Ended[]> {
  return Promise.all(['mira', 'noor'].map((who) => command(place.dir, who, ...args)));
}

export function command(cwd: string, who: string, ...args: readonly string[]): Promise<Ended> {
  return headswap(args, { cwd, env: { HEADSWAP_OPERATOR: who } });
}

export const codes = (ends: readonly Ended[]) => ends.map(({ code }) => code);
/** What the record says of a batch, once ledger and book were found in order. */
export async function recorded(
  place: Place,
  batch: string,
): Promise<{
  readonly rounds: number;
  readonly of: (type: string) => Report['events'];
}> {
  const ctx = await place.open();
  const { events, batch: told } = await readReport(ctx, batch);
  expect(await verifyCounters((await ctx.ledger()).db)).toEqual([]);
  expect(place.emulator.book.doublePaid()).toEqual([]);
  return { rounds: told.rounds, of: (type) => events.filter((event) => event.type === type) };
}
