import { expect, it } from 'vitest';
import { releaseLease, renewLease } from '../../ledger/batch-lease.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { enter, itemColumns, makeAccount, startRow, freshName } from './ledger-world.ts';

onBothDatabases('leases', (opened) => {
  const lease = (batch: string, driver: string, untilMs: number, nowMs: number) =>
    opened.ledger.write((tx) => renewLease(tx, batch, driver, untilMs, nowMs));
  const someBatch = async () =>
    enter(opened.ledger, await makeAccount(opened.ledger), [startRow(itemColumns(freshName('sh'), 0))]);

  it('are taken when free, renewed by their driver, refused to others until they expire', async () => {
    const batch = await someBatch();
    expect(await lease(batch, 'a', 1_030, 1_000)).toBe(true);
    expect(await lease(batch, 'b', 1_040, 1_010)).toBe(false);
    expect(await lease(batch, 'a', 1_050, 1_020)).toBe(true);
    expect(await lease(batch, 'b', 1_080, 1_050)).toBe(false);
    expect(await lease(batch, 'b', 1_081, 1_051)).toBe(true);
    expect(await lease(batch, 'a', 1_090, 1_060)).toBe(false);
  });

  it('are free at once when given back, and only their driver can give them back', async () => {
    const batch = await someBatch();
    await lease(batch, 'a', 9_000, 1_000);
    await opened.ledger.write((tx) => releaseLease(tx, batch, 'b'));
    expect(await lease(batch, 'b', 9_000, 1_001)).toBe(false);
    await opened.ledger.write((tx) => releaseLease(tx, batch, 'a'));
    expect(await lease(batch, 'b', 9_000, 1_002)).toBe(true);
  });

  it('two drivers at the same moment: one', async () => {
    const other = await opened.again();
    const batch = await someBatch();
    const answers = await Promise.all([
      lease(batch, 'a', 9_000, 1_000),
      other.write((tx) => renewLease(tx, batch, 'b', 9_000, 1_000)),
    ]);
    expect(answers.toSorted()).toEqual([false, true]);
  });
});
