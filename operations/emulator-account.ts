import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AkoolClient } from '../akool/client.ts';
import { formatIdentity, isAlive, ownIdentity } from '../engine/process-identity.ts';
import { EMULATOR_ACCOUNT, type AccountConfig } from '../schemas/config.ts';
import { settingsOf } from './account-in-use.ts';
import type { AccountInUse, EmulatorStart, Starters } from './starters.ts';

/** What the ledger knows the built-in account by, whatever port it got (contract section 3). */
export const EMULATOR_BASE_URL = 'emulator:';
/** No secret: the emulated vendor is told to accept it, and a configured key is never sent to it. */
const REHEARSAL_KEY = 'rehearsal-key-not-a-secret-00000';
const REHEARSAL_CLIENT_ID = 'rehearsal-client';
/** The emulated vendor's card, so that a plan knows prices and durations before anything ran. */
export const EMULATOR_PRICES = { '480p': 6, '720p': 15 } as const;
export const EMULATOR_TASK_MS = 1_500;
export const EMULATOR_ANALYSIS_MS = 300;
const POLLING = { firstMs: 500, factor: 1.3, maxMs: 2_000 } as const;

export interface EmulatedVendor {
  readonly url: string;
  readonly account: AccountInUse;
  close(): Promise<void>;
}

interface EmulatorRecord {
  readonly url: string;
  readonly port: number;
  readonly process: string;
}

/**
 * The built-in account with its emulated vendor: one that another process of this state directory runs is used, else it is
 * started here, on the port it had before, since links of outputs name it. `limits` are those of the account it stands for.
 */
export async function openEmulatedVendor(
  stateDir: string,
  model: AccountConfig,
  start: Starters['startEmulator'],
  settings: EmulatorStart = {},
): Promise<EmulatedVendor> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, 'emulator.json');
  const record = readRecord(file);
  if (record !== null && isAlive(record.process) === 'alive' && (await answers(record.url))) {
    return { url: record.url, account: accountAt(record.url, model), close: () => Promise.resolve() };
  }
  const wanted: EmulatorStart = {
    ...settings,
    teams: [{ apiKey: REHEARSAL_KEY, clientId: REHEARSAL_CLIENT_ID }],
    bookPath: join(stateDir, 'book.jsonl'),
    durationGate: 'off',
  };
  const running = await start({ ...wanted, port: record?.port ?? 0 }).catch(() => start({ ...wanted, port: 0 }));
  const fresh: EmulatorRecord = {
    url: running.url,
    port: Number(new URL(running.url).port),
    process: formatIdentity(ownIdentity()),
  };
  writeFileSync(file, JSON.stringify(fresh), { mode: 0o600 });
  return { url: running.url, account: accountAt(running.url, model), close: () => running.close() };
}

function accountAt(url: string, model: AccountConfig): AccountInUse {
  return {
    settings: settingsOf(model, EMULATOR_ACCOUNT, EMULATOR_BASE_URL, EMULATOR_ACCOUNT),
    client: new AkoolClient({
      baseUrl: url,
      auth: { kind: 'api-key', key: REHEARSAL_KEY },
      timeoutMs: model.requestTimeoutMs,
    }),
    prices: EMULATOR_PRICES,
    polling: { ...POLLING, stalledAfterMs: model.polling.stalledAfterMs },
    requestTimeoutMs: model.requestTimeoutMs,
    callbackSecrets: { clientId: REHEARSAL_CLIENT_ID, clientSecret: REHEARSAL_KEY },
    uncertain: model.uncertain,
    windows: model.windows,
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new AkoolClient({ baseUrl: url, auth: { kind: 'api-key', key: REHEARSAL_KEY }, timeoutMs: 1_000 });
  const outcome = await client.balance();
  await client.close();
  return outcome.kind === 'ok';
}

function readRecord(file: string): EmulatorRecord | null {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<EmulatorRecord>;
    return typeof value.url === 'string' && typeof value.port === 'number' && typeof value.process === 'string'
      ? (value as EmulatorRecord)
      : null;
  } catch {
    return null;
  }
}
