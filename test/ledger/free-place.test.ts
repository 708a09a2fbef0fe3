import { expect, it } from 'vitest';
import { abandonAttempt } from '../../ledger/abandon-attempt.ts';
import { freeUncertainPlaces, uncertainPlaces } from '../../ledger/free-place.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { recordPoll } from '../../ledger/poll-steps.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { attemptRow, batchRow, bind, claim, itemRow, makeAccount, readyBatch, sending } from './ledger-world.ts';

const LOST = { code: 'U101', message: 'answer lost', next: 'resolve' };
const STALLED_AFTER_MS = 10_800_000;

// Design D6, last line: uncertain attempts count against money always, against the open-task ceiling only for stalled_after.
onBothDatabases('the place of an uncertain attempt', (opened) => {
  const lost = async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger, { openTasks: 1 });
    const { batch, work } = await readyBatch(ledger, account, 2);
    const attempt = await sending(ledger, work[0]!);
    await ledger.write((tx, nowMs) => markUncertain(tx, attempt, LOST, nowMs));
    return { ledger, account, batch, attempt, item: work[0]!.item, next: work[1]! };
  };
  const sweep = async (ledger: Ledger, account: string, laterMs: number) => {
    const found = await uncertainPlaces(ledger.db, account, (await ledger.now()) + laterMs - STALLED_AFTER_MS);
    await ledger.write((tx) => freeUncertainPlaces(tx, found));
    return found;
  };

  it('is kept for stalled_after and free from then on, once; its money stays set aside', async () => {
    const { ledger, account, batch, attempt, next } = await lost();
    expect(await sweep(ledger, account, STALLED_AFTER_MS - 60_000)).toEqual([]);
    expect((await claim(ledger, next)).kind).not.toBe('claimed');
    const before = await batchRow(ledger, batch);
    expect(await sweep(ledger, account, STALLED_AFTER_MS + 60_000)).toEqual([attempt]);
    await ledger.write((tx) => freeUncertainPlaces(tx, [attempt]));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: before.committed, open_tasks: 0 });
    expect(await attemptRow(ledger, attempt)).toMatchObject({ state: 'uncertain', counted_open: 0 });
    expect((await claim(ledger, next)).kind).toBe('claimed');
    expect(await verifyCounters(ledger.db)).toEqual([]);
  });

  it('is not counted again when its task turns up, which is stalled at its first look and settles as any other', async () => {
    const { ledger, account, batch, attempt, item } = await lost();
    await sweep(ledger, account, STALLED_AFTER_MS + 60_000);
    const { taskId } = await bind(ledger, attempt);
    expect(await batchRow(ledger, batch)).toMatchObject({ open_tasks: 0 });
    const said = { nextPollAtMs: 1, status: 2, notYetMs: 1, processing: true, stalled: true };
    const look = () => ledger.write((tx, nowMs) => recordPoll(tx, { account, id: taskId, attempt }, said, nowMs));
    await look();
    await look();
    expect(await itemRow(ledger, item)).toMatchObject({ state: 'processing', stalled: 1, reason_code: 'P109' });
    const told = await ledger.db
      .selectFrom('events')
      .select('seq')
      .where('batch', '=', batch)
      .where('type', '=', 'stalled')
      .execute();
    expect(told).toHaveLength(1);
    const end = { kind: 'done', url: 'u', chargedCredits: 15, resolution: '720p' } as const;
    await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, end, nowMs));
    expect(await itemRow(ledger, item)).toMatchObject({ state: 'collecting', stalled: 0 });
    expect(await verifyCounters(ledger.db)).toEqual([]);
  });

  it('is given back once when the attempt is given up, or was settled before it could be freed', async () => {
    const { ledger, account, attempt } = await lost();
    const again = { by: 'ann', code: 'pay-again', after: { kind: 'again', nextAtMs: 0 } } as const;
    await sweep(ledger, account, STALLED_AFTER_MS + 60_000);
    await ledger.write((tx, nowMs) => abandonAttempt(tx, attempt, again, nowMs));
    await ledger.write((tx) => freeUncertainPlaces(tx, [attempt]));
    expect(await verifyCounters(ledger.db)).toEqual([]);
  });
});
