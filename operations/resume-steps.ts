import { randomBytes } from 'node:crypto';
import { lockAccount } from '../ledger/account-row.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import { freeItems, restItems } from '../ledger/resting-items.ts';
import type { Ledger, Tx } from '../ledger/open-ledger.ts';
import { openBatchGates, openerOfRound, openRound, type BatchRef } from '../ledger/operator-steps.ts';
import type { ResumeRow } from '../ledger/resume-queries.ts';
import type { BatchRow } from '../ledger/tables.ts';
import { collectAgain, endWaits, rejoinItem, retryItem } from '../ledger/take-up-again.ts';
import { passTolerance } from '../ledger/tolerance-steps.ts';
import type { Judgement } from './judge-item.ts';

/** What becomes of one item of a resumed batch. */
export interface ResumeStep {
  readonly row: ResumeRow;
  readonly judgement: Judgement;
}

const STEPS_PER_WRITE = 200;

/** Gates that keep a batch's spending back until somebody resumes it. */
const RESUMED_GATES = ['stopped', 'pause', 'budget', 'cancelled'] as const;

/** Whether nothing of a batch is created until somebody resumes it. */
export async function isHeld(db: Tx, batch: BatchRow): Promise<boolean> {
  if (batch.state !== 'running') return true;
  const gates = await gatesOfBatch(db, batch.id, batch.account);
  return gates.some(({ scope, name }) => scope === 'batch' && [...RESUMED_GATES, 'tolerance'].includes(name));
}

/**
 * Makes a plan of `resume` effective, each item by compare-and-set: of several who resume at once one takes it up. `wasLeft`: nobody
 * drives the batch, whatever its state says. Returns a sentence when somebody else had opened the round already.
 */
export async function takeUpSteps(
  ledger: Ledger,
  { batch, wasLeft }: { readonly batch: BatchRow; readonly wasLeft: boolean },
  plan: { readonly steps: readonly ResumeStep[]; readonly budget: number | undefined },
  by: string,
): Promise<string | null> {
  const at = { batch: batch.id, account: batch.account };
  const ended = batch.state !== 'running' || wasLeft;
  const round = batch.round + (ended ? 1 : 0);
  const salt = randomBytes(8).toString('hex');
  const keysOf = (rest: boolean) =>
    plan.steps.flatMap(({ row, judgement }) => ((judgement.kind === 'rests') === rest ? [row.key] : []));
  const resting = keysOf(true);
  await ledger.write(async (tx, nowMs) => {
    await lockAccount(tx, batch.account);
    // While its gates are closed; where somebody has opened them meanwhile, everything runs and nothing can be held.
    const now = await tx.selectFrom('batches').selectAll().where('id', '=', batch.id).executeTakeFirstOrThrow();
    if (resting.length > 0 && (wasLeft || (await isHeld(tx, now)))) await restItems(tx, batch.id, resting);
    // First: what is tried again below has failed until now, and was seen by whoever goes on.
    await passTolerance(tx, batch.id, by, nowMs);
  });
  let moves = plan.steps.some(({ judgement }) => judgement.kind === 'goes-on');
  const takeUp = async (tx: Tx, steps: readonly ResumeStep[], nowMs: number): Promise<void> => {
    for (const { row, judgement } of steps)
      if (await takeUpItem(tx, at, { row, judgement, round, salt }, by, nowMs)) moves = true;
  };
  const last = Math.max(0, plan.steps.length - STEPS_PER_WRITE);
  for (let start = 0; start < last; start += STEPS_PER_WRITE) {
    const some = plan.steps.slice(start, Math.min(last, start + STEPS_PER_WRITE));
    await ledger.write((tx, nowMs) => takeUp(tx, some, nowMs));
  }
  // In one transaction with the last of them: whoever finds its items taken finds the round they are in as well.
  const opening = await ledger.write(async (tx, nowMs) => {
    await takeUp(tx, plan.steps.slice(last), nowMs);
    await endWaits(tx, batch.id, nowMs);
    await openBatchGates(tx, at, RESUMED_GATES, by, 'resume', nowMs);
    if (resting.length === 0) await freeItems(tx, batch.id);
    else await freeItems(tx, batch.id, keysOf(false));
    const { budget } = plan;
    return openRound(
      tx,
      at,
      { after: ended && moves ? batch.round : null, by, detail: 'resume', ...(budget === undefined ? {} : { budget }) },
      nowMs,
    );
  });
  if (opening.opened || (ended && !moves && opening.round === batch.round)) return null;
  const opener = await openerOfRound(ledger.db, batch.id);
  return `Attached to round ${opening.round}${opener === null ? '' : `, opened by ${opener}`}: it was running already.`;
}

async function takeUpItem(
  tx: Tx,
  at: BatchRef,
  step: { readonly row: ResumeRow; readonly judgement: Judgement; readonly round: number; readonly salt: string },
  by: string,
  nowMs: number,
): Promise<boolean> {
  const { row, judgement } = step;
  switch (judgement.kind) {
    case 'collect':
      return collectAgain(tx, row.key, nowMs);
    case 'rejoin':
      return rejoinItem(tx, at, { key: row.key, item: row.id }, by, nowMs);
    case 'retry': {
      const retry = {
        key: row.key,
        item: row.id,
        from: row.state,
        attempt: row.attempt,
        round: step.round,
        salt: judgement.salted ? step.salt : null,
        nextVersion: row.collected,
        reanalyse: judgement.reanalyse,
        approves: judgement.why,
      };
      return retryItem(tx, at, retry, by, nowMs);
    }
    case 'goes-on':
    case 'rests':
    case 'no':
      return false;
    default:
      return judgement satisfies never;
  }
}
