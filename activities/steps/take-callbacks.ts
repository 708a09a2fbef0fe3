import { openCallback, type CallbackSecrets } from '../../akool/callback.ts';
import { compareTask, type TaskVerdict } from '../../akool/same-task.ts';
import type { Bound } from '../../ledger/bind-attempt.ts';
import { bindByCallback, callbackAttempt, type CallbackAttempt } from '../../ledger/bind-by-callback.ts';
import { hearCallback, keepCallback, quarantineCallback, type Heard } from '../../ledger/hear-callback.ts';
import type { LaneRef } from '../../ledger/lane-queries.ts';
import type { Tx } from '../../ledger/open-ledger.ts';
import { storedCallbacks, type StoredCallback } from '../../ledger/webhook-events.ts';
import { applyCondition } from '../account-conditions.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';
import { journalOutcomeOf } from '../journal-lines.ts';
import type { Poller } from '../poller.ts';

/** Messages looked at in one tick: each costs a decryption, so that a flood takes little of any tick. */
const AT_ONCE = 50;
/** The vendor is asked about one id for one attempt at most this often. */
const ASK_AGAIN_MS = 5_000;
const LONGEST_WAIT_MS = 300_000;
/** A fresh id may not be known everywhere at once; after so many looks it never was one. */
const LOOKS_AT_STRANGERS = 6;

/**
 * Acts on callbacks that were stored for attempts of this lane (design D8): a hint to poll now, or, for an attempt without
 * a task, an id that the vendor's own detail must confirm before it is bound. Returns whether there was any.
 */
export async function takeCallbacks(
  deps: ActivityDependencies,
  poller: Poller,
  at: LaneRef,
  nowMs: number,
): Promise<boolean> {
  const events = await storedCallbacks(deps.ledger.db, at, AT_ONCE, nowMs);
  const served = events.filter((event) => deps.accounts.has(event.account));
  if (served.length === 0) return false;
  const heard = served.map((event) => ({ event, heard: open(deps, event) }));
  const toLookAt = await deps.ledger.write(async (tx, now) => {
    const looks: { event: StoredCallback; taskId: string }[] = [];
    for (const one of heard) {
      const hearing = await hearCallback(tx, one.event.id, one.heard, now);
      if (hearing === 'look' && one.heard.kind === 'named') looks.push({ event: one.event, taskId: one.heard.taskId });
    }
    return looks;
  });
  await lookAt(deps, poller, toLookAt);
  return true;
}

function open(deps: ActivityDependencies, event: StoredCallback): Heard {
  const { callbackSecrets } = servedAccount(deps, event.account);
  return callbackSecrets === null ? { kind: 'sealed' } : hear(callbackSecrets, event.body);
}

function hear(secrets: CallbackSecrets, body: string): Heard {
  const reading = openCallback(secrets, body);
  if (reading.kind === 'rejected') return reading;
  return { kind: 'named', taskId: reading.callback.taskId, status: reading.callback.status };
}

/** One question per attempt and id, whatever the number of messages, and within the account's pace of polls. */
async function lookAt(
  deps: ActivityDependencies,
  poller: Poller,
  looks: readonly { readonly event: StoredCallback; readonly taskId: string }[],
): Promise<void> {
  const byAccount = Map.groupBy(looks, ({ event }) => event.account);
  for (const [account, ofAccount] of byAccount) {
    const polls = new Map(
      ofAccount.map(({ event, taskId }) => {
        const id = `callback/${event.attempt}/${taskId}`;
        return [id, { id, poll: () => confirm(deps, event, taskId) }];
      }),
    );
    await poller.start(account, [...polls.values()]);
  }
}

/** Asks the vendor about the named task and acts on what it says. */
async function confirm(deps: ActivityDependencies, event: StoredCallback, taskId: string): Promise<void> {
  const account = servedAccount(deps, event.account);
  const at = await callbackAttempt(deps.ledger.db, event.attempt);
  if (at === null) return;
  const askedAtMs = await deps.ledger.now();
  await deps.ledger.write((tx, nowMs) => postponeAll(tx, event.attempt, taskId, nowMs + ASK_AGAIN_MS));
  const outcome = await account.client.taskDetail(taskId);
  if (outcome.kind === 'ok') {
    const asked = { ...at, requestTimeoutMs: account.requestTimeoutMs };
    const verdict = compareTask(asked, taskId, outcome.value);
    const createdAtMs = outcome.value.createdAtMs ?? at.sentAtMs;
    const bound = await deps.ledger.write((tx, nowMs) =>
      decide(tx, event.id, at, { id: taskId, createdAtMs }, verdict, nowMs),
    );
    if (bound === 'bound' || bound === 'orphan')
      journalOutcomeOf(deps, at.attempt, { type: 'bind', task_id: taskId, credits: null, outcome: null });
    deps.wakeUps.poke();
    return;
  }
  await deps.ledger.write(async (tx, nowMs) => {
    if (outcome.consequence.kind === 'not-found') {
      await tryLater(tx, event.id, at, taskId, 'the vendor does not know the task it names', nowMs);
      return;
    }
    const { keyFingerprint } = account.settings;
    const refusal = { account: event.account, problem: outcome, sentAtMs: askedAtMs, keyFingerprint } as const;
    await applyCondition(tx, { ...refusal, call: 'poll', epoch: null }, nowMs);
  });
}

async function decide(
  tx: Tx,
  event: number,
  at: CallbackAttempt,
  task: { readonly id: string; readonly createdAtMs: number },
  verdict: TaskVerdict,
  nowMs: number,
): Promise<Bound | null> {
  switch (verdict.kind) {
    case 'same': {
      const bound = await bindByCallback(tx, event, at, task, nowMs);
      await postponeAll(tx, at.attempt, task.id, nowMs);
      return bound;
    }
    case 'another':
      await quarantineAll(tx, at.attempt, task.id, `not this item's task: ${verdict.differences.join('; ')}`, nowMs);
      return null;
    case 'unclear':
      await tryLater(tx, event, at, task.id, verdict.why, nowMs);
      return null;
    default:
      return verdict satisfies never;
  }
}

async function tryLater(
  tx: Tx,
  event: number,
  at: CallbackAttempt,
  taskId: string,
  why: string,
  nowMs: number,
): Promise<void> {
  const row = await tx
    .updateTable('webhook_events')
    .set((e) => ({ tries: e('tries', '+', 1) }))
    .where('id', '=', event)
    .returning('tries')
    .executeTakeFirst();
  if (row === undefined) return;
  if (row.tries >= LOOKS_AT_STRANGERS) await quarantineAll(tx, at.attempt, taskId, why, nowMs);
  else await keepCallback(tx, event, nowMs + Math.min(LONGEST_WAIT_MS, ASK_AGAIN_MS * 2 ** row.tries));
}

/** Other messages about the same task wait for the answer that is asked for now. */
async function postponeAll(tx: Tx, attempt: number, taskId: string, untilMs: number): Promise<void> {
  for (const id of await storedAbout(tx, attempt, taskId)) await keepCallback(tx, id, untilMs);
}

async function quarantineAll(tx: Tx, attempt: number, taskId: string, why: string, nowMs: number): Promise<void> {
  for (const id of await storedAbout(tx, attempt, taskId)) await quarantineCallback(tx, id, why, nowMs);
}

async function storedAbout(tx: Tx, attempt: number, taskId: string): Promise<number[]> {
  const rows = await tx
    .selectFrom('webhook_events')
    .select('id')
    .where('attempt', '=', attempt)
    .where('task_id', '=', taskId)
    .where('state', '=', 'stored')
    .execute();
  return rows.map((row) => row.id);
}
