import type { Problem } from '../akool/outcome.ts';
import { lockAccount, readMemory, writeMemory } from '../ledger/account-row.ts';
import { recordEvent } from '../ledger/events.ts';
import { closeGate, type GateClosing } from '../ledger/gates.ts';
import type { Tx } from '../ledger/open-ledger.ts';
import { holdOffMs, shrinkOpenLimit, slowDown } from '../ledger/pace.ts';
import type { AccountRow } from '../ledger/tables.ts';
import { aboutToSettle } from '../ledger/vendor-health.ts';

/**
 * What a refusal means for everybody on the account: a gate, or a slower pace. Applied in the transaction that books the
 * refusal. Refusals of calls that were claimed under an older gate epoch change nothing: a stale "no credits" must not
 * close a gate that was opened since.
 */
export async function applyCondition(
  tx: Tx,
  refusal: {
    readonly account: string;
    readonly call: 'create' | 'analyze' | 'poll';
    readonly problem: Problem;
    readonly sentAtMs: number;
    /** The epoch the call was claimed under; null for reads. */
    readonly epoch: number | null;
    readonly keyFingerprint: string;
    readonly by?: string;
  },
  nowMs: number,
): Promise<void> {
  const account = await lockAccount(tx, refusal.account);
  const stale = refusal.epoch !== null && refusal.epoch < account.gate_epoch;
  const { consequence } = refusal.problem;
  switch (consequence.kind) {
    case 'gate':
    case 'misconfigured':
      if (!stale)
        await closeGate(
          tx,
          { scope: 'account', owner: refusal.account },
          gateOf(refusal.problem, await aboutToSettle(tx, account.id), refusal.keyFingerprint, nowMs),
          nowMs,
        );
      return;
    case 'wait-and-retry':
      if (consequence.because === 'throttled')
        await throttle(tx, account, refusal.call, refusal.sentAtMs, consequence.retryAfterMs, nowMs);
      return;
    case 'fail-item':
    case 'reanalyse':
    case 'not-found':
    case 'uncertain':
      return;
    default:
      consequence satisfies never;
  }
}

/** Balance is read at most this often while a gate waits for it (design D5). */
export const BALANCE_EVERY_MS = 30_000;
const UNWELL_PROBE_MS = 2_000;

function gateOf(problem: Problem, running: number, keyFingerprint: string, nowMs: number): GateClosing {
  const said = problem.code === null ? problem.message : `the vendor said ${problem.code}: ${problem.message}`;
  const gate = problem.consequence.kind === 'gate' ? problem.consequence.gate : 'misconfigured';
  switch (gate) {
    case 'credits':
      return running > 0
        ? {
            name: 'credits',
            code: 'C104',
            reason: `holds of ${running} running tasks tie up the balance (${said})`,
            reopens: 'by itself when running tasks settle',
            probeAtMs: nowMs + BALANCE_EVERY_MS,
            memo: { openTasks: running },
          }
        : {
            name: 'credits',
            code: 'C101',
            reason: `out of credits (${said})`,
            reopens: 'by itself within a minute after a top-up',
            probeAtMs: nowMs + BALANCE_EVERY_MS,
            memo: { openTasks: 0 },
          };
    case 'authorisation':
      return {
        name: 'authorisation',
        code: problem.code === 1200 ? 'A102' : 'A101',
        reason: `the key was refused (${said})`,
        reopens: 'run or resume with a good key',
        memo: { keyFingerprint },
      };
    case 'misconfigured':
      return {
        name: 'authorisation',
        code: 'A106',
        reason: `base_url does not lead to the vendor API (${said})`,
        reopens: 'run or resume with a corrected base_url',
        memo: { keyFingerprint: '' },
      };
    case 'plan':
      return {
        name: 'plan',
        code: 'A104',
        reason: `the account's plan does not allow this (${said})`,
        reopens: 'run or resume after the plan was changed',
        memo: { keyFingerprint },
      };
    case 'unpaid':
      return {
        name: 'unpaid',
        code: 'A105',
        reason: `the account is unpaid (${said})`,
        reopens: 'run or resume after the payment',
        memo: { keyFingerprint },
      };
    default:
      return gate satisfies never;
  }
}

