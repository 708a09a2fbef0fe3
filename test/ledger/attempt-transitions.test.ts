import { describe, expect, it } from 'vitest';
import { abandonAttempt } from '../../ledger/abandon-attempt.ts';
import { answeredAfterAll } from '../../ledger/answered-after-all.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import type { Ledger, Tx } from '../../ledger/open-ledger.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import { permitCreate } from '../../ledger/send-permit.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { ATTEMPT_STATES, type AttemptState } from '../../schemas/states.ts';
import { onBothDatabases } from './ledger-harness.ts';
import {
  attemptRow,
  bind,
  bindNow,
  claimed,
  freshName,
  itemRow,
  makeAccount,
  permit,
  readyBatch,
  type ReadyWork,
} from './ledger-world.ts';

const LOST = { code: 'U101', message: 'answer lost', next: 'resolve' };
const AGAIN = { kind: 'again', nextAtMs: 0 } as const;

/** An attempt brought into a state by the operations that lead there. */
async function bring(ledger: Ledger, work: ReadyWork, to: AttemptState): Promise<{ attempt: number; taskId: string }> {
  const attempt = await claimed(ledger, work);
  const none = { attempt, taskId: freshName('task') };
  if (to === 'reserved') return none;
  await permit(ledger, attempt, work.candidate.account);
  switch (to) {
    case 'sending':
      return none;
    case 'bound':
    case 'settled': {
      const { taskId } = await bind(ledger, attempt);
      if (to === 'settled') {
        const end = { kind: 'done', url: 'u', chargedCredits: 15, resolution: '720p' } as const;
        await ledger.write((tx, nowMs) => settleTask(tx, work.candidate.account, taskId, end, nowMs));
      }
      return { attempt, taskId };
    }
    case 'refused':
      await ledger.write((tx, nowMs) => releaseAttempt(tx, attempt, 'sending', { code: '1003', after: AGAIN }, nowMs));
      return none;
    case 'uncertain':
    case 'abandoned':
      await ledger.write((tx, nowMs) => markUncertain(tx, attempt, LOST, nowMs));
      if (to === 'abandoned')
        await ledger.write((tx, nowMs) =>
          abandonAttempt(tx, attempt, { by: 'ann', code: 'U104', after: AGAIN }, nowMs),
        );
      return none;
    default:
      return to satisfies never;
  }
}

type Place = { readonly attempt: number; readonly taskId: string; readonly account: string };
/** What an operation leaves behind, per state it meets; states not named are left as they are. */
interface Operation {
  readonly run: (tx: Tx, at: Place, nowMs: number) => Promise<unknown>;
  readonly leads: Partial<Record<AttemptState, { readonly to: AttemptState; readonly item: string }>>;
}

const OPERATIONS: Record<string, Operation> = {
  permit: {
    run: (tx, at, nowMs) => permitCreate(tx, at.attempt, at.account, 'me', nowMs),
    leads: { reserved: { to: 'sending', item: 'submitting' } },
  },
  'release unsent': {
    run: (tx, at, nowMs) => releaseAttempt(tx, at.attempt, 'reserved', { code: 'gate-closed', after: AGAIN }, nowMs),
    leads: { reserved: { to: 'refused', item: 'ready' } },
  },
  'refuse sent': {
    run: (tx, at, nowMs) => {
      const reason = { code: 'P103', message: 'refused' };
      return releaseAttempt(tx, at.attempt, 'sending', { code: '1003', after: { kind: 'fail', reason } }, nowMs);
    },
    leads: { sending: { to: 'refused', item: 'failed' } },
  },
  'refuse after all': {
    run: (tx, at, nowMs) =>
      answeredAfterAll(tx, at.attempt, { code: '1005', vendorText: 'later', after: AGAIN }, nowMs),
    leads: { uncertain: { to: 'refused', item: 'ready' } },
  },
  bind: {
    run: (tx, at, nowMs) => bindNow(tx, at.attempt, at.taskId, 100, nowMs),
    leads: {
      sending: { to: 'bound', item: 'queued' },
      uncertain: { to: 'bound', item: 'queued' },
      // A task turned up: its item, ready to be paid again, follows it instead.
      refused: { to: 'refused', item: 'queued' },
      abandoned: { to: 'abandoned', item: 'queued' },
    },
  },
  'mark uncertain': {
    run: (tx, at, nowMs) => markUncertain(tx, at.attempt, LOST, nowMs),
    leads: { sending: { to: 'uncertain', item: 'uncertain' } },
  },
  abandon: {
    run: (tx, at, nowMs) => abandonAttempt(tx, at.attempt, { by: 'ann', code: 'U104', after: AGAIN }, nowMs),
    leads: { uncertain: { to: 'abandoned', item: 'ready' } },
  },
  'settle done': {
    run: (tx, at, nowMs) =>
      settleTask(tx, at.account, at.taskId, { kind: 'done', url: 'u', chargedCredits: 15, resolution: '720p' }, nowMs),
    leads: { bound: { to: 'settled', item: 'collecting' } },
  },
  'settle failed': {
    run: (tx, at, nowMs) => {
      const reason = { code: 'P105', message: 'failed' };
      return settleTask(
        tx,
        at.account,
        at.taskId,
        { kind: 'failed', chargedCredits: 0, reason, errorCode: '9' },
        nowMs,
      );
    },
    leads: { bound: { to: 'settled', item: 'failed' } },
  },
};

onBothDatabases('attempt transitions', (opened) => {
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    describe(name, () => {
      for (const from of ATTEMPT_STATES) {
        const lead = operation.leads[from];
        it(`${from} -> ${lead?.to ?? 'unchanged'}, run twice`, async () => {
          const { ledger } = opened;
          const account = await makeAccount(ledger);
          const { work } = await readyBatch(ledger, account, 1);
          const at = { ...(await bring(ledger, work[0]!, from)), account };
          const before = { attempt: await attemptRow(ledger, at.attempt), item: await itemRow(ledger, work[0]!.item) };
          const run = () => ledger.write((tx, nowMs) => operation.run(tx, at, nowMs));
          await run();
          const after = { attempt: await attemptRow(ledger, at.attempt), item: await itemRow(ledger, work[0]!.item) };
          if (lead === undefined) expect(after).toEqual(before);
          else
            expect({ state: after.attempt.state, item: after.item.state }).toEqual({ state: lead.to, item: lead.item });
          await run();
          expect((await attemptRow(ledger, at.attempt)).state).toBe(after.attempt.state);
          expect((await itemRow(ledger, work[0]!.item)).state).toBe(after.item.state);
        });
      }
    });
  }
});
