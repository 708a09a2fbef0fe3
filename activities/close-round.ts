import { releaseLease } from '../ledger/batch-lease.ts';
import { recordEvent } from '../ledger/events.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import { inFlightBeside } from '../ledger/in-flight.ts';
import type { Tx } from '../ledger/open-ledger.ts';
import { callbacksCome } from '../ledger/receiver-beat.ts';
import { itemCounts, setBatchState } from '../ledger/round.ts';
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
      const gates = (await gatesOfBatch(tx, input.batch, input.account)).map((gate) => gate.name as GateName);
      const counts = await itemCounts(tx, input.batch);
      const driving = drivingStates(gates);
      if (counts.some((row) => row.stalled === 0 && driving.includes(row.state))) return 'open';
      if (!pollsStopped(gates) && (await besideItems(deps, tx, input, now)) > 0) return 'open';
      const state = stateAfterRound(counts, gates);
      await setBatchState(tx, input.batch, state, balance?.kind === 'ok' ? balance.value : null, now);
      await releaseLease(tx, input.batch, deps.driver);
      await recordEvent(tx, { type: 'round-ended', batch: input.batch, account: input.account, detail: state }, now);
      return 'closed';
    });
  };
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
