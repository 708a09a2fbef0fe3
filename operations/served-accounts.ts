import type { Ledger } from '../ledger/open-ledger.ts';
import type { Context } from './context.ts';
import type { AccountInUse } from './starters.ts';

/**
 * The accounts a worker of this process serves: the one asked for, and every configured one with a key, so that what other
 * batches have paid for is still polled and collected. One whose address the ledger knows otherwise is left out: its work
 * belongs to the other address.
 */
export async function servedAccounts(
  ctx: Context,
  ledger: Ledger,
  asked: AccountInUse | null,
): Promise<AccountInUse[]> {
  const served = new Map<string, AccountInUse>();
  if (asked !== null) served.set(asked.settings.name, asked);
  if (ctx.rehearsal) {
    const account = await ctx.account(null);
    return [account];
  }
  const known = await ledger.db.selectFrom('accounts').select(['id', 'base_url']).execute();
  for (const config of Object.values(ctx.config.accounts)) {
    const address = known.find((row) => row.id === config.name)?.base_url ?? config.baseUrl;
    const hasKey =
      config.auth === 'bearer' ? config.clientId !== null && config.clientSecret !== null : config.apiKey !== null;
    if (served.has(config.name) || address !== config.baseUrl || !hasKey) continue;
    served.set(config.name, await ctx.configuredAccount(config.name));
  }
  return [...served.values()];
}
