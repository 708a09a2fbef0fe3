import { moneyBy } from '../ledger/status-queries.ts';
import { noteBalance } from '../ledger/operator-steps.ts';
import type { Context } from './context.ts';

export type MoneyBy = 'batch' | 'project' | 'day';

export interface CreditsDocument {
  readonly schema_version: 1;
  readonly account: string;
  readonly ledger: string;
  /** Null when the vendor could not be asked; `balance_note` says why. */
  readonly balance: number | null;
  readonly balance_note: string | null;
  readonly balance_at: string | null;
  readonly held: number;
  readonly spent: number;
  /** Empty without `by`. Days are UTC. */
  readonly groups: readonly {
    readonly key: string;
    readonly held: number;
    readonly spent: number;
    readonly tasks: number;
  }[];
}

const TIMEOUT_MS = 10_000;

/** Balance (one free call), held and spent, of one account. OperationError exit 4 without a key. */
export async function readCredits(ctx: Context, by: MoneyBy | null): Promise<CreditsDocument> {
  const name = ctx.accountName(null);
  const account = await ctx.account(null);
  const ledger = await ctx.ledger();
  const asked = await account.client.balance({ signal: AbortSignal.timeout(TIMEOUT_MS) });
  const [all] = await moneyBy(ledger.db, name, null);
  if (asked.kind === 'ok') await ledger.write((tx, nowMs) => noteBalance(tx, name, asked.value, nowMs));
  return {
    schema_version: 1,
    account: name,
    ledger: ledger.location,
    balance: asked.kind === 'ok' ? asked.value : null,
    balance_note: asked.kind === 'ok' ? null : asked.message,
    balance_at: asked.kind === 'ok' ? new Date(await ledger.now()).toISOString() : null,
    held: all?.held ?? 0,
    spent: all?.spent ?? 0,
    groups: by === null ? [] : await moneyBy(ledger.db, name, by),
  };
}
