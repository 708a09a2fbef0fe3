import { expect, it } from 'vitest';
import { abandonAttempt } from '../../ledger/abandon-attempt.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import { attachItem } from '../../ledger/resolve-item.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { dueTasks } from '../../ledger/lane-queries.ts';
import { onBothDatabases, type Opened } from './ledger-harness.ts';
import {
  attemptRow,
  batchRow,
  bind,
  bindNow,
  claim,
  claimed,
  itemRow,
  makeAccount,
  permit,
  readyBatch,
  sending,
} from './ledger-world.ts';

const LOST = { code: 'U101', message: 'answer lost', next: 'resolve' };

/** Two batches with one item each, the same work; the second follows the first. */
async function leaderAndFollower(opened: Opened) {
  const { ledger } = opened;
  const account = await makeAccount(ledger);
  const keys = ['the-same'];
  const first = await readyBatch(ledger, account, 1, { keys });
  const second = await readyBatch(ledger, account, 1, { keys });
  const attempt = await sending(ledger, first.work[0]!);
  const met = await claim(ledger, second.work[0]!);
  expect(met).toEqual({ kind: 'attach', attempt });
  await ledger.write((tx, nowMs) => attachItem(tx, second.work[0]!.item, attempt, nowMs));
  const follower = () => itemRow(ledger, second.work[0]!.item);
  return { ledger, account, attempt, first, second, follower };
}

onBothDatabases('the same work in two batches', (opened) => {
  it('is paid once: the second follows the first and costs nothing', async () => {
    const { ledger, account, attempt, first, second, follower } = await leaderAndFollower(opened);
    expect(await follower()).toMatchObject({ state: 'queued', attempt, attached: 1 });
    const { taskId } = await bind(ledger, attempt);
    const due = await dueTasks(
      ledger.db,
      { batch: second.batch, lane: 0 },
      { attached: true, limit: 10 },
      Number.MAX_SAFE_INTEGER,
    );
    expect(due.map((task) => task.id)).toEqual([taskId]);
    await ledger.write((tx, nowMs) =>
      settleTask(tx, account, taskId, { kind: 'done', url: 'u', chargedCredits: 15, resolution: '720p' }, nowMs),
    );
    expect(await follower()).toMatchObject({ state: 'collecting', charged: 0 });
    expect(await itemRow(ledger, first.work[0]!.item)).toMatchObject({ state: 'collecting', charged: 15 });
    expect(await batchRow(ledger, second.batch)).toMatchObject({ committed: 0, charged: 0 });
  });

  it('released before sending: the follower is ready and claims for itself', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const keys = ['released'];
    const first = await readyBatch(ledger, account, 1, { keys });
    const second = await readyBatch(ledger, account, 1, { keys });
    const attempt = await claimed(ledger, first.work[0]!);
    await ledger.write((tx, nowMs) => attachItem(tx, second.work[0]!.item, attempt, nowMs));
    const after = { kind: 'again', nextAtMs: 0 } as const;
    await ledger.write((tx, nowMs) => releaseAttempt(tx, attempt, 'reserved', { code: 'gate-closed', after }, nowMs));
    expect(await itemRow(ledger, second.work[0]!.item)).toMatchObject({ state: 'ready', attempt: null, attached: 0 });
    expect(await claim(ledger, second.work[0]!)).toMatchObject({ kind: 'claimed' });
  });

  it('refused for its content: the follower fails with the same reason', async () => {
    const { ledger, attempt, follower } = await leaderAndFollower(opened);
    const reason = { code: 'P103', message: 'refused', vendor: 'bad face' };
    await ledger.write((tx, nowMs) =>
      releaseAttempt(tx, attempt, 'sending', { code: '1003', after: { kind: 'fail', reason } }, nowMs),
    );
    expect(await follower()).toMatchObject({ state: 'failed', reason_code: 'P103', reason_vendor: 'bad face' });
  });

  it('failed at the vendor: the follower fails, and the work may be tried anew', async () => {
    const { ledger, account, attempt, follower } = await leaderAndFollower(opened);
    const { taskId } = await bind(ledger, attempt);
    const reason = { code: 'P105', message: 'task failed' };
    const end = { kind: 'failed', chargedCredits: 15, reason, errorCode: '1' } as const;
    await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, end, nowMs));
    expect(await follower()).toMatchObject({ state: 'failed', reason_code: 'P105', charged: 0 });
    const third = await readyBatch(ledger, account, 1, { keys: ['the-same'] });
    expect(await claim(ledger, third.work[0]!)).toMatchObject({ kind: 'claimed' });
  });

  it('uncertain: who follows or comes later is uncertain too and says why; bound late, all go on', async () => {
    const { ledger, account, attempt, follower } = await leaderAndFollower(opened);
    await ledger.write((tx, nowMs) => markUncertain(tx, attempt, LOST, nowMs));
    expect(await follower()).toMatchObject({ state: 'uncertain', reason_code: 'U101' });
    const third = await readyBatch(ledger, account, 1, { keys: ['the-same'] });
    expect(await claim(ledger, third.work[0]!)).toEqual({ kind: 'attach', attempt });
    await ledger.write((tx, nowMs) => attachItem(tx, third.work[0]!.item, attempt, nowMs));
    expect(await itemRow(ledger, third.work[0]!.item)).toMatchObject({
      state: 'uncertain',
      reason_message: 'answer lost',
    });
    expect((await bind(ledger, attempt)).said).toBe('bound');
    expect(await follower()).toMatchObject({ state: 'queued', reason_code: null });
    expect(await itemRow(ledger, third.work[0]!.item)).toMatchObject({ state: 'queued', reason_code: null });
  });

  it('done before: a later batch collects it without any attempt', async () => {
    const { ledger, account, attempt } = await leaderAndFollower(opened);
    const { taskId } = await bind(ledger, attempt);
    const end = { kind: 'done', url: 'u', chargedCredits: 15, resolution: '720p' } as const;
    await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, end, nowMs));
    const third = await readyBatch(ledger, account, 1, { keys: ['the-same'] });
    expect(await claim(ledger, third.work[0]!)).toEqual({ kind: 'attach', attempt });
    await ledger.write((tx, nowMs) => attachItem(tx, third.work[0]!.item, attempt, nowMs));
    expect(await itemRow(ledger, third.work[0]!.item)).toMatchObject({ state: 'collecting', attached: 1 });
  });

  it('never follows an attempt that ended without an output meanwhile', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const first = await readyBatch(ledger, account, 1, { keys: ['gone'] });
    const second = await readyBatch(ledger, account, 1, { keys: ['gone'] });
    const attempt = await claimed(ledger, first.work[0]!);
    const met = await claim(ledger, second.work[0]!);
    expect(met).toEqual({ kind: 'attach', attempt });
    const after = { kind: 'again', nextAtMs: 0 } as const;
    await ledger.write((tx, nowMs) => releaseAttempt(tx, attempt, 'reserved', { code: 'gate-closed', after }, nowMs));
    expect(await ledger.write((tx, nowMs) => attachItem(tx, second.work[0]!.item, attempt, nowMs))).toBe(false);
    expect(await itemRow(ledger, second.work[0]!.item)).toMatchObject({ state: 'ready', attempt: null });
  });

  it('one item has one live attempt, whatever its work key', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 1);
    await sending(ledger, work[0]!);
    expect(await claim(ledger, work[0]!, { workKey: 'another' })).toEqual({ kind: 'taken' });
  });
});

