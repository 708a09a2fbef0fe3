import { expect, it } from 'vitest';
import { lockAccount } from '../../ledger/account-row.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import { expectPrice, type LearntPrices } from '../../ledger/pricing.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import { settleTask, type TaskEnd } from '../../ledger/settle-task.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { batchRow, bind, claim, claimed, makeAccount, readyBatch, sending } from './ledger-world.ts';

const done = (chargedCredits: number | null): TaskEnd => ({
  kind: 'done',
  url: 'u',
  chargedCredits,
  resolution: '720p',
});

onBothDatabases('budgets', (opened) => {
  it('are never passed by what is set aside, sent, running or uncertain', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 5, { budget: 45 });
    await claimed(ledger, work[0]!);
    const second = await sending(ledger, work[1]!);
    await bind(ledger, second);
    const third = await sending(ledger, work[2]!);
    await ledger.write((tx, nowMs) => markUncertain(tx, third, { code: 'U101', message: 'm', next: 'n' }, nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 45, charged: 0 });
    expect(await claim(ledger, work[3]!)).toEqual({ kind: 'batch-full' });
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 45, open_tasks: 3 });
  });

  it('of two claims that fit alone but not together, one is given', async () => {
    const { ledger } = opened;
    const other = await opened.again();
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 6, { budget: 37.5, expected: 7.5 });
    const answers = await Promise.all(work.map((item, i) => claim(i % 2 === 0 ? ledger : other, item)));
    expect(answers.filter((a) => a.kind === 'claimed')).toHaveLength(5);
    expect(answers.filter((a) => a.kind === 'batch-full')).toHaveLength(1);
  });

  it('get back what was released, down to the last credit', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 2, { budget: 8, expected: 7.5 });
    const attempt = await claimed(ledger, work[0]!);
    const after = { kind: 'again', nextAtMs: 12.5 } as const;
    await ledger.write((tx, nowMs) => releaseAttempt(tx, attempt, 'reserved', { code: 'x', after }, nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 0, unpriced: 0, open_tasks: 0 });
    expect(await claim(ledger, work[1]!)).toMatchObject({ kind: 'claimed' });
  });

  it('a charge above its expectation is booked at once, and later claims use the higher price', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 3, { budget: 60, expected: 15 });
    const attempt = await sending(ledger, work[0]!);
    const { taskId } = await bind(ledger, attempt, { hold: 100 });
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 15 });
    await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, done(32.5), nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 32.5, charged: 32.5, open_tasks: 0 });
    const row = await ledger.write((tx) => lockAccount(tx, account));
    const price = expectPrice({ '720p': 15 }, JSON.parse(row.learnt_prices) as LearntPrices, '720p');
    expect(price).toEqual({ high: 32.5, low: 15, basis: 'rate-card' });
    expect(await claim(ledger, work[1]!, { expected: price.high })).toEqual({ kind: 'batch-full' });
    expect(await claim(ledger, work[1]!, { expected: 27.5 })).toMatchObject({ kind: 'claimed' });
  });

  it('a charge below gives the rest back; one the vendor does not tell stays committed, not charged', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 2, { budget: 30 });
    const first = await bind(ledger, await sending(ledger, work[0]!));
    const second = await bind(ledger, await sending(ledger, work[1]!));
    await ledger.write((tx, nowMs) => settleTask(tx, account, first.taskId, done(6), nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 21, charged: 6 });
    await ledger.write((tx, nowMs) => settleTask(tx, account, second.taskId, done(null), nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 21, charged: 6 });
  });

  it('with no price known, creates go one at a time until a hold or a charge is read', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const unknown = { expected: 0, unpriced: true };
    const { batch, work } = await readyBatch(ledger, account, 5, { budget: 150, ...unknown });
    const first = await sending(ledger, work[0]!);
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'batch-full' });
    await bind(ledger, first, { hold: 100 });
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 100, unpriced: 0 });
    // No hold told: unknown until it settles.
    const second = await sending(ledger, work[1]!);
    const { taskId } = await bind(ledger, second, { hold: null });
    expect(await claim(ledger, work[2]!)).toEqual({ kind: 'batch-full' });
    await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, done(50), nowMs));
    expect(await batchRow(ledger, batch)).toMatchObject({ committed: 150, unpriced: 0 });
    expect(await claim(ledger, work[2]!)).toEqual({ kind: 'batch-full' });
  });

  it('a free task is not an unpriced one', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 3, { budget: 50 });
    await claimed(ledger, work[0]!, { expected: 0, unpriced: true });
    const free = await sending(ledger, work[1]!, { expected: 0, unpriced: false });
    await bind(ledger, free, { hold: 0 });
    expect(await batchRow(ledger, batch)).toMatchObject({ unpriced: 1 });
    expect(await claim(ledger, work[2]!, { expected: 0, unpriced: true })).toEqual({ kind: 'batch-full' });
  });

  it('without a budget unpriced creates need not wait for each other', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 2, { expected: 0, unpriced: true });
    await claimed(ledger, work[0]!);
    expect(await claim(ledger, work[1]!)).toMatchObject({ kind: 'claimed' });
  });

  it('open tasks, the fair share and claims ahead bound what is claimed', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger, { openTasks: 3 });
    const { work } = await readyBatch(ledger, account, 6);
    expect(await claim(ledger, work[0]!, { share: 0 })).toEqual({ kind: 'batch-full' });
    await claimed(ledger, work[0]!, { ahead: 1, share: 1.5 });
    expect(await claim(ledger, work[1]!, { ahead: 1 })).toEqual({ kind: 'account-full' });
    expect(await claim(ledger, work[1]!, { share: 1 })).toEqual({ kind: 'batch-full' });
    await claimed(ledger, work[1]!, { share: Number.POSITIVE_INFINITY });
    await claimed(ledger, work[2]!, { share: Number.MAX_SAFE_INTEGER });
    expect(await claim(ledger, work[3]!)).toEqual({ kind: 'account-full' });
  });

  it('as many uncertain as allowed: no further claims until one is settled', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger, { maxUncertain: 1 });
    const { work } = await readyBatch(ledger, account, 2);
    const attempt = await sending(ledger, work[0]!);
    await ledger.write((tx, nowMs) => markUncertain(tx, attempt, { code: 'U101', message: 'm', next: 'n' }, nowMs));
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'account-full' });
    await bind(ledger, attempt);
    expect(await claim(ledger, work[1]!)).toMatchObject({ kind: 'claimed' });
  });
});
