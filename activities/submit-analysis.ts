import type { Outcome, Problem } from '../akool/outcome.ts';
import type { SubmittedAnalysis } from '../akool/client.ts';
import { bindAnalysis, lapseAnalysis } from '../ledger/analysis-steps.ts';
import { readAnalysisJob, type AnalysisJob } from '../ledger/analysis-job.ts';
import type { ItemReason } from '../ledger/attempt-row.ts';
import { permitAnalysis } from '../ledger/send-permit.ts';
import { noteUnreachable } from '../ledger/vendor-health.ts';
import { FAILURE_CODES } from '../schemas/failure-codes.ts';
import { applyCondition, watchHealth } from './account-conditions.ts';
import { servedAccount, type ActivityDependencies, type ServedAccount } from './dependencies.ts';
import { firstPollMs } from './poll-interval.ts';
import { waitMs } from './refusals.ts';

/** Tries of an analysis that is refused for reasons that may pass. */
const TRIES = 5;

/**
 * Submits one claimed analysis. A lost answer costs nothing that is known of: the claim lapses and the video is analysed
 * again. Starting it twice is harmless (compare-and-set to *sending*).
 */
export function createSubmitAnalysis(deps: ActivityDependencies) {
  return async function submitAnalysis(analysis: number): Promise<void> {
    const job = await readAnalysisJob(deps.ledger.db, analysis);
    if (job === null || job.state !== 'reserved') return;
    const account = servedAccount(deps, job.account);
    await deps.at('before-analysis');
    const permit = await deps.turns.take(
      { name: `analyze/${job.account}`, perSecond: account.settings.analyzePerSecond },
      () => deps.ledger.write((tx, nowMs) => permitAnalysis(tx, analysis, job.account, deps.owner, nowMs)),
      deps.stopping,
    );
    if (permit.kind === 'gone') return;
    if (permit.kind !== 'go') {
      await deps.ledger.write((tx, nowMs) =>
        lapseAnalysis(tx, analysis, 'reserved', { code: permit.kind, nextAtMs: 0 }, nowMs),
      );
      return;
    }
    const answered = account.client.submitAnalysis(job.videoUrl);
    await deps.at('after-analysis-send');
    const outcome = await answered;
    await deps.at('after-analysis-answer');
    await writeDown(deps, account, job, outcome);
    deps.wakeUps.poke();
  };
}

async function writeDown(
  deps: ActivityDependencies,
  account: ServedAccount,
  job: AnalysisJob,
  outcome: Outcome<SubmittedAnalysis>,
): Promise<void> {
  if (outcome.kind === 'ok') {
    deps.counters.count('headswap_analyses_submitted');
    await deps.ledger.write(async (tx, nowMs) => {
      const firstMs = firstPollMs(account.polling, deps.durations.get(`analysis/${job.account}`) ?? []);
      await bindAnalysis(tx, job.analysis, outcome.value.id, nowMs + firstMs);
    });
    return;
  }
  await deps.ledger.write(async (tx, nowMs) => {
    const sentAtMs = (await readAnalysisJob(tx, job.analysis))?.sentAtMs ?? nowMs;
    const reason = finalReason(outcome, job);
    const nextAtMs = isPassing(outcome) ? nowMs + waitMs(job.tries, deps.chance()) : 0;
    const code = outcome.code === null ? 'no-answer' : String(outcome.code);
    await lapseAnalysis(
      tx,
      job.analysis,
      'sending',
      { code, vendorText: outcome.message, nextAtMs, ...(reason === null ? {} : { reason }) },
      nowMs,
    );
    await applyCondition(
      tx,
      {
        account: job.account,
        call: 'analyze',
        problem: outcome,
        sentAtMs,
        epoch: null,
        keyFingerprint: account.settings.keyFingerprint,
      },
      nowMs,
    );
    const row = await noteUnreachable(tx, job.account, outcome, { call: 'analyze', failsItem: false });
    await watchHealth(tx, row, 'refused', nowMs);
  });
}

function isPassing(problem: Problem): boolean {
  return problem.consequence.kind === 'wait-and-retry' && problem.consequence.because === 'transient';
}

/** Why the items of this video fail; null while another try may help. */
function finalReason(problem: Problem, job: AnalysisJob): ItemReason | null {
  const vendor = problem.code === null ? problem.message : `${problem.code} ${problem.message}`;
  const failed: ItemReason = {
    code: 'P107',
    message: `the vendor refused to analyse the video: ${problem.message}`,
    vendor,
    next: FAILURE_CODES.P107.next,
  };
  const { consequence } = problem;
  switch (consequence.kind) {
    case 'fail-item':
    case 'not-found':
    case 'reanalyse':
      return failed;
    case 'wait-and-retry':
      return consequence.maxTries !== null && job.tries + 1 >= Math.min(consequence.maxTries, TRIES) ? failed : null;
    case 'gate':
    case 'misconfigured':
    case 'uncertain':
      return null;
    default:
      return consequence satisfies never;
  }
}
