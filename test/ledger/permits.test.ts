import { expect, it } from 'vitest';
import { closeGate } from '../../ledger/gates.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { permitCreate, permitPolls } from '../../ledger/send-permit.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { attemptRow, claimed, makeAccount, permit, readyBatch } from './ledger-world.ts';

const GAP_MS = 40;

onBothDatabases('permits', (opened) => {
  async function sentTimes(
    ledgers: readonly Ledger[],
    account: string,
    attempts: readonly number[],
  ): Promise<number[]> {
    const answers = await Promise.all(attempts.map((id, i) => permit(ledgers[i % ledgers.length]!, id, account)));
    return answers.map((answer) => (answer.kind === 'go' ? answer.atMs : Number.NaN)).toSorted((a, b) => a - b);
  }

  it('are a gap apart at least, over two handles, and none is lost', async () => {
    const { ledger } = opened;
    const other = await opened.again();
    const account = await makeAccount(ledger, { createPerSecond: 1000 / GAP_MS });
    const { work } = await readyBatch(ledger, account, 12);
    const attempts: number[] = [];
    for (const item of work) attempts.push(await claimed(ledger, item));
    const times = await sentTimes([ledger, other], account, attempts);
    for (const [i, at] of times.entries()) if (i > 0) expect(at - times[i - 1]!).toBeGreaterThanOrEqual(GAP_MS);
    expect(times).not.toContain(Number.NaN);
    const { reserved } = await ledger.db
      .selectFrom('accounts')
      .select('reserved')
      .where('id', '=', account)
      .executeTakeFirstOrThrow();
    expect(reserved).toBe(0);
  });

  it('have no burst: after a pause the first goes at once, the second a gap later', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger, { createPerSecond: 5 });
    const { work } = await readyBatch(ledger, account, 2);
    const first = await claimed(ledger, work[0]!);
    const second = await claimed(ledger, work[1]!);
    expect(await ledger.write((tx, nowMs) => permitCreate(tx, first, account, 'me', nowMs))).toMatchObject({
      kind: 'go',
    });
    const wait = await ledger.write((tx, nowMs) => permitCreate(tx, second, account, 'me', nowMs));
    if (wait.kind !== 'wait') throw new Error(wait.kind);
    expect(wait.waitMs).toBeGreaterThan(0);
    expect(wait.waitMs).toBeLessThanOrEqual(200);
  });

  it('move no counter when there is nothing to send', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { work } = await readyBatch(ledger, account, 2);
    const one = await claimed(ledger, work[0]!);
    await claimed(ledger, work[1]!);
    await permit(ledger, one, account);
    expect(await permit(ledger, one, account)).toEqual({ kind: 'gone' });
    expect(await permit(ledger, 987_654_321, account)).toEqual({ kind: 'gone' });
    const row = await ledger.db
      .selectFrom('accounts')
      .select('reserved')
      .where('id', '=', account)
      .executeTakeFirstOrThrow();
    expect(row.reserved).toBe(1);
    expect(await attemptRow(ledger, one)).toMatchObject({ state: 'sending', owner: 'me' });
  });

  it('polls: spread by their gap within the window, gates do not hold them', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger, { pollPerSecond: 8 });
    const gate = { name: 'credits', code: 'C101', reason: 'r', reopens: 'o' } as const;
    await ledger.write((tx, nowMs) => closeGate(tx, { scope: 'account', owner: account }, gate, nowMs));
    const { times, nowMs } = await ledger.write(async (tx, now) => ({
      times: await permitPolls(tx, account, 10, 500, now),
      nowMs: now,
    }));
    expect(times).toEqual([0, 125, 250, 375, 500].map((after) => nowMs + after));
    const more = await ledger.write((tx) => permitPolls(tx, account, 10, 400, nowMs));
    expect(more).toEqual([]);
  });
});
