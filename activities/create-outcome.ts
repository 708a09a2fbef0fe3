import type { CreateOutcome, Problem } from '../akool/outcome.ts';
import type { CreatedTask } from '../akool/read.ts';
import { bindAttempt } from '../ledger/bind-attempt.ts';
import { readCreateJob, type CreateJob } from '../ledger/create-job.ts';
import { driveAgain } from '../ledger/drive-again.ts';
import { markUncertain } from '../ledger/mark-uncertain.ts';
import { answeredAfterAll } from '../ledger/answered-after-all.ts';
import { releaseAttempt, type AfterRelease } from '../ledger/release-attempt.ts';
import { noteUnreachable } from '../ledger/vendor-health.ts';
import { reasonOf } from '../schemas/failure-codes.ts';
import type { UnboundTask } from '../schemas/workflow-inputs.ts';
import { applyCondition, watchHealth } from './account-conditions.ts';
import type { ActivityDependencies, ServedAccount } from './dependencies.ts';
import type { HeldAnswers } from './held-answers.ts';
import { journalOutcome, NOT_CREATED } from './journal-lines.ts';
import { firstPollMs } from './poll-interval.ts';
import { afterRefusal } from './refusals.ts';

/** What a create's outcome is written down with. */
export interface CreateDependencies {
  readonly deps: ActivityDependencies;
  readonly held: HeldAnswers;
}

/**
 * Writes down how a create ended, for as long as its activity lasts and then beside it. Returns a task id that was not written
 * in that time, which then also travels back to be bound without limit of retries.
 */
export async function writeOutcome(
  { deps, held }: CreateDependencies,
  account: ServedAccount,
  job: CreateJob,
  outcome: CreateOutcome,
): Promise<UnboundTask | null> {
  switch (outcome.kind) {
    case 'created':
      return bind({ deps, held }, account, job, outcome.task);
    case 'refused':
      await refuseCreate({ deps, held }, account, job, 'sending', outcome);
      return null;
    case 'uncertain':
      await uncertain({ deps, held }, account, job, outcome);
      return null;
    default:
      return outcome satisfies never;
  }
}

async function bind(
  { deps, held }: CreateDependencies,
  account: ServedAccount,
  job: CreateJob,
  task: CreatedTask,
): Promise<UnboundTask | null> {
  const createdAtMs = task.createdAtMs ?? Date.now();
  let undriven = false;
  const written = await held.write(job.attempt, async () => {
    await deps.ledger.write(async (tx, nowMs) => {
      const firstPollAtMs = nowMs + firstPollMs(account.polling, deps.durations.get(`task/${job.account}`) ?? []);
      await bindAttempt(
        tx,
        job.attempt,
        {
          taskId: task.id,
          hold: task.hold,
          createdAtMs: nowMs,
          firstPollAtMs,
          resolution: job.resolution,
          by: 'answer',
        },
        nowMs,
      );
      undriven = (await driveAgain(tx, job.batch, nowMs)) || undriven;
    });
    // This process was suspended, or the ledger was away: the item was shown as uncertain, and its round has ended meanwhile.
    if (undriven) await deps.drive(job.batch);
  });
  // Also when the ledger could not be written: then it is the journal that knows the task.
  journalOutcome(deps, job.journalled, { type: 'bind', task_id: task.id, credits: task.hold, outcome: null });
  deps.counters.count('headswap_creates_accepted');
  return written ? null : { attempt: job.attempt, taskId: task.id, hold: task.hold, createdAtMs };
}

/** Certainly not created. Nothing was charged, whatever follows. */
export async function refuseCreate(
  { deps, held }: CreateDependencies,
  account: ServedAccount,
  job: CreateJob,
  from: 'reserved' | 'sending',
  problem: Problem,
): Promise<void> {
  deps.counters.count('headswap_creates_refused');
  const written = await held.write(job.attempt, () =>
    deps.ledger.write(async (tx, nowMs) => {
      const after: AfterRelease = afterRefusal(problem, job, nowMs, deps.chance());
      const code = problem.code === null ? 'not-reached' : String(problem.code);
      const why = { code, vendorText: problem.message, after };
      const did =
        (await releaseAttempt(tx, job.attempt, from, why, nowMs)) ||
        (from === 'sending' && (await answeredAfterAll(tx, job.attempt, why, nowMs)));
      if (!did) return;
      // The row says when it was sent, and under which gates: they may have opened since the claim.
      const sent = await readCreateJob(tx, job.attempt);
      await applyCondition(
        tx,
        {
          account: job.account,
          call: 'create',
          problem,
          sentAtMs: sent?.sentAtMs ?? nowMs,
          epoch: sent?.gateEpoch ?? job.gateEpoch,
          keyFingerprint: account.settings.keyFingerprint,
        },
        nowMs,
      );
      const about = { call: 'create', failsItem: after.kind === 'fail' } as const;
      await watchHealth(tx, await noteUnreachable(tx, job.account, problem, about), 'refused', nowMs);
    }),
  );
  if (from === 'sending') journalOutcome(deps, job.journalled, NOT_CREATED);
  if (!written) deps.log.warn('a refusal could not be written down yet', { attempt: job.attempt });
}

async function uncertain(
  { deps, held }: CreateDependencies,
  account: ServedAccount,
  job: CreateJob,
  problem: Problem,
): Promise<void> {
  deps.counters.count('headswap_creates_uncertain');
  const reason = reasonOf(
    'U101',
    { batch: job.batch, item: job.itemId },
    {
      message: `the answer to a create was lost (${problem.message}); it may or may not have been charged`,
      vendor: problem.code === null ? null : `${problem.code}`,
    },
  );
  await held.write(job.attempt, () =>
    deps.ledger.write(async (tx, nowMs) => {
      const { uncertain: policy, requestTimeoutMs } = account;
      const lost = { ...reason, vendorText: problem.message };
      const marked = await markUncertain(tx, job.attempt, lost, nowMs, { policy, requestTimeoutMs });
      if (marked !== null) await watchHealth(tx, marked.account, 'lost', nowMs);
    }),
  );
  deps.log.warn('the answer to a create was lost', { attempt: job.attempt, account: account.settings.name });
}
