import { sql } from 'kysely';
import type { AccountGate, GateName } from '../schemas/states.ts';
import { lockAccount } from './account-row.ts';
import { recordEvent } from './events.ts';
import type { Tx } from './open-ledger.ts';
import type { GateRow } from './tables.ts';

/** Whom a gate concerns: everybody on an account, or one batch. */
export type GateScope =
  | { readonly scope: 'account'; readonly owner: string }
  | { readonly scope: 'batch'; readonly owner: string };

export interface GateClosing {
  readonly name: GateName;
  readonly code: string;
  /** What happened, plain words with the vendor's code. */
  readonly reason: string;
  /** How it opens again, plain words. */
  readonly reopens: string;
  readonly by?: string;
  readonly probeAtMs?: number | null;
  /**
   * The account's gate epoch when the refused call was sent. A gate that closed or opened since makes the refusal stale: it
   * changes nothing (design D5: a stale 1104 cannot close a topped-up gate).
   */
  readonly seenEpoch?: number;
  /** JSON-safe facts for the probe. */
  readonly memo?: Readonly<Record<string, unknown>>;
}

/**
 * Closes a gate; nothing happens if it is closed already or the refusal is stale. The count and the epoch move in the same
 * transaction, so a claim that comes later finds it. Returns whether this call closed it.
 */
export async function closeGate(tx: Tx, at: GateScope, gate: GateClosing, nowMs: number): Promise<boolean> {
  const epoch = await lockOwner(tx, at);
  if (gate.seenEpoch !== undefined && epoch > gate.seenEpoch) return false;
  const row = await tx
    .insertInto('gates')
    .values({
      scope: at.scope,
      owner: at.owner,
      name: gate.name,
      since: nowMs,
      code: gate.code,
      reason: gate.reason,
      reopens: gate.reopens,
      by_whom: gate.by ?? 'fleet',
      probe_at: gate.probeAtMs ?? null,
      memo: JSON.stringify(gate.memo ?? {}),
    })
    .onConflict((c) => c.columns(['scope', 'owner', 'name']).doNothing())
    .returning('name')
    .executeTakeFirst();
  if (row === undefined) return false;
  await moveGateCount(tx, at, 1);
  await recordEvent(
    tx,
    { type: 'gate-closed', ...whose(at), by: gate.by ?? 'fleet', detail: `${gate.name}: ${gate.reason}` },
    nowMs,
  );
  return true;
}

/**
 * Opens a gate. With `probe`, an account's claims go on with one create whose outcome decides whether the rest follows.
 * Returns whether it was closed.
 */
export async function openGate(
  tx: Tx,
  at: GateScope,
  name: GateName,
  how: { readonly by: string; readonly detail: string; readonly probe?: boolean },
  nowMs: number,
): Promise<boolean> {
  await lockOwner(tx, at);
  const row = await tx
    .deleteFrom('gates')
    .where('scope', '=', at.scope)
    .where('owner', '=', at.owner)
    .where('name', '=', name)
    .returning('name')
    .executeTakeFirst();
  if (row === undefined) return false;
  await moveGateCount(tx, at, -1);
  if (how.probe === true && at.scope === 'account') {
    // A probe of the last half-open time may still be under way: its outcome decides, a second one would be too many.
    const underWay = await tx
      .selectFrom('attempts')
      .select('id')
      .where('account', '=', at.owner)
      .where('is_probe', '=', 1)
      .where('state', 'in', ['reserved', 'sending'])
      .executeTakeFirst();
    await tx
      .updateTable('accounts')
      .set({ probe: underWay === undefined ? 1 : 2 })
      .where('id', '=', at.owner)
      .execute();
  }
  await recordEvent(tx, { type: 'gate-opened', ...whose(at), by: how.by, detail: `${name}: ${how.detail}` }, nowMs);
  return true;
}

/** Locks the row that counts the gates before the gates themselves, in the order of every other transition. */
async function lockOwner(tx: Tx, at: GateScope): Promise<number> {
  if (at.scope === 'account') return (await lockAccount(tx, at.owner)).gate_epoch;
  await tx
    .updateTable('batches')
    .set({ gates: sql`gates` })
    .where('id', '=', at.owner)
    .returning('id')
    .executeTakeFirstOrThrow();
  return 0;
}

async function moveGateCount(tx: Tx, at: GateScope, by: 1 | -1): Promise<void> {
  if (at.scope === 'account') {
    await tx
      .updateTable('accounts')
      .set({ gates: sql`gates + ${by}`, gate_epoch: sql`gate_epoch + 1` })
      .where('id', '=', at.owner)
      .execute();
  } else {
    await tx
      .updateTable('batches')
      .set({ gates: sql`gates + ${by}` })
      .where('id', '=', at.owner)
      .execute();
  }
}

function whose(at: GateScope): { account: string } | { batch: string } {
  return at.scope === 'account' ? { account: at.owner } : { batch: at.owner };
}

/** Moves the next free probe of a closed gate. */
export async function postponeProbe(tx: Tx, account: string, name: AccountGate, probeAtMs: number): Promise<void> {
  await tx
    .updateTable('gates')
    .set({ probe_at: probeAtMs })
    .where('scope', '=', 'account')
    .where('owner', '=', account)
    .where('name', '=', name)
    .execute();
}

/** Says anew why a gate is closed (a cause that turned into another), and when the next probe is. */
export async function relabelGate(
  tx: Tx,
  at: GateScope,
  name: GateName,
  why: { readonly code: string; readonly reason: string; readonly reopens: string; readonly memo: string },
  probeAtMs: number,
): Promise<void> {
  await tx
    .updateTable('gates')
    .set({ code: why.code, reason: why.reason, reopens: why.reopens, memo: why.memo, probe_at: probeAtMs })
    .where('scope', '=', at.scope)
    .where('owner', '=', at.owner)
    .where('name', '=', name)
    .execute();
}

/** Closed gates that concern a batch: its own and its account's, oldest first. */
export function gatesOfBatch(db: Tx, batch: string, account: string): Promise<GateRow[]> {
  return db
    .selectFrom('gates')
    .selectAll()
    .where((e) =>
      e.or([
        e.and([e('scope', '=', 'account'), e('owner', '=', account)]),
        e.and([e('scope', '=', 'batch'), e('owner', '=', batch)]),
      ]),
    )
    .orderBy('since')
    .execute();
}
