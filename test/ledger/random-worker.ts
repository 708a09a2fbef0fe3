import { abandonAttempt } from '../../ledger/abandon-attempt.ts';
import { bindAttempt } from '../../ledger/bind-attempt.ts';
import { claimCreate } from '../../ledger/claim-create.ts';
import { closeGate, openGate } from '../../ledger/gates.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import type { Tx } from '../../ledger/open-ledger.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import { attachItem } from '../../ledger/resolve-item.ts';
import { permitCreate } from '../../ledger/send-permit.ts';
import { settleTask } from '../../ledger/settle-task.ts';

/** Numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface World {
  readonly account: string;
  readonly batches: readonly string[];
  /** Credits set aside per create; nothing is ever charged more. */
  readonly expected: number;
}

/** What a step did, for whoever keeps count of it. */
export type Did =
  | { readonly kind: 'sent'; readonly attempt: number; readonly atMs: number; readonly probe: boolean }
  | { readonly kind: 'claimed'; readonly attempt: number; readonly batch: string }
  | { readonly kind: 'nothing' | 'other'; readonly what: string };

const AGAIN = { kind: 'again', nextAtMs: 0 } as const;
const LOST = { code: 'U101', message: 'answer lost', next: 'resolve' };

/**
 * One random act of one of many processes on a ledger: it looks at the ledger as any process would, picks something that
 * may be due, and does it. Acts are whole transactions, so a random order of them is a random interleaving of processes.
 */
export async function randomStep(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const dice = chance();
  if (dice < 0.3) return claimSome(tx, world, chance, nowMs);
  if (dice < 0.5) return sendSome(tx, world, chance, nowMs);
  if (dice < 0.72) return answerSome(tx, world, chance, nowMs);
  if (dice < 0.9) return endSome(tx, world, chance, nowMs);
  if (dice < 0.97) return settleUncertain(tx, world, chance, nowMs);
  return turnGate(tx, world, chance, nowMs);
}

function pick<T>(rows: readonly T[], chance: () => number): T | undefined {
  return rows[Math.floor(chance() * rows.length)];
}
const none = (what: string): Did => ({ kind: 'nothing', what });
const did = (what: string): Did => ({ kind: 'other', what });

async function claimSome(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const batch = pick(world.batches, chance)!;
  const ready = await tx
    .selectFrom('items')
    .select(['key', 'video', 'analysis', 'work_key'])
    .where('batch', '=', batch)
    .where('state', '=', 'ready')
    .orderBy('row')
    .limit(6)
    .execute();
  const item = pick(ready, chance);
  if (item === undefined) return none('claim');
  const token = `${Math.floor(chance() * 1e15).toString(36)}-${Math.floor(chance() * 1e15).toString(36)}`;
  const candidate = {
    account: world.account,
    batch,
    item: item.key,
    lane: 0,
    video: item.video!,
    analysis: item.analysis!,
    workKey: item.work_key!,
    token,
    expected: world.expected,
    unpriced: false,
    ahead: 2,
    share: chance() < 0.2 ? 1 : 100,
  };
  const claim = await claimCreate(tx, candidate, nowMs);
  if (claim.kind === 'claimed') return { kind: 'claimed', attempt: claim.attempt, batch };
  if (claim.kind === 'attach') await attachItem(tx, item.key, claim.attempt, nowMs);
  return did(claim.kind);
}

async function someAttempt(tx: Tx, world: World, state: 'reserved' | 'sending' | 'uncertain', chance: () => number) {
  const rows = await tx
    .selectFrom('attempts')
    .select(['id', 'is_probe'])
    .where('account', '=', world.account)
    .where('state', '=', state)
    .orderBy('id')
    .limit(8)
    .execute();
  return pick(rows, chance);
}

async function sendSome(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const attempt = await someAttempt(tx, world, 'reserved', chance);
  if (attempt === undefined) return none('send');
  const permit = await permitCreate(tx, attempt.id, world.account, 'p', nowMs);
  if (permit.kind === 'go')
    return { kind: 'sent', attempt: attempt.id, atMs: permit.atMs, probe: attempt.is_probe === 1 };
  if (permit.kind === 'gate-closed' || chance() < 0.1) {
    await releaseAttempt(tx, attempt.id, 'reserved', { code: permit.kind, after: AGAIN }, nowMs);
  }
  return did(permit.kind);
}

async function answerSome(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const attempt = await someAttempt(tx, world, 'sending', chance);
  if (attempt === undefined) return none('answer');
  const dice = chance();
  if (dice < 0.7) return bindSome(tx, attempt.id, chance, nowMs);
  if (dice < 0.85) {
    const reason = { code: 'P103', message: 'refused' };
    const after = chance() < 0.5 ? AGAIN : ({ kind: 'fail', reason } as const);
    await releaseAttempt(tx, attempt.id, 'sending', { code: '1003', after }, nowMs);
    return did('refused');
  }
  await markUncertain(tx, attempt.id, LOST, nowMs);
  return did('uncertain');
}

async function bindSome(tx: Tx, attempt: number, chance: () => number, nowMs: number): Promise<Did> {
  const taskId = `task-${attempt}-${Math.floor(chance() * 1e12).toString(36)}`;
  await bindAttempt(
    tx,
    attempt,
    { taskId, hold: 100, createdAtMs: nowMs, firstPollAtMs: nowMs, resolution: '720p', by: 'answer' },
    nowMs,
  );
  return did('bound');
}

async function endSome(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const open = await tx
    .selectFrom('tasks')
    .select('id')
    .where('account', '=', world.account)
    .where('state', '=', 'open')
    .orderBy('id')
    .limit(8)
    .execute();
  const task = pick(open, chance);
  if (task === undefined) return none('end');
  const charged = [world.expected, world.expected / 2, null][Math.floor(chance() * 3)] ?? null;
  const reason = { code: 'P105', message: 'failed' };
  const end =
    chance() < 0.75
      ? ({ kind: 'done', url: 'u', chargedCredits: charged, resolution: '720p' } as const)
      : ({ kind: 'failed', chargedCredits: chance() < 0.5 ? 0 : charged, reason, errorCode: '9' } as const);
  await settleTask(tx, world.account, task.id, end, nowMs);
  // The same end heard twice, as from a callback and a poll.
  if (chance() < 0.2) await settleTask(tx, world.account, task.id, end, nowMs);
  return did(end.kind);
}

async function settleUncertain(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const attempt = await someAttempt(tx, world, 'uncertain', chance);
  if (attempt === undefined) return none('uncertain');
  if (chance() < 0.6) return bindSome(tx, attempt.id, chance, nowMs);
  await abandonAttempt(tx, attempt.id, { by: 'ann', code: 'U104', after: AGAIN }, nowMs);
  return did('abandoned');
}

async function turnGate(tx: Tx, world: World, chance: () => number, nowMs: number): Promise<Did> {
  const at = { scope: 'account', owner: world.account } as const;
  const gate = { name: 'credits', code: 'C101', reason: 'r', reopens: 'o' } as const;
  if (chance() < 0.4) return did((await closeGate(tx, at, gate, nowMs)) ? 'closed' : 'was closed');
  const probe = chance() < 0.5;
  return did((await openGate(tx, at, 'credits', { by: 't', detail: 'd', probe }, nowMs)) ? 'opened' : 'was open');
}
