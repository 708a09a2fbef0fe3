import { expectPrice, type LearntPrices } from '../ledger/pricing.ts';
import type { AccountRow } from '../ledger/tables.ts';
import type { CreditRange, PlannedRow } from '../manifests/plan-rows.ts';
import type { Resolution } from '../schemas/manifest-item.ts';
import { priceCard } from './account-in-use.ts';
import type { Context } from './context.ts';
import { EMULATOR_PRICES } from './emulator-account.ts';

export type PriceBasis = 'rate-card' | 'learnt' | 'hold' | 'unknown';
/** Credits that will be spent from here on, with where the prices come from; null when no price is known. */
export interface Cost {
  readonly low: number | null;
  readonly high: number | null;
  readonly basis: PriceBasis;
}

export interface PriceSource {
  readonly range: (resolution: Resolution) => CreditRange | null;
  readonly basis: (resolution: Resolution) => PriceBasis;
}

/** Prices of an account: its rate card, corrected by what the ledger has seen charged. `account` null: never used. */
export function priceOf(ctx: Context, name: string, account: AccountRow | null): PriceSource {
  const card = ctx.rehearsal ? EMULATOR_PRICES : priceCard(ctx.accountConfig(name).prices);
  const learnt = account === null ? {} : (JSON.parse(account.learnt_prices) as LearntPrices);
  const expect = (resolution: Resolution) => expectPrice(card, learnt, resolution);
  return {
    range: (resolution) => {
      const { low, high, basis } = expect(resolution);
      return basis === 'unknown' ? null : { low, high };
    },
    basis: (resolution) => expect(resolution).basis,
  };
}

const WEAKEST: readonly PriceBasis[] = ['unknown', 'hold', 'learnt', 'rate-card'];

/** Sum over the rows that will be paid for, and the dearest of them. One unknown price makes the sum unknown. Pure. */
export function costOf(
  rows: readonly PlannedRow[],
  price: Pick<PriceSource, 'basis'>,
): { readonly total: Cost; readonly highest: number | null } {
  let low = 0;
  let high = 0;
  let highest = 0;
  let unknown = false;
  const bases = new Set<PriceBasis>();
  for (const row of rows) {
    if (row.action !== 'run' && row.action !== 'repay') continue;
    if (row.entry !== null && 'item' in row.entry) bases.add(price.basis(row.entry.item.settings.resolution));
    if (row.credits === null) {
      unknown = true;
      continue;
    }
    low += row.credits.low;
    high += row.credits.high;
    highest = Math.max(highest, row.credits.high);
  }
  const basis = WEAKEST.find((name) => bases.has(name)) ?? 'rate-card';
  return unknown
    ? { total: { low: null, high: null, basis: 'unknown' }, highest: null }
    : { total: { low: tidy(low), high: tidy(high), basis }, highest };
}

/** A sum of tenths must not show as 0.30000000000000004. */
function tidy(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
