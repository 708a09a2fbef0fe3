import { expect, it } from 'vitest';
import {
  failCollect,
  finishCollect,
  postponeCollect,
  renewLink,
  startCollect,
  touchCollect,
} from '../../ledger/collect-steps.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { claimCollects, reissueClaims } from '../../ledger/reissue.ts';
import { attachItem } from '../../ledger/resolve-item.ts';
import { settleTask } from '../../ledger/settle-task.ts';
import { findStranded, freeCollects } from '../../ledger/sweep.ts';
import { onBothDatabases } from './ledger-harness.ts';
import { attemptRow, bind, claim, claimed, itemRow, makeAccount, readyBatch, sending } from './ledger-world.ts';

const LATER = Number.MAX_SAFE_INTEGER;
const FILE = { url: 'u', file: 'a.mp4', bytes: 9, sha256: 'h', media: 'video/mp4' };

onBothDatabases('collecting', (opened) => {
  async function paid(ledger: Ledger, keys?: readonly string[]) {
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1, keys === undefined ? {} : { keys });
    const attempt = await sending(ledger, work[0]!);
    const { taskId } = await bind(ledger, attempt);
    const end = { kind: 'done', url: 'https://cdn.example/1', chargedCredits: 15, resolution: '720p' } as const;
    await ledger.write((tx, nowMs) => settleTask(tx, account, taskId, end, nowMs));
    return { account, at: { batch, lane: 0 }, item: work[0]!.item, attempt, taskId };
  }
  const issue = (ledger: Ledger, at: { batch: string; lane: number }) =>
    ledger.write((tx, nowMs) => claimCollects(tx, at, 10, nowMs));
  const start = (ledger: Ledger, item: number, owner: string) =>
    ledger.write((tx, nowMs) => startCollect(tx, item, owner, nowMs));

  it('is issued once, taken once, finished once', async () => {
    const { ledger } = opened;
    const { account, at, item, attempt, taskId } = await paid(ledger);
    expect(await issue(ledger, at)).toEqual([item]);
    expect(await issue(ledger, at)).toEqual([]);
    const job = await start(ledger, item, 'a');
    expect(job).toMatchObject({
      item,
      account,
      attempt,
      attached: false,
      task: { id: taskId, url: 'https://cdn.example/1' },
      source: null,
    });
    expect(await start(ledger, item, 'b')).toBeNull();
    await ledger.write((tx, nowMs) => renewLink(tx, account, taskId, 'https://cdn.example/2', nowMs));
    expect((await start(ledger, item, 'a'))?.task?.url).toBe('https://cdn.example/2');
    const finish = () =>
      ledger.write((tx, nowMs) => finishCollect(tx, job!, { ...FILE, attempt, task: taskId }, null, nowMs));
    expect(await finish()).toBe(true);
    expect(await finish()).toBe(false);
    expect(await itemRow(ledger, item)).toMatchObject({ state: 'done', owner: null, charged: 15 });
    expect(await start(ledger, item, 'a')).toBeNull();
  });

  it('a failed try is issued again when its time comes', async () => {
    const { ledger } = opened;
    const { at, item } = await paid(ledger);
    await issue(ledger, at);
    await start(ledger, item, 'a');
    const nextAtMs = (await ledger.now()) + 60_000.5;
    const why = { reason: { code: 'N103', message: 'reset' }, nextAtMs, goneSinceMs: null };
    await ledger.write((tx, nowMs) => postponeCollect(tx, item, why, nowMs));
    expect(await itemRow(ledger, item)).toMatchObject({
      state: 'collecting',
      tries: 1,
      reason_code: 'N103',
      owner: null,
    });
    expect(await issue(ledger, at)).toEqual([]);
    expect(await ledger.write((tx) => claimCollects(tx, at, 10, Math.ceil(nextAtMs) + 1))).toEqual([item]);
  });

  it('paid but lost: the work may be paid again; not if somebody has collected it meanwhile', async () => {
    const { ledger } = opened;
    const reason = { code: 'N102', message: 'gone' };
    const lost = await paid(ledger);
    expect(await ledger.write((tx, nowMs) => failCollect(tx, lost, reason, nowMs))).toBe(true);
    expect(await itemRow(ledger, lost.item)).toMatchObject({ state: 'failed', reason_code: 'N102' });
    expect((await attemptRow(ledger, lost.attempt)).has_output).toBe(0);
    const kept = await paid(ledger);
    await ledger.write((tx, nowMs) =>
      finishCollect(tx, kept, { ...FILE, attempt: kept.attempt, task: kept.taskId }, null, nowMs),
    );
    expect(await ledger.write((tx, nowMs) => failCollect(tx, kept, reason, nowMs))).toBe(false);
    expect((await attemptRow(ledger, kept.attempt)).has_output).toBe(1);
    expect((await itemRow(ledger, kept.item)).state).toBe('done');
  });

  it('reused work names the file it can be copied from', async () => {
    const { ledger } = opened;
    const first = await paid(ledger, ['reused']);
    await ledger.write((tx, nowMs) =>
      finishCollect(tx, first, { ...FILE, attempt: first.attempt, task: first.taskId }, null, nowMs),
    );
    const second = await readyBatch(ledger, first.account, 1, { keys: ['reused'] });
    const { item } = second.work[0]!;
    expect(await claim(ledger, second.work[0]!)).toEqual({ kind: 'attach', attempt: first.attempt });
    await ledger.write((tx, nowMs) => attachItem(tx, item, first.attempt, nowMs));
    expect(await issue(ledger, { batch: second.batch, lane: 0 })).toEqual([item]);
    const job = await start(ledger, item, 'a');
    expect(job).toMatchObject({ attached: true, source: { batch: first.at.batch, file: 'a.mp4', sha256: 'h' } });
  });

  it('claims that were never started are issued again, started ones are not', async () => {
    const { ledger } = opened;
    const other = await opened.again();
    const { account, at, item } = await paid(ledger);
    await issue(ledger, at);
    const { batch, work } = await readyBatch(ledger, account, 2);
    const reserved = await claimed(ledger, work[0]!);
    await sending(ledger, work[1]!);
    const young = await ledger.write((tx, nowMs) => reissueClaims(tx, { batch, lane: 0 }, 60_000, 10, nowMs));
    expect(young).toEqual({ analyse: [], create: [], collect: [] });
    expect((await ledger.write((tx, nowMs) => reissueClaims(tx, { batch, lane: 0 }, 0, 10, nowMs))).create).toEqual([
      reserved,
    ]);
    expect((await ledger.write((tx, nowMs) => reissueClaims(tx, at, 0, 10, nowMs))).collect).toEqual([item]);
    // Two passes at once (a driver that was thought dead): a key goes to one of them.
    const before = (await ledger.now()) + 1_000;
    const both = await Promise.all(
      [ledger, other].map((one) => one.write((tx) => reissueClaims(tx, { batch, lane: 0 }, 500, 10, before))),
    );
    expect(both.flatMap((keys) => keys.create)).toEqual([reserved]);
    await start(ledger, item, 'a');
    expect((await ledger.write((tx) => reissueClaims(tx, at, 0, 10, LATER))).collect).toEqual([]);
  });

  it('finds what a dead process left: sends, analyses, collections, and claims nobody issues any more', async () => {
    const { ledger } = opened;
    const { account, at, item } = await paid(ledger);
    await issue(ledger, at);
    await start(ledger, item, 'dead');
    const { batch, work } = await readyBatch(ledger, account, 3);
    const mine = await sending(ledger, work[0]!);
    const reserved = await claimed(ledger, work[1]!);
    const { video } = work[2]!.candidate;
    await ledger.write((tx) =>
      tx
        .insertInto('analyses')
        .values({
          account,
          video,
          batch,
          lane: 0,
          state: 'sending',
          owner: 'dead',
          issued_at: 0,
          sent_at: 0,
          next_poll_at: 0,
          polls: 0,
        })
        .execute(),
    );
    await ledger.write((tx) =>
      tx.updateTable('accounts').set({ open_analyses: 1 }).where('id', '=', account).execute(),
    );
    const now = await ledger.now();
    const look = (owners: Record<string, 'alive' | 'dead'>, nowMs: number) =>
      findStranded(
        ledger.db,
        account,
        at,
        { requestTimeoutMs: 60_000, ownerState: (owner) => owners[owner] ?? 'unknown' },
        nowMs,
      );
    const fresh = await look({ me: 'alive', dead: 'dead' }, now + 10_000);
    expect(fresh).toMatchObject({ attempts: [], claims: [], collects: [item] });
    expect(fresh.analyses.map((a) => a.from)).toEqual(['sending']);
    expect((await look({ me: 'dead' }, now)).attempts).toEqual([mine]);
    expect((await look({ me: 'alive' }, now + 74_000)).attempts).toEqual([]);
    expect((await look({ me: 'alive' }, now + 76_000)).attempts).toEqual([mine]);
    expect((await look({}, now + 200_000)).claims).toEqual([reserved]);
    await ledger.write((tx, nowMs) => freeCollects(tx, fresh.collects, nowMs));
    expect(await issue(ledger, at)).toEqual([item]);
  });

  it('is freed when nobody has touched it for long, whoever its row names', async () => {
    const { ledger } = opened;
    const { account, at, item } = await paid(ledger);
    await issue(ledger, at);
    await start(ledger, item, 'of another host');
    const stranded = async (inMs: number) => {
      const deadline = { requestTimeoutMs: 60_000, ownerState: () => 'unknown' as const };
      return (await findStranded(ledger.db, account, at, deadline, (await ledger.now()) + inMs)).collects;
    };
    expect(await stranded(170_000)).toEqual([]);
    expect(await stranded(190_000)).toEqual([item]);
    await ledger.write((tx, nowMs) => touchCollect(tx, item, 'of another host', nowMs + 60_000));
    expect(await stranded(190_000)).toEqual([]);
    expect(await stranded(250_000)).toEqual([item]);
  });
});
