import { expect, it } from 'vitest';
import { settleTask } from '../../ledger/settle-task.ts';
import { moneyBy } from '../../ledger/status-queries.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { bind, makeAccount, readyBatch, sending } from './ledger-world.ts';

onBothDatabases('money of an account', (opened) => {
  it('is told by batch, project and day: what is spent, what is held, how many tasks', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const [spring, autumn] = [await readyBatch(ledger, account, 3), await readyBatch(ledger, account, 1)];
    for (const [{ work }, projects] of [
      [spring, ['nordlys', 'nordlys', null]],
      [autumn, ['nordlys']],
    ] as const)
      for (const [n, project] of projects.entries())
        await ledger.write((tx) => tx.updateTable('items').set({ project }).where('key', '=', work[n]!.item).execute());
    const done = { kind: 'done', url: 'u', chargedCredits: 12, resolution: '720p' } as const;
    for (const one of [spring.work[0]!, spring.work[2]!, autumn.work[0]!]) {
      const { taskId } = await bind(ledger, await sending(ledger, one));
      await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, done, nowMs));
    }
    // At the vendor: held with what the vendor said.
    await bind(ledger, await sending(ledger, spring.work[1]!), { hold: 100 });
    expect(await moneyBy(ledger.db, account, 'project')).toEqual([
      { key: '', held: 0, spent: 12, tasks: 1 },
      { key: 'nordlys', held: 100, spent: 24, tasks: 3 },
    ]);
    const byBatch = await moneyBy(ledger.db, account, 'batch');
    expect(Object.fromEntries(byBatch.map(({ key, ...money }) => [key, money]))).toEqual({
      [spring.batch]: { held: 100, spent: 24, tasks: 3 },
      [autumn.batch]: { held: 0, spent: 12, tasks: 1 },
    });
    const days = await moneyBy(ledger.db, account, 'day');
    expect(days.every(({ key }) => /^\d{4}-\d\d-\d\d$/u.test(key))).toBe(true);
    expect(days.reduce((sum, { spent }) => sum + spent, 0)).toBe(36);
    expect(await moneyBy(ledger.db, account, null)).toEqual([{ key: '', held: 100, spent: 36, tasks: 4 }]);
  });
});
