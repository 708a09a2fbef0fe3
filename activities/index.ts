import { createAdvance } from './advance.ts';
import { createBind } from './bind.ts';
import { createCloseRound } from './close-round.ts';
import { createCollectOutputs } from './collect-outputs.ts';
import { createCreateTask } from './create-task.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { HeldAnswers } from './held-answers.ts';
import { createKeepPictures } from './keep-pictures.ts';
import { createBeginScheduledRun, createCheckScheduledManifest, createFollowScheduledRun } from './scheduled-run.ts';
import { createSubmitAnalysis } from './submit-analysis.ts';
import { createWriteReport } from './write-report.ts';

/** All activities, over the dependencies the worker built. */
export function createActivities(deps: ActivityDependencies) {
  const held = new HeldAnswers(deps.stopping);
  return {
    advance: createAdvance(deps, held),
    submitAnalysis: createSubmitAnalysis(deps),
    createTask: createCreateTask(deps, held),
    collectOutputs: createCollectOutputs(deps),
    bind: createBind(deps),
    keepPictures: createKeepPictures(deps),
    closeRound: createCloseRound(deps),
    writeReport: createWriteReport(deps),
    beginScheduledRun: createBeginScheduledRun(deps),
    checkScheduledManifest: createCheckScheduledManifest(deps),
    followScheduledRun: createFollowScheduledRun(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;
