import type { TaskDetail } from '../../akool/read.ts';
import type { Outcome } from '../../akool/outcome.ts';
import { dueTasks, type DueTask, type LaneRef } from '../../ledger/lane-queries.ts';
import { readJournalled, type JournalledAttempt } from '../../ledger/journalled-attempt.ts';
import { recordPoll } from '../../ledger/poll-steps.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { reasonOf } from '../../schemas/failure-codes.ts';
import type { Resolution } from '../../schemas/manifest-item.ts';
import { applyCondition } from '../account-conditions.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';
import { journalOutcome } from '../journal-lines.ts';
import { AFTER_FAILED_POLL_MS, nextPollMs, rememberDuration, STALLED_POLL_MS } from '../poll-interval.ts';
import type { Poller } from '../poller.ts';

/** Starts the polls of tasks that are due, as far as the pace and the poller's width allow. Does not wait for them. */
export async function pollTasks(
  deps: ActivityDependencies,
  poller: Poller,
  at: LaneRef,
  account: string,
  attached: boolean,
  nowMs: number,
): Promise<void> {
  if (poller.room() <= 0) return;
  const due = (await dueTasks(deps.ledger.db, at, { attached, limit: poller.room() }, nowMs)).filter(
    (task) => !poller.isPolling(task.id),
  );
  await poller.start(
    account,
    due.map((task) => ({ id: task.id, poll: () => pollTask(deps, task) })),
  );
}

/** One look at one task. The vendor's status and URL decide; whatever is odd means "not yet" (design D11). */
async function pollTask(deps: ActivityDependencies, task: DueTask): Promise<void> {
  const account = servedAccount(deps, task.account);
  const askedAtMs = await deps.ledger.now();
  const outcome = await account.client.taskDetail(task.id);
  await deps.at('in-task-poll');
  if (outcome.kind === 'ok' && outcome.value.phase === 'completed' && outcome.value.outputUrl !== null) {
    return finished(deps, task, outcome.value, outcome.value.outputUrl, askedAtMs);
  }
  if (outcome.kind === 'ok' && outcome.value.phase === 'failed') return failed(deps, task, outcome.value);
  return notYet(deps, task, outcome, askedAtMs);
}

async function finished(
  deps: ActivityDependencies,
  task: DueTask,
  detail: TaskDetail,
  url: string,
  askedAtMs: number,
): Promise<void> {
  const line = `task/${task.account}`;
  deps.durations.set(
    line,
    rememberDuration(deps.durations.get(line) ?? [], {
      elapsedMs: askedAtMs - task.createdAtMs,
      notYetMs: task.notYetMs,
      lateMs: askedAtMs - task.dueAtMs,
    }),
  );
  const attempt = await readJournalled(deps.ledger.db, task.attempt);
  const resolution = (attempt?.resolution ?? '720p') as Resolution;
  const end = { kind: 'done', url, chargedCredits: detail.charge, resolution } as const;
  const settled = await deps.ledger.write((tx, nowMs) => settleTask(tx, task.account, task.id, end, nowMs));
  if (settled === 'attempt') journalSettle(deps, attempt, task, detail, 'done');
  deps.counters.count('headswap_tasks_done');
  deps.wakeUps.poke();
}

async function failed(deps: ActivityDependencies, task: DueTask, detail: TaskDetail): Promise<void> {
  const vendor = [detail.errorCode, detail.errorReason].filter((part) => part !== null && part !== '').join(' ');
  const attempt = await readJournalled(deps.ledger.db, task.attempt);
  const where = { batch: task.batch, item: attempt?.item ?? '' };
  const message =
    vendor === '' ? 'the task failed at the vendor, which gave no reason' : 'the task failed at the vendor';
  const reason = reasonOf('P105', where, { message, vendor: vendor === '' ? null : vendor });
  const errorCode = detail.errorCode === null ? null : String(detail.errorCode);
  const end = { kind: 'failed', chargedCredits: detail.charge, reason, errorCode } as const;
  const settled = await deps.ledger.write((tx, nowMs) => settleTask(tx, task.account, task.id, end, nowMs));
  if (settled === 'attempt') journalSettle(deps, attempt, task, detail, 'failed');
  deps.counters.count('headswap_tasks_failed');
  deps.wakeUps.poke();
}

/** An orphan's end is not its attempt's, and has no line. */
function journalSettle(
  deps: ActivityDependencies,
  attempt: JournalledAttempt | null,
  task: DueTask,
  { charge }: TaskDetail,
  outcome: 'done' | 'failed',
): void {
  if (attempt === null) return;
  journalOutcome(deps, attempt, { type: 'settle', task_id: task.id, credits: charge, outcome });
}

async function notYet(
  deps: ActivityDependencies,
  task: DueTask,
  outcome: Outcome<TaskDetail>,
  askedAtMs: number,
): Promise<void> {
  const account = servedAccount(deps, task.account);
  const answered = outcome.kind === 'ok';
  const elapsedMs = askedAtMs - task.createdAtMs;
  const stalled = elapsedMs > account.polling.stalledAfterMs;
  const seen = deps.durations.get(`task/${task.account}`) ?? [];
  const waitMs = stalled
    ? STALLED_POLL_MS
    : answered
      ? nextPollMs(account.polling, seen, elapsedMs, task.polls)
      : AFTER_FAILED_POLL_MS;
  await deps.ledger.write(async (tx, nowMs) => {
    await recordPoll(
      tx,
      task,
      {
        nextPollAtMs: nowMs + waitMs,
        status: answered ? outcome.value.status : null,
        notYetMs: answered ? elapsedMs : null,
        stalled,
        processing: answered && outcome.value.phase === 'processing',
      },
      nowMs,
    );
    if (!answered)
      await applyCondition(
        tx,
        {
          account: task.account,
          call: 'poll',
          problem: outcome,
          sentAtMs: askedAtMs,
          epoch: null,
          keyFingerprint: account.settings.keyFingerprint,
        },
        nowMs,
      );
  });
}
