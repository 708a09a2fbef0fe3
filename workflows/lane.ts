import {
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { activitiesOf } from './activity-policies.ts';
import type { Due, LaneInput } from '../schemas/workflow-inputs.ts';
import { wake } from './messages.ts';

/** Items whose outputs one `collectOutputs` fetches. */
const COLLECT_AT_ONCE = 8;

/**
 * Drives the items of one lane until every one of them ended or waits for somebody: ask the ledger what is due, start it,
 * ask again without waiting for it, since the ledger knows how it ends (design D3).
 */
export async function lane(input: LaneInput): Promise<void> {
  const run = activitiesOf(input);
  let woken = false;
  let pass: CancellationScope | undefined;
  setHandler(wake, () => {
    woken = true;
    pass?.cancel();
  });
  // The first pass of a run takes up what was claimed and never started; so does the one after a pass that was cancelled,
  // since nobody hears what that one had claimed.
  for (let fresh = true; ;) {
    woken = false;
    pass = new CancellationScope();
    const due = await nextDue(() => run.pass.advance({ ...input, fresh }), pass);
    fresh = due === null;
    if (due === null) continue;
    // Before scheduling: what is scheduled in the same workflow task as continue-as-new never starts.
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof lane>(input);
    for (const key of due.analyse) inBackground(run.analyze.submitAnalysis(key));
    for (const key of due.create) inBackground(createAndBind(run, key));
    for (const keys of inGroups(due.collect, COLLECT_AT_ONCE)) inBackground(run.media.collectOutputs(keys));
    if (due.closed) return;
    if (due.idleMs !== null) await condition(() => woken, due.idleMs);
  }
}

/** A pass, or null when a wake-up cancelled it. */
async function nextDue(advance: () => Promise<Due>, scope: CancellationScope): Promise<Due | null> {
  try {
    return await scope.run(advance);
  } catch (error) {
    if (isCancellation(error)) return null;
    throw error;
  }
}

/** A task id that could not be written where it was received travels back and is bound without limit of retries. */
async function createAndBind(run: ReturnType<typeof activitiesOf>, attempt: number): Promise<void> {
  const unbound = await run.create.createTask(attempt);
  if (unbound !== null) await run.ledger.bind(unbound);
}

/** However it ends, the ledger says so and the next pass acts on it; a failure here decides nothing. */
function inBackground(activity: Promise<unknown>): void {
  void activity.catch(() => undefined);
}

function inGroups(keys: readonly number[], size: number): number[][] {
  const groups: number[][] = [];
  for (let start = 0; start < keys.length; start += size) groups.push(keys.slice(start, start + size));
  return groups;
}
