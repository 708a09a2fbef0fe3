import { lockAccount } from '../ledger/account-row.ts';
import { releaseLease } from '../ledger/batch-lease.ts';
import { recordEvent } from '../ledger/events.ts';
import { closeGate, gatesOfBatch } from '../ledger/gates.ts';
import { freeItems, isResting } from '../ledger/resting-items.ts';
import { inFlightBeside } from '../ledger/in-flight.ts';
import type { Tx } from '../ledger/open-ledger.ts';
import { callbacksCome } from '../ledger/receiver-beat.ts';
import { itemCounts, setBatchState, type ItemCountRow } from '../ledger/round.ts';
import type { BatchState, GateName, ItemState } from '../schemas/states.ts';
import { isEnded } from '../schemas/states.ts';
import type { BatchInput } from '../schemas/workflow-inputs.ts';
import { servedAccount, type ActivityDependencies } from './dependencies.ts';
import { drivingStates, pollsStopped } from './parked-states.ts';

/** Reads the ledger once more when every lane is closed: either something is open again, or the round's end is written. */
export function createCloseRound(deps: ActivityDependencies) {
  return async function closeRound(input: BatchInput): Promise<'open' | 'closed'> {
    const batch = await deps.ledger.db
      .selectFrom('batches')
      .selectAll()
      .where('id', '=', input.batch)
      .executeTakeFirst();
    const nowMs = await deps.ledger.now();
    if (batch === undefined || (batch.driver !== deps.driver && batch.driver_until > nowMs)) return 'closed';
    const balance = await deps.accounts.get(input.account)?.client.balance();
    // Read and written in one transaction: what an operator opens in between is either seen here or comes after.
    return deps.ledger.write(async (tx, now) => {
      let gates = (await gatesOfBatch(tx, input.batch, input.account)).map((gate) => gate.name as GateName);
      const counts = await itemCounts(tx, input.batch);
      const driving = drivingStates(gates);
      if (counts.some((row) => row.stalled === 0 && !isResting(row) && driving.some((state) => state === row.state)))
        return 'open';
      if (!pollsStopped(gates) && (await besideItems(deps, tx, input, now)) > 0) return 'open';
      if (await holdTheRest(tx, input, { counts, gates }, now)) gates = [...gates, 'stopped'];
      const state = stateAfterRound(counts, gates);
      await setBatchState(tx, input.batch, state, balance?.kind === 'ok' ? balance.value : null, now);
      await releaseLease(tx, input.batch, deps.driver);
      await recordEvent(tx, { type: 'round-ended', batch: input.batch, account: input.account, detail: state }, now);
      return 'closed';
    });
  };
}

/** Items that were not among those resumed by name: what held them before holds them again. Returns whether it does so newly. */
async function holdTheRest(
  tx: Tx,
  input: BatchInput,
  found: { readonly counts: readonly ItemCountRow[]; readonly gates: readonly GateName[] },
  nowMs: number,
): Promise<boolean> {
  const resting = found.counts.filter((row) => row.resting === 1);
  if (resting.length === 0) return false;
  // Before any item, as claims do.
  await lockAccount(tx, input.account);
  const why = {
    name: 'stopped',
    code: 'S201',
    reason: 'only some of its items were resumed, by name or state; the others wait',
    reopens: `headswap resume ${input.batch}`,
  } as const;
  const heldAnyhow = found.gates.some((gate) => gate === 'stopped' || gate === 'pause' || gate === 'cancelled');
  const closed =
    !heldAnyhow &&
    resting.some((row) => !isEnded(row.state)) &&
    (await closeGate(tx, { scope: 'batch', owner: input.batch }, why, nowMs));
  await freeItems(tx, input.batch);
  return closed;
}

async function besideItems(deps: ActivityDependencies, tx: Tx, input: BatchInput, nowMs: number): Promise<number> {
  const { stalledAfterMs } = servedAccount(deps, input.account).polling;
  const now = { callbacksCome: await callbacksCome(tx, nowMs), stalledAfterMs, nowMs };
  return (await inFlightBeside(tx, { batch: input.batch, lane: null }, now)).count;
}

/** What a batch is once nothing of it can be driven. */
function stateAfterRound(counts: readonly { readonly state: ItemState }[], gates: readonly GateName[]): BatchState {
  if (counts.every((row) => isEnded(row.state))) return gates.includes('cancelled') ? 'cancelled' : 'finished';
  if (gates.includes('stopped')) return 'stopped';
  if (gates.includes('pause')) return 'paused';
  return 'waiting';
}
