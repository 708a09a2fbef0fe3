import { reasonOf } from '../schemas/failure-codes.ts';
import { abandonAttempt } from './abandon-attempt.ts';
import { lockAccount } from './account-row.ts';

import { openGate } from './gates.ts';
import type { Tx } from './open-ledger.ts';
import { recordAct } from './operator-steps.ts';

export type Settlement = 'not-created' | 'pay-again';

/**
 * A person says what to do about an uncertain create: the item fails (`resume` takes it up), or is ready to be paid again.
 * Returns whether this call settled it.
 */
export async function settleByHand(
  tx: Tx,
  at: { readonly batch: string; readonly account: string; readonly item: string; readonly attempt: number },
  how: Settlement,
  by: string,
  nowMs: number,
): Promise<boolean> {
  const after =
    how === 'pay-again'
      ? ({ kind: 'again', nextAtMs: 0 } as const)
      : ({ kind: 'fail', reason: reasonOf('U104', at) } as const);
  if (!(await abandonAttempt(tx, at.attempt, { by, code: how, after }, nowMs))) return false;
  await recordAct(tx, at, 'resolved', by, how === 'pay-again' ? 'to be paid again' : 'not created', nowMs);
  await openUncertainGate(tx, at.account, by, nowMs);
  return true;
}

/** After a task id was bound by hand: the uncertain gate opens when fewer are left than it takes. */
export async function openUncertainGate(tx: Tx, account: string, by: string, nowMs: number): Promise<void> {
  const row = await lockAccount(tx, account);
  if (row.uncertain < row.max_uncertain)
    await openGate(tx, { scope: 'account', owner: account }, 'uncertain', { by, detail: 'one was settled' }, nowMs);
}

/** The attempt an uncertain item follows, with what a task must match to be bound to it. */
export interface UncertainRow {
  readonly batch: string;
  readonly account: string;
  readonly key: number;
  readonly item: string;
  readonly attempt: number;
  readonly n: number;
  readonly sentAtMs: number;
  readonly expected: number;
  readonly balanceBefore: number | null;
  readonly videoUrl: string;
  readonly resolution: string;
  readonly code: string | null;
  /** Until when a callback is, or was, waited for; null: none can come. */
  readonly callbackUntilMs: number | null;
  /** That wait runs. */
  readonly awaiting: boolean;
}

export async function uncertainRow(db: Tx, batch: string, item: string): Promise<UncertainRow | null> {
  const row = await db
    .selectFrom('items')
    .innerJoin('attempts', 'attempts.id', 'items.attempt')
    .select([
      'items.batch',
      'attempts.account',
      'items.key',
      'items.id as item',
      'attempts.id as attempt',
      'attempts.n',
      'attempts.sent_at as sentAtMs',
      'attempts.reserved_at as reservedAtMs',
      'attempts.expected',
      'attempts.balance_before as balanceBefore',
      'items.video_url as videoUrl',
      'items.resolution',
      'attempts.code',
      'attempts.called_back as calledBack',
      'attempts.uncertain_until as until',
      'attempts.awaiting',
    ])
    .where('items.batch', '=', batch)
    .where('items.id', '=', item)
    .where('attempts.state', '=', 'uncertain')
    .executeTakeFirst();
  if (row === undefined) return null;
  const { reservedAtMs, calledBack, until, ...rest } = row;
  return {
    ...rest,
    sentAtMs: row.sentAtMs ?? reservedAtMs,
    callbackUntilMs: calledBack === 1 ? until : null,
    awaiting: row.awaiting === 1,
  };
}
