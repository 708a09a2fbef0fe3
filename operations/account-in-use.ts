import { createHash } from 'node:crypto';
import { AkoolClient } from '../akool/client.ts';
import type { CallbackSecrets } from '../akool/callback.ts';
import type { AkoolAuth } from '../akool/credentials.ts';
import type { Price as LedgerPrice, PriceCard } from '../ledger/pricing.ts';
import type { AccountConfig, Config, Price } from '../schemas/config.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { FAILURE_CODES } from '../schemas/failure-codes.ts';
import { RESOLUTIONS } from '../schemas/manifest-item.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import type { AccountInUse } from './starters.ts';

/** The configured account of a name. OperationError exit 2 when there is none. */
export function accountConfig(config: Config, name: string): AccountConfig {
  const account = Object.hasOwn(config.accounts, name) ? config.accounts[name] : undefined;
  if (account !== undefined) return account;
  const known = Object.keys(config.accounts).join(', ');
  throw new OperationError(EXIT.usage, {
    message: `no account "${name}" is configured`,
    charged: NOTHING_CHARGED,
    next: `use one of ${known}, emulator, or define it in headswap.yaml under accounts`,
  });
}

/** The account as the ledger and a worker know it, with its client. OperationError exit 4 without a key. */
export function accountInUse(account: AccountConfig): AccountInUse {
  const auth = authOf(account);
  return {
    settings: settingsOf(account, account.name, account.baseUrl, fingerprintOf(auth)),
    client: new AkoolClient({ baseUrl: account.baseUrl, auth, timeoutMs: account.requestTimeoutMs }),
    prices: priceCard(account.prices),
    polling: account.polling,
    requestTimeoutMs: account.requestTimeoutMs,
    callbackSecrets: callbackSecretsOf(account),
    uncertain: account.uncertain,
    windows: account.windows,
  };
}

/** The pair that opens callbacks; the secret is the key unless configured otherwise (vendor.md 3). */
function callbackSecretsOf(account: AccountConfig): CallbackSecrets | null {
  if (account.clientId === null || account.clientSecret === null) return null;
  return { clientId: account.clientId.reveal(), clientSecret: account.clientSecret.reveal() };
}

export function settingsOf(
  account: AccountConfig,
  name: string,
  baseUrl: string,
  keyFingerprint: string,
): AccountInUse['settings'] {
  return { name, baseUrl, keyFingerprint, ...account.limits };
}

/** Prices as the ledger's arithmetic takes them. */
export function priceCard(prices: Readonly<Partial<Record<(typeof RESOLUTIONS)[number], Price>>>): PriceCard {
  const card: PriceCard = {};
  for (const resolution of RESOLUTIONS) {
    const price = prices[resolution];
    if (price !== undefined) card[resolution] = toLedger(price);
  }
  return card;
}

function toLedger(price: Price): LedgerPrice {
  switch (price.kind) {
    case 'per-task':
      return price.credits;
    case 'per-started':
      return { perStartedMs: price.everyMs, credits: price.credits };
    default:
      return price satisfies never;
  }
}

function authOf(account: AccountConfig): AkoolAuth {
  if (account.auth === 'bearer') {
    if (account.clientId === null || account.clientSecret === null) throw noKey(account, 'client_id and client_secret');
    return { kind: 'bearer', clientId: account.clientId.reveal(), clientSecret: account.clientSecret.reveal() };
  }
  if (account.apiKey === null) throw noKey(account, 'key');
  return { kind: 'api-key', key: account.apiKey.reveal() };
}

function noKey(account: AccountConfig, what: string): OperationError {
  return new OperationError(EXIT.account, {
    code: 'A108',
    message: `no ${what} is configured for account "${account.name}"`,
    charged: NOTHING_CHARGED,
    next: FAILURE_CODES.A108.next,
  });
}

/** Tells keys apart without telling them. */
function fingerprintOf(auth: AkoolAuth): string {
  const text = auth.kind === 'api-key' ? auth.key : `${auth.clientId}\n${auth.clientSecret}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
