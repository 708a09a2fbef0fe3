import type { NativeConnection } from '@temporalio/worker';
import type { WorkerStart } from '../operations/starters.ts';
import { queues } from '../schemas/names.ts';

/** Twice the ceiling: never the limit itself, which the ledger keeps exactly. */
const FENCE_FACTOR = 2;

/**
 * A second fence against our own mistakes (design D4): a rate limit on the create and analyze queues, kept by the server.
 * A server that does not know the call goes without.
 */
export async function fenceQueues(start: WorkerStart, connection: NativeConnection): Promise<void> {
  const { ledger8 } = start.ledger;
  await Promise.all(
    start.accounts.flatMap(({ settings }) => [
      fence(start, connection, queues.create(ledger8, settings.name), settings.createPerSecond),
      fence(start, connection, queues.analyze(ledger8, settings.name), settings.analyzePerSecond),
    ]),
  );
}

async function fence(
  start: WorkerStart,
  connection: NativeConnection,
  taskQueue: string,
  perSecond: number,
): Promise<void> {
  try {
    await connection.workflowService.updateTaskQueueConfig({
      namespace: start.engine.namespace,
      identity: 'headswap-fleet',
      taskQueue,
      taskQueueType: 2,
      updateQueueRateLimit: {
        rateLimit: { requestsPerSecond: Math.max(1, perSecond * FENCE_FACTOR) },
        reason: 'second fence, twice the ceiling',
      },
    });
  } catch (error) {
    start.log('a queue goes without its second fence', {
      taskQueue,
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
