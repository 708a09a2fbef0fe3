import { AccountAddressChanged, upsertAccount } from '../ledger/account-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { postponeProbe } from '../ledger/gates.ts';
import { noteBalance, openAccountGates, stopSpending } from '../ledger/operator-steps.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { FAILURE_CODES } from '../schemas/failure-codes.ts';
import type { Context } from './context.ts';
import type { EngineUse } from './engine-use.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import type { AccountInUse } from './starters.ts';

/** Gates that a person's `run` or `resume` opens once the vendor has answered the free probe (design D5). */
const OPENED_BY_PROBE = ['authorisation', 'plan', 'unpaid', 'refused-alike'] as const;

/**
 * Brings the account's row up to date after a good probe, and opens the gates that wait for one: a single create then goes
 * ahead and decides for the rest. OperationError exit 4 when the ledger knows the account under another address.
 */
export async function enterAccount(
  ctx: Context,
  ledger: Ledger,
  account: AccountInUse,
  balance: number | null,
): Promise<void> {
  try {
    await ledger.write(async (tx, nowMs) => {
      await upsertAccount(tx, account.settings);
      await openAccountGates(
        tx,
        account.settings.name,
        OPENED_BY_PROBE,
        ctx.operator,
        'the vendor answered the free probe',
        nowMs,
      );
      if (balance === null) return;
      await noteBalance(tx, account.settings.name, balance, nowMs);
      // Whoever asks just now may have topped up just now.
      await postponeProbe(tx, account.settings.name, 'credits', nowMs);
    });
  } catch (error) {
    if (!(error instanceof AccountAddressChanged)) throw error;
    throw new OperationError(
      EXIT.account,
      { code: 'A107', message: error.message, charged: NOTHING_CHARGED, next: FAILURE_CODES.A107.next },
      { cause: error },
    );
  }
}

/** Another engine drives the batch: exit 11, with the name of whoever does. The same engine is attached to. */
export function refuseIfHeld(batch: BatchRow | null, engine: Pick<EngineUse, 'driver'>, nowMs: number): void {
  if (batch === null || batch.driver === null || batch.driver === engine.driver || batch.driver_until <= nowMs) return;
  throw new OperationError(EXIT.held, {
    code: 'S103',
    message: `batch "${batch.id}" is driven by another engine (${batch.driver}), started by ${batch.operator}`,
    charged: NOTHING_CHARGED,
    next: 'wait for it or stop it there; its lease ends by itself within a minute after it is gone',
  });
}

/**
 * Batches that a crash left running are only polled and collected until somebody asks for them (design D3): whoever takes the
 * embedded engine over holds their spending. Call before a worker starts. Returns the batches held.
 */
export async function holdOrphans(
  ledger: Ledger,
  engine: Pick<EngineUse, 'takenOverAtMs' | 'driver'>,
  asked: string | null,
): Promise<string[]> {
  const { takenOverAtMs } = engine;
  if (takenOverAtMs === null) return [];
  const nowMs = await ledger.now();
  const running = await ledger.db
    .selectFrom('batches')
    .selectAll()
    .where('state', '=', 'running')
    .where('updated_at', '<', takenOverAtMs)
    .execute();
  const orphans = running.filter(
    (batch) =>
      batch.id !== asked && (batch.driver === engine.driver || batch.driver === null || batch.driver_until <= nowMs),
  );
  const held: string[] = [];
  for (const { id, account } of orphans) {
    const reason = 'whatever drove it ended without stopping it; what is paid is still collected';
    const closed = await ledger.write((tx, now) =>
      stopSpending(tx, { batch: id, account }, { by: 'fleet', reason, orphaned: true }, now),
    );
    if (closed) held.push(id);
  }
  return held;
}

/** A batch that must be known. OperationError exit 2. */
export async function knownBatch(ledger: Ledger, batch: string): Promise<BatchRow> {
  const row = await batchRow(ledger.db, batch);
  if (row !== null) return row;
  throw new OperationError(EXIT.usage, {
    message: `no batch "${batch}" in this ledger (${ledger.location})`,
    charged: NOTHING_CHARGED,
    next: '`headswap status` lists the batches',
  });
}
