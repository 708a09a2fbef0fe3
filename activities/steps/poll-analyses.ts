import { createHash } from 'node:crypto';
import type { AnalysisDetail } from '../../akool/read.ts';
import { peopleBefore, settleAnalysis, type PersonFound } from '../../ledger/analysis-steps.ts';
import { dueAnalyses, type DueAnalysis, type LaneRef } from '../../ledger/lane-queries.ts';
import { recordAnalysisPoll } from '../../ledger/poll-steps.ts';
import { FAILURE_CODES } from '../../schemas/failure-codes.ts';
import { applyCondition } from '../account-conditions.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';
import { AFTER_FAILED_POLL_MS, nextPollMs, rememberDuration } from '../poll-interval.ts';
import type { Poller } from '../poller.ts';
import { samePeople } from '../same-people.ts';

/** Starts the polls of analyses this lane waits for, whoever asked for them. */
export async function pollAnalyses(
  deps: ActivityDependencies,
  poller: Poller,
  at: LaneRef,
  account: string,
  nowMs: number,
): Promise<void> {
  if (poller.room() <= 0) return;
  const due = await dueAnalyses(deps.ledger.db, at, nowMs, poller.room());
  await poller.start(
    account,
    due.map((analysis) => ({ id: `analysis/${analysis.id}`, poll: () => pollAnalysis(deps, analysis) })),
  );
}

async function pollAnalysis(deps: ActivityDependencies, analysis: DueAnalysis): Promise<void> {
  const account = servedAccount(deps, analysis.account);
  const askedAtMs = await deps.ledger.now();
  const outcome = await account.client.analysisDetail(analysis.vendorId);
  await deps.at('in-analysis-poll');
  const line = `analysis/${analysis.account}`;
  const elapsedMs = askedAtMs - analysis.submittedAtMs;
  if (outcome.kind === 'ok' && outcome.value.phase === 'completed') {
    deps.durations.set(
      line,
      rememberDuration(deps.durations.get(line) ?? [], {
        elapsedMs,
        notYetMs: analysis.notYetMs,
        lateMs: askedAtMs - analysis.dueAtMs,
      }),
    );
    await settleDone(deps, analysis, outcome.value);
    deps.wakeUps.poke();
    return;
  }
  if (outcome.kind === 'ok' && outcome.value.phase === 'failed') {
    await settleFailed(deps, analysis, outcome.value);
    deps.wakeUps.poke();
    return;
  }
  const seen = deps.durations.get(line) ?? [];
  const waitMs =
    outcome.kind === 'ok' ? nextPollMs(account.polling, seen, elapsedMs, analysis.polls) : AFTER_FAILED_POLL_MS;
  const forgotten = outcome.kind !== 'ok' && outcome.consequence.kind === 'not-found' && elapsedMs > FORGOTTEN_AFTER_MS;
  if (forgotten) return settleUnknown(deps, analysis);
  await deps.ledger.write(async (tx, nowMs) => {
    await recordAnalysisPoll(tx, analysis.id, nowMs + waitMs, outcome.kind === 'ok' ? elapsedMs : null);
    if (outcome.kind !== 'ok')
      await applyCondition(
        tx,
        {
          account: analysis.account,
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

/** A fresh id may not be known everywhere at once; after this the vendor has lost it. */
const FORGOTTEN_AFTER_MS = 30_000;

async function settleDone(deps: ActivityDependencies, analysis: DueAnalysis, detail: AnalysisDetail): Promise<void> {
  const found: PersonFound[] = detail.people.map((person) => ({ objId: person.objId, preview: person.previewUrl }));
  const before = await peopleBefore(deps.ledger.db, analysis.id);
  // Once numbered anew they stay in doubt: numbers may have been read from any of the earlier ones.
  const inDoubt = before?.some((person) => person.renumbered === true) === true;
  const renumbered = before !== null && (inDoubt || !(await samePeople(deps, before, found)));
  const people = renumbered ? found.map((person) => ({ ...person, renumbered: true as const })) : found;
  await deps.ledger.write((tx, nowMs) =>
    settleAnalysis(tx, analysis.id, { kind: 'done', people, check: checkOf(analysis.vendorId) }, nowMs),
  );
}

/** Four letters or digits that name an analysis to people (`check` in manifests). */
function checkOf(vendorId: string): string {
  return BigInt(`0x${createHash('sha256').update(vendorId).digest('hex').slice(0, 12)}`)
    .toString(36)
    .padStart(4, '0')
    .slice(0, 4);
}

function settleFailed(deps: ActivityDependencies, analysis: DueAnalysis, detail: AnalysisDetail): Promise<unknown> {
  const vendor = [detail.errorCode, detail.errorReason].filter((part) => part !== null && part !== '').join(' ');
  const message =
    vendor === ''
      ? 'the vendor could not analyse the video and gave no reason'
      : `the vendor could not analyse the video: ${detail.errorReason ?? ''}`;
  const reason = { code: 'P106', message, vendor: vendor === '' ? null : vendor, next: FAILURE_CODES.P106.next };
  return deps.ledger.write((tx, nowMs) =>
    settleAnalysis(tx, analysis.id, { kind: 'failed', code: 'status-4', vendorText: vendor, reason }, nowMs),
  );
}

async function settleUnknown(deps: ActivityDependencies, analysis: DueAnalysis): Promise<void> {
  const reason = {
    code: 'P106',
    message: 'the vendor no longer knows the analysis it accepted',
    vendor: null,
    next: FAILURE_CODES.P106.next,
  };
  await deps.ledger.write((tx, nowMs) =>
    settleAnalysis(tx, analysis.id, { kind: 'failed', code: 'not-found', vendorText: null, reason }, nowMs),
  );
  deps.wakeUps.poke();
}
