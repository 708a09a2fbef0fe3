import type { NativeConnection } from '@temporalio/worker';
import { Client } from '@temporalio/client';
import { driveBatch } from '../operations/drive-batch.ts';
import type { WorkerStart } from '../operations/starters.ts';
import { batchWorkflowId, laneWorkflowId } from '../schemas/names.ts';
import type { BatchInput } from '../schemas/workflow-inputs.ts';

/**
 * On every start of a worker: the running batches of this ledger get their sticky queues reset and a wake-up that cancels
 * the pending pass, which beats waiting for time-outs by 5 to 20 seconds; a driver made by other workflow code, or by a worker
 * that is known to be dead, is ended and started anew from the ledger (design D1, D3).
 */
export async function takeOver(start: WorkerStart, digest: string, connection: NativeConnection): Promise<void> {
  const served = new Set(start.accounts.map((account) => account.settings.name));
  const batches = await start.ledger.db
    .selectFrom('batches')
    .select(['id', 'account', 'lanes'])
    .where('state', '=', 'running')
    .execute();
  const mine = batches.filter((batch) => served.has(batch.account));
  if (mine.length === 0) return;
  const client = new Client({ connection, namespace: start.engine.namespace });
  for (const batch of mine) {
    const input = inputOf(start, batch);
    try {
      if (start.engine.chosenBy === 'embedded') await endFormer(client, input, start.alone === true ? null : digest);
      await Promise.all(
        workflowIds(input).map((workflowId) => resetSticky(client, start.engine.namespace, workflowId)),
      );
      await driveBatch(client, input, digest);
    } catch (error) {
      start.log('a running batch could not be taken over', {
        batch: batch.id,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

/** Drives one batch of the ledger, whose round had ended before something of it turned up. */
export async function driveAgain(
  start: WorkerStart,
  batch: string,
  digest: string,
  connection: NativeConnection,
): Promise<void> {
  const row = await start.ledger.db
    .selectFrom('batches')
    .select(['id', 'account', 'lanes'])
    .where('id', '=', batch)
    .executeTakeFirstOrThrow();
  await driveBatch(new Client({ connection, namespace: start.engine.namespace }), inputOf(start, row), digest);
}

function inputOf(
  start: WorkerStart,
  batch: { readonly id: string; readonly account: string; readonly lanes: number },
): BatchInput {
  const account = start.accounts.find(({ settings }) => settings.name === batch.account);
  return {
    batch: batch.id,
    ledger8: start.ledger.ledger8,
    account: batch.account,
    lanes: batch.lanes,
    requestTimeoutMs: account?.requestTimeoutMs ?? 60_000,
  };
}

/**
 * Ends a driver made by other workflow code than `digest`; null: any, since the server keeps its tasks for a dead worker for
 * seconds. That it is gone already is no error.
 */
async function endFormer(client: Client, input: BatchInput, digest: string | null): Promise<void> {
  const handle = client.workflow.getHandle(batchWorkflowId(input.ledger8, input.batch));
  const found = await handle.describe().catch(() => null);
  if (found === null || found.status.name !== 'RUNNING' || found.memo?.['digest'] === digest) return;
  const why = digest === null ? 'its worker is dead' : 'made by other workflow code';
  await handle.terminate(`${why}; driven anew from the ledger`).catch(() => undefined);
}

async function resetSticky(client: Client, namespace: string, workflowId: string): Promise<void> {
  await client.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId } }).catch(() => undefined);
}

function workflowIds(input: BatchInput): string[] {
  const lanes = Array.from({ length: input.lanes }, (_, lane) => laneWorkflowId(input.ledger8, input.batch, lane));
  return [batchWorkflowId(input.ledger8, input.batch), ...lanes];
}