onBothDatabases('ids that turn up late', (opened) => {
  it('an abandoned attempt keeps its task as an orphan; hold, then charge, count against the budget', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1, { expected: 15 });
    const attempt = await sending(ledger, work[0]!);
    await ledger.write((tx, nowMs) => markUncertain(tx, attempt, LOST, nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 15, open_tasks: 1 });
    await ledger.write((tx, nowMs) =>
      abandonAttempt(tx, attempt, { by: 'ann', code: 'U104', after: { kind: 'again', nextAtMs: 0 } }, nowMs),
    );
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 0, open_tasks: 0 });
    const second = await sending(ledger, work[0]!);
    expect((await attemptRow(ledger, second)).n).toBe(2);
    const late = await bind(ledger, attempt);
    expect(late.said).toBe('orphan');
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 30 });
    expect((await bind(ledger, attempt, { taskId: late.taskId })).said).toBe('already');
    const end = { kind: 'done', url: 'u', chargedCredits: 20, resolution: '720p' } as const;
    await ledger.write((tx, nowMs) => settleTask(tx, account, late.taskId, end, nowMs));
    await ledger.write((tx, nowMs) => settleTask(tx, account, late.taskId, end, nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 35, charged: 20 });
    expect(await itemRow(ledger, work[0]!.item)).toMatchObject({ state: 'submitting', charged: 0 });
  });

  it('a second task of a bound attempt is its orphan', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const attempt = await sending(ledger, work[0]!);
    await bind(ledger, attempt);
    expect((await bind(ledger, attempt)).said).toBe('orphan');
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 30, open_tasks: 1 });
  });

  it('an id that belongs to another attempt binds nothing', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 2);
    const one = await sending(ledger, work[0]!);
    const two = await sending(ledger, work[1]!);
    const { taskId } = await bind(ledger, one);
    expect((await bind(ledger, two, { taskId })).said).toBe('elsewhere');
    expect((await attemptRow(ledger, two)).state).toBe('sending');
    expect(await ledger.write((tx, nowMs) => bindNow(tx, 987_654_321, 'x', null, nowMs))).toBe('unknown-attempt');
  });

  it('two processes that send the same attempt: one has the permit', async () => {
    const { ledger } = opened;
    const other = await opened.again();
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 1);
    const attempt = await claimed(ledger, work[0]!);
    const answers = await Promise.all([permit(ledger, attempt, account, 'a'), permit(other, attempt, account, 'b')]);
    expect(answers.map((a) => a.kind).toSorted()).toEqual(['go', 'gone']);
  });
});
