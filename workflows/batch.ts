import {
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { LANE_WORKFLOW, laneWorkflowId } from '../schemas/names.ts';
import { activitiesOf } from './activity-policies.ts';
import type { BatchInput } from '../schemas/workflow-inputs.ts';
import { wake } from './messages.ts';

/**
 * Drives one round of a batch: its lanes, until each is closed; then reads the ledger once more, since a wake-up may have
 * come after a lane looked, and writes how the round ended.
 */
export async function batch(input: BatchInput): Promise<void> {
  const { ledger, media } = activitiesOf(input);
  let woken = false;
  setHandler(wake, async () => {
    woken = true;
    await Promise.all(lanes(input).map(wakeLane));
  });
  for (;;) {
    woken = false;
    await Promise.all(lanes(input).map((id, lane) => runLane(input, id, lane)));
    await media.keepPictures(input.batch).catch(() => undefined);
    // A wake-up may come while the end is being written: then it was written too early, and the lanes look again.
    if (woken || (await ledger.closeRound(input)) !== 'closed') continue;
    await media.writeReport(input.batch).catch(() => undefined);
    if (!woken) return;
  }
}

function lanes(input: BatchInput): string[] {
  return Array.from({ length: input.lanes }, (_, lane) => laneWorkflowId(input.ledger8, input.batch, lane));
}

async function runLane(input: BatchInput, workflowId: string, lane: number): Promise<void> {
  const memo = workflowInfo().memo;
  await executeChild(LANE_WORKFLOW, {
    workflowId,
    args: [{ ...input, lane }],
    // A lane that outlived its batch would go on without anybody asking for it.
    parentClosePolicy: ParentClosePolicy.TERMINATE,
    // A task that a killed worker had begun costs this long, not the default ten seconds.
    workflowTaskTimeout: '5s',
    ...(memo === undefined ? {} : { memo }),
  });
}

/** By workflow id, not run id: a lane continues as new. One that is closed just now needs no wake-up. */
async function wakeLane(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(wake);
  } catch {
    // The do-while above looks again.
  }
}
