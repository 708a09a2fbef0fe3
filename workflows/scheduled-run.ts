import { defineSearchAttributeKey, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  continueAsNew,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { BATCH_WORKFLOW, batchWorkflowId, queues } from '../schemas/names.ts';
import type { BegunRun, ManifestCheck, RunAsk, ScheduledRunInput } from '../schemas/schedule-work.ts';
import { scheduleActivitiesOf } from './activity-policies.ts';
import { wake } from './messages.ts';

/** Set by the engine's scheduler: the time a run was due, however late it starts. */
const DUE_AT = defineSearchAttributeKey('TemporalScheduledStartTime', 'DATETIME');
const LONGEST_WAIT_MS = 30_000;
const DRIVE_TRIES = 5;

/**
 * One run of a schedule: begins a round of the schedule's batch, unless the ledger says to leave it out, and follows it to
 * its end. The ledger decides and records; this only asks, so that an engine's loss costs nothing but the asking.
 */
export async function scheduledRun(input: ScheduledRunInput): Promise<void> {
  const act = scheduleActivitiesOf(input.ledger8);
  const info = workflowInfo();
  const dueAtMs = input.dueAtMs ?? (info.typedSearchAttributes.get(DUE_AT) ?? info.startTime).getTime();
  const ask: RunAsk = { schedule: input.schedule, trigger: input.trigger, dueAtMs };
  const again = () => continueAsNew<typeof scheduledRun>({ ...input, dueAtMs });
  let begun = await act.beginScheduledRun(ask);
  for (let waits = 0; begun.kind === 'queued'; waits += 1) {
    await sleep(waitMs(waits));
    if (workflowInfo().continueAsNewSuggested) await again();
    begun = await act.beginScheduledRun(ask);
  }
  if (begun.kind === 'over') return;
  await driveBatch(begun);
  for (let waits = 0; ; waits += 1) {
    await sleep(waitMs(waits));
    if (workflowInfo().continueAsNewSuggested) await again();
    const look = await act.followScheduledRun(ask);
    if (look === 'over') return;
    if (look === 'undriven') await driveBatch(begun);
  }
}

/** Before a schedule is accepted: a live worker must have read its manifest. */
export function manifestCheck(input: ScheduledRunInput): Promise<ManifestCheck> {
  return scheduleActivitiesOf(input.ledger8).checkScheduledManifest(input.schedule);
}

function waitMs(waits: number): number {
  return Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** Math.max(0, waits - 4));
}

/**
 * Starts the batch's driver, or wakes the one there is. It outlives this run: a round that a person watches, pauses or
 * resumes is the batch's, not the schedule's. A driver that ends between the two is started anew.
 */
async function driveBatch({ batch, digest }: Extract<BegunRun, { kind: 'running' }>): Promise<void> {
  const workflowId = batchWorkflowId(batch.ledger8, batch.batch);
  for (let tries = 1; tries <= DRIVE_TRIES; tries += 1) {
    try {
      await startChild(BATCH_WORKFLOW, {
        workflowId,
        taskQueue: queues.flow(batch.ledger8),
        args: [batch],
        workflowTaskTimeout: '5s',
        parentClosePolicy: ParentClosePolicy.ABANDON,
        ...(digest === null ? {} : { memo: { digest } }),
      });
      return;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    try {
      await getExternalWorkflowHandle(workflowId).signal(wake);
      return;
    } catch {
      // It ended just now; the next look starts it anew.
    }
  }
}
