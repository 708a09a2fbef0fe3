import { expect, it } from 'vitest';
import { freeItems, restItems } from '../../ledger/resting-items.ts';
import { glance } from '../../ledger/lane-glance.ts';
import { readyItems } from '../../ledger/lane-queries.ts';
import { cancelItems, openRound } from '../../ledger/operator-steps.ts';
import { retryItem } from '../../ledger/take-up-again.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { batchRow, bind, claim, itemRow, makeAccount, readyBatch, sending } from './ledger-world.ts';

onBothDatabases('rounds', (opened) => {
  it('of several who saw the same round end one opens the next', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch } = await readyBatch(ledger, account, 1);
    const handles = [ledger, await opened.again()];
    const open = (n: number, after: number | null) =>
      handles[n % 2]!.write((tx, nowMs) =>
        openRound(tx, { batch, account }, { after, by: `who${n}`, detail: 'resume' }, nowMs),
      );
    const all = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => open(n, 1)));
    expect(all.filter((one) => one.opened)).toHaveLength(1);
    expect(all.every((one) => one.round === 2)).toBe(true);
    expect(await open(0, null)).toEqual({ round: 2, opened: false });
    expect(await open(0, 2)).toEqual({ round: 3, opened: true });
    expect(await batchRow(ledger, batch)).toMatchObject({ round: 3, state: 'running' });
  });

  it('a retry that was planned on an earlier attempt comes to nothing', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const key = work[0]!.item;
    await ledger.write((tx) =>
      tx.updateTable('items').set({ state: 'failed', attempt: 7 }).where('key', '=', key).execute(),
    );
    const retry = (attempt: number | null) =>
      ledger.write((tx, nowMs) =>
        retryItem(
          tx,
          { batch, account },
          {
            key,
            item: 'a',
            from: 'failed',
            attempt,
            round: 2,
            salt: null,
            nextVersion: false,
            reanalyse: false,
            approves: null,
          },
          'mira',
          nowMs,
        ),
      );
    expect([await retry(null), await retry(6), await retry(7), await retry(7)]).toEqual([false, false, true, false]);
    expect(await itemRow(ledger, key)).toMatchObject({ state: 'pending', attempt: null, round: 2 });
  });

  it('a held item is neither due nor claimed, and keeps no round open', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 3);
    const [one, two, three] = work.map(({ item }) => item);
    await ledger.write((tx) => restItems(tx, batch, [one!, two!]));
    const at = { batch, lane: 0 };
    const due = async () => {
      const nowMs = await ledger.now();
      return (await readyItems(ledger.db, at, nowMs, 10)).map(({ key }) => key);
    };
    const open = async () => (await glance(ledger.db, at)).has.has('ready');
    expect(await due()).toEqual([three]);
    // Also for whoever had read it as ready before.
    expect((await claim(ledger, work[0]!)).kind).toBe('taken');
    expect((await claim(ledger, work[2]!)).kind).toBe('claimed');
    expect(await open()).toBe(false);
    // Others instead; then the rest.
    await ledger.write((tx) => restItems(tx, batch, [one!]));
    expect(await due()).toEqual([two]);
    expect(await ledger.write((tx) => freeItems(tx, batch, [two!]))).toBe(false);
    expect(await ledger.write((tx) => freeItems(tx, batch))).toBe(true);
    expect([await due(), await open()]).toEqual([[one, two], true]);
  });

  it('cancel ends what was not sent, or only what was not even started; done twice it is recorded once', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 3);
    const [fresh, sent] = work;
    await ledger.write((tx) =>
      tx.updateTable('items').set({ state: 'pending' }).where('key', '=', fresh!.item).execute(),
    );
    const paid = await sending(ledger, sent!);
    const cancel = (notStarted: boolean) =>
      ledger.write((tx, nowMs) =>
        cancelItems(tx, { batch, account }, { by: 'mira', reason: 'over', notStarted }, nowMs),
      );
    const states = async () =>
      (await Promise.all(work.map(({ item }) => itemRow(ledger, item)))).map((row) => row.state);
    expect([await cancel(true), await cancel(true)]).toEqual([1, 0]);
    expect(await states()).toEqual(['cancelled', 'submitting', 'ready']);
    expect([await cancel(false), await cancel(false)]).toEqual([1, 0]);
    expect(await states()).toEqual(['cancelled', 'submitting', 'cancelled']);
    // What was being sent is bound and followed all the same.
    await bind(ledger, paid);
    expect(await states()).toEqual(['cancelled', 'queued', 'cancelled']);
    const events = await ledger.db
      .selectFrom('events')
      .select(['by_whom', 'detail'])
      .where('batch', '=', batch)
      .where('type', '=', 'cancelled')
      .orderBy('seq')
      .execute();
    expect(events).toEqual([
      { by_whom: 'mira', detail: '1 items: over' },
      { by_whom: 'mira', detail: '1 items: over' },
    ]);
  });
});