async function throttle(
  tx: Tx,
  account: AccountRow,
  call: 'create' | 'analyze' | 'poll',
  sentAtMs: number,
  retryAfterMs: number | null,
  nowMs: number,
): Promise<void> {
  const memory = readMemory(account);
  const accepted = await acceptedPerSecond(tx, account.id, call, nowMs);
  const before = memory[call];
  const after = slowDown(before, { sentAtMs, acceptedPerSecond: accepted }, nowMs);
  const next = `next_${call}_at` as const;
  await tx
    .updateTable('accounts')
    .set({ [next]: Math.max(account[next], nowMs + holdOffMs(after, retryAfterMs)) })
    .where('id', '=', account.id)
    .execute();
  if (after === before) return;
  await writeMemory(tx, account.id, { ...memory, [call]: after });
  const open =
    call === 'create'
      ? shrinkOpenLimit({ openTasks: account.open_tasks, acceptedPerSecond: accepted, pacePerSecond: before.perSecond })
      : null;
  if (open !== null)
    await tx
      .updateTable('accounts')
      .set({ open_limit: Math.max(1, open) })
      .where('id', '=', account.id)
      .execute();
  const limit = open === null ? '' : `, at most ${Math.max(1, open)} open`;
  await recordEvent(
    tx,
    {
      type: 'pace-changed',
      account: account.id,
      detail: `${call} slowed to ${after.perSecond.toFixed(2)} a second${limit}: the vendor asked for fewer calls`,
    },
    nowMs,
  );
}

const ACCEPTED_WINDOW_MS = 3_000;

/** Accepted calls per second over the last three seconds; null when none was. Polls are not recorded one by one. */
async function acceptedPerSecond(
  tx: Tx,
  account: string,
  call: 'create' | 'analyze' | 'poll',
  nowMs: number,
): Promise<number | null> {
  if (call === 'poll') return null;
  const since = nowMs - ACCEPTED_WINDOW_MS;
  const row =
    call === 'create'
      ? await tx
          .selectFrom('attempts')
          .select((e) => [e.fn.countAll<number>().as('n'), e.fn.min('sent_at').as('first')])
          .where('account', '=', account)
          .where('sent_at', '>', since)
          .where('state', 'in', ['bound', 'settled'])
          .executeTakeFirstOrThrow()
      : await tx
          .selectFrom('analyses')
          .select((e) => [e.fn.countAll<number>().as('n'), e.fn.min('sent_at').as('first')])
          .where('account', '=', account)
          .where('sent_at', '>', since)
          .where('state', 'in', ['running', 'done', 'failed'])
          .executeTakeFirstOrThrow();
  if (row.n === 0) return null;
  const spanMs = Math.max(1_000, Math.min(ACCEPTED_WINDOW_MS, nowMs - (row.first ?? since)));
  return (row.n * 1000) / spanMs;
}

const UNWELL_TRANSPORT = 5;
const UNWELL_UNCERTAIN = 3;
/** Refused alike: of the first creates of an account none was accepted; later, that many in a row (design D7). */
const ALIKE_AT_FIRST = 10;
const ALIKE_LATER = 20;

/** Each create that is lost as a probe doubles the time to the next: a long bad time must not cost many. */
const FIRST_LOST_PROBE_MS = 5_000;
const LONGEST_LOST_PROBE_MS = 60_000;

/** When the vendor is asked again after this many lost answers in a row. */
function probeAfterLostMs(lostInARow: number): number {
  return Math.min(LONGEST_LOST_PROBE_MS, FIRST_LOST_PROBE_MS * 2 ** Math.max(0, lostInARow - UNWELL_UNCERTAIN));
}

/**
 * Closes the vendor-unwell and uncertain gates when lost answers or broken connections add up (design D5). Answers go on
 * counting until a create is answered again, so the probe that is lost closes the gate at once.
 */
export async function watchHealth(
  tx: Tx,
  account: AccountRow,
  happened: 'lost' | 'refused',
  nowMs: number,
): Promise<void> {
  const at = { scope: 'account', owner: account.id } as const;
  const lost = happened === 'lost' && account.uncertain_in_a_row >= UNWELL_UNCERTAIN;
  if (lost || account.unwell_in_a_row >= UNWELL_TRANSPORT) {
    const what = lost
      ? `${account.uncertain_in_a_row} answers to creates were lost in a row`
      : `${account.unwell_in_a_row} connections failed in a row`;
    const closing: GateClosing = {
      name: 'vendor-unwell',
      code: 'P102',
      reason: what,
      reopens: 'by itself when the vendor answers a free call',
      probeAtMs: nowMs + (lost ? probeAfterLostMs(account.uncertain_in_a_row) : UNWELL_PROBE_MS),
    };
    await closeGate(tx, at, closing, nowMs);
  }
  const alike = account.refused_in_a_row;
  if ((account.accepted === 0 && alike >= ALIKE_AT_FIRST) || alike >= ALIKE_LATER) {
    const reason = `${alike} creates in a row were refused with ${account.last_refusal ?? 'the same answer'}`;
    await closeGate(
      tx,
      at,
      { name: 'refused-alike', code: 'P108', reason, reopens: 'run or resume after the cause was mended' },
      nowMs,
    );
  }
  if (account.uncertain >= account.max_uncertain) {
    const reason = `${account.uncertain} creates are uncertain, as many as max_uncertain allows`;
    await closeGate(
      tx,
      at,
      { name: 'uncertain', code: 'U103', reason, reopens: 'when one is settled: headswap resolve' },
      nowMs,
    );
  }
}
