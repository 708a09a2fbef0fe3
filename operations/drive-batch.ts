import type { Client } from '@temporalio/client';
import { BATCH_WORKFLOW, batchWorkflowId, queues, WAKE_SIGNAL } from '../schemas/names.ts';
import type { BatchInput } from '../schemas/workflow-inputs.ts';

/** Workflow tasks are short; a killed worker costs this, not the default ten seconds. */
const WORKFLOW_TASK_TIMEOUT = '5s';

/**
 * Signal-with-start: drives a batch, or wakes the driver that is there. `digest` names the workflow code the driver is made
 * of (design D1); null when it is not known here, and the worker that takes it up decides.
 */
export async function driveBatch(client: Client, input: BatchInput, digest: string | null): Promise<void> {
  await client.workflow.signalWithStart(BATCH_WORKFLOW, {
    workflowId: batchWorkflowId(input.ledger8, input.batch),
    taskQueue: queues.flow(input.ledger8),
    args: [input],
    signal: WAKE_SIGNAL,
    signalArgs: [],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    // Without it, the next worker that starts takes the driver for one of other code and starts it anew.
    ...(digest === null ? {} : { memo: { digest } }),
  });
}
