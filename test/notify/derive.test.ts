import { expect, it } from 'vitest';
import { recordEvent } from '../../ledger/events.ts';
import { closeGate } from '../../ledger/gates.ts';
import { claimNotices } from '../../ledger/notices.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { deriveNotices } from '../../operations/derive-notices.ts';
import { NOTICE_EVENTS, type Notice } from '../../schemas/notice.ts';
import type { EventType } from '../../schemas/events.ts';
import { onBothDatabases } from '../ledger/ledger-harness.ts';
import { bind, makeAccount, readyBatch, sending } from '../ledger/ledger-world.ts';

const DAY = 86_400_000;
const ALL = [{ name: 'studio', events: NOTICE_EVENTS }];

onBothDatabases('what people are told of', (opened) => {
  /** What is told after something happened, and then once more, when nothing has. */
  async function told(happens: () => Promise<unknown>): Promise<Notice[]> {
    const { ledger } = opened;
    await deriveNotices(ledger, ALL);
    await ledger.write((tx, nowMs) => claimNotices(tx, 100, DAY, nowMs));
    await happens();
    await deriveNotices(ledger, ALL);
    await deriveNotices(ledger, ALL);
    const rows = await ledger.write((tx, nowMs) => claimNotices(tx, 100, DAY, nowMs));
    return rows.map(({ body }) => JSON.parse(body) as Notice);
  }
  const happened = (type: EventType, batch: string, detail: string) =>
    opened.ledger.write((tx, nowMs) => recordEvent(tx, { type, batch, detail }, nowMs));

  it.each([
    [
      'schedule-refused',
      'shots.csv: M112 shots.csv:2:40 at https://media.example/x',
      'batch.schedule-refused',
      'schedule show',
    ],
    ['schedule-skipped', '2026-11-24T22:00: the run before was still going', 'batch.schedule-skipped', 'schedule show'],
    [
      'schedule-missed',
      '4 up to 2026-11-24T22:00: nothing was up to start it',
      'batch.schedule-skipped',
      'schedule show',
    ],
    ['charge-above-estimate', 'charged 30, expected 15', 'batch.charge-above-estimate', 'status'],
    ['wait-ended', 'no callback came in time; a person decides', 'batch.uncertain', '--state uncertain'],
  ] as const)('%s: once, without addresses, with the next command', async (type, detail, notice, next) => {
    const { ledger } = opened;
    const { batch } = await readyBatch(ledger, await makeAccount(ledger), 1);
    const messages = await told(() => happened(type, batch, detail));
    expect(messages).toMatchObject([
      { type: notice, data: { batch, next: expect.stringContaining(next) as string, round: 1 } },
    ]);
    expect(JSON.stringify(messages)).not.toContain('media.example');
  });

  it('the end of a round tells of picks and of uncertain creates', async () => {
    const { ledger } = opened;
    const { batch, work } = await readyBatch(ledger, await makeAccount(ledger), 2);
    await ledger.write((tx) =>
      tx.updateTable('items').set({ state: 'needs-pick' }).where('key', '=', work[0]!.item).execute(),
    );
    await ledger.write((tx) =>
      tx.updateTable('items').set({ state: 'uncertain' }).where('key', '=', work[1]!.item).execute(),
    );
    const messages = await told(() => happened('round-ended', batch, 'waiting'));
    expect(messages.map(({ type }) => type).toSorted()).toEqual(['batch.uncertain', 'batch.waiting-for-picks']);
  });

  it('a gate of credits, as long as it is closed once a round', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch } = await readyBatch(ledger, account, 1);
    const why = { name: 'credits', code: 'C101', reason: 'no credits left', reopens: 'by itself' } as const;
    const messages = await told(() =>
      ledger.write((tx, nowMs) => closeGate(tx, { scope: 'account', owner: account }, why, nowMs)),
    );
    expect(messages).toMatchObject([{ type: 'batch.credits', data: { batch, next: 'headswap credits' } }]);
  });

  it('outputs that are paid and not here while their links grow old', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 2);
    const end = { kind: 'done', url: 'https://cdn.example/x.mp4', chargedCredits: 15, resolution: '720p' } as const;
    for (const one of work) {
      const { taskId } = await bind(ledger, await sending(ledger, one));
      await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, end, nowMs));
    }
    const old = (days: number) =>
      ledger.write((tx, nowMs) =>
        tx
          .updateTable('tasks')
          .set({ ended_at: nowMs - days * DAY })
          .where('batch', '=', batch)
          .execute(),
      );
    expect(await told(() => old(4))).toEqual([]);
    const messages = await told(() => old(6));
    expect(messages).toMatchObject([
      {
        type: 'batch.output-expiring',
        data: {
          batch,
          text: expect.stringContaining('2 paid outputs') as string,
          next: `headswap fetch ${batch} --missing`,
        },
      },
    ]);
    expect(JSON.stringify(messages)).not.toContain('cdn.example');
  });
});
