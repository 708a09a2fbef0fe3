import { expect, it } from 'vitest';
import { abandonAttempt } from '../../ledger/abandon-attempt.ts';
import { bindAnalysis, claimAnalysis, lapseAnalysis, settleAnalysis } from '../../ledger/analysis-steps.ts';
import { joinLiveAnalyses, readyItems, unresolvedItems, videosToAnalyse } from '../../ledger/lane-queries.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { markUncertain } from '../../ledger/mark-uncertain.ts';
import { releaseAttempt } from '../../ledger/release-attempt.ts';
import { resolveItem } from '../../ledger/resolve-item.ts';
import { permitAnalysis } from '../../ledger/send-permit.ts';
import { onBothDatabases } from './ledger-harness.ts';
import {
  bind,
  claim,
  enter,
  freshName,
  itemColumns,
  itemRow,
  makeAccount,
  readyBatch,
  sending,
  startRow,
} from './ledger-world.ts';

const PEOPLE = { kind: 'done', people: [{ objId: 0, preview: '' }], check: 'c' } as const;

async function pendingBatch(ledger: Ledger, account: string, url: string, count = 1) {
  const rows = Array.from({ length: count }, (_, row) =>
    startRow(itemColumns(freshName('sh'), row, { video_url: url })),
  );
  const batch = await enter(ledger, account, rows);
  const items = await ledger.db
    .selectFrom('items')
    .select(['key', 'video'])
    .where('batch', '=', batch)
    .orderBy('row')
    .execute();
  return { batch, at: { batch, lane: 0 }, video: items[0]!.video!, items: items.map((item) => item.key) };
}
function claimFor(ledger: Ledger, account: string, at: { batch: string; video: number }, ahead = 9) {
  return ledger.write((tx, nowMs) =>
    claimAnalysis(tx, { account, batch: at.batch, lane: 0, video: at.video, ahead }, nowMs),
  );
}
async function send(ledger: Ledger, account: string, analysis: number) {
  for (;;) {
    const answer = await ledger.write((tx, nowMs) => permitAnalysis(tx, analysis, account, 'me', nowMs));
    if (answer.kind !== 'wait') return answer.kind;
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(answer.waitMs)));
  }
}
async function analyse(ledger: Ledger, account: string, at: { batch: string; video: number }): Promise<number> {
  const got = await claimFor(ledger, account, at);
  if (got.kind !== 'claimed') throw new Error(got.kind);
  await send(ledger, account, got.analysis);
  await ledger.write((tx, nowMs) => bindAnalysis(tx, got.analysis, freshName('an'), nowMs + 0.5));
  expect(await ledger.write((tx, nowMs) => settleAnalysis(tx, got.analysis, PEOPLE, nowMs))).toBe(true);
  return got.analysis;
}

onBothDatabases('analyses', (opened) => {
  it('one per URL and account, over batches and processes; its result serves all', async () => {
    const { ledger } = opened;
    const other = await opened.again();
    const account = await makeAccount(ledger);
    const url = freshName('https://media.example/v');
    const one = await pendingBatch(ledger, account, url, 2);
    const two = await pendingBatch(ledger, account, url);
    expect(two.video).toBe(one.video);
    const claims = await Promise.all([claimFor(ledger, account, one), claimFor(other, account, two)]);
    expect(claims.map((c) => c.kind).toSorted()).toEqual(['claimed', 'live']);
    expect(
      await ledger.db.selectFrom('items').select('state').where('video', '=', one.video).distinct().execute(),
    ).toEqual([{ state: 'analyzing' }]);
    const late = await pendingBatch(ledger, account, url);
    expect(await videosToAnalyse(ledger.db, late.at, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    expect(await ledger.write((tx, nowMs) => joinLiveAnalyses(tx, late.at, account, nowMs))).toBe(1);
    const analysis = claims.find((c) => c.kind === 'claimed')!.analysis;
    await send(ledger, account, analysis);
    await ledger.write((tx, nowMs) => bindAnalysis(tx, analysis, 'an-1', nowMs));
    await ledger.write((tx, nowMs) => settleAnalysis(tx, analysis, PEOPLE, nowMs));
    for (const batch of [one, two, late]) {
      const open = await unresolvedItems(ledger.db, batch.at, ['pending', 'analyzing'], 10);
      expect(open.map((item) => item.key)).toEqual(batch.items);
    }
  });

  it('another account analyses for itself', async () => {
    const { ledger } = opened;
    const url = freshName('https://media.example/v');
    const [a, b] = [await makeAccount(ledger), await makeAccount(ledger)];
    await analyse(ledger, a, await pendingBatch(ledger, a, url));
    expect(await claimFor(ledger, b, await pendingBatch(ledger, b, url))).toMatchObject({ kind: 'claimed' });
  });

  it('at most as many open as allowed, and as many ahead of their permits', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger, { openAnalyses: 2 });
    const videos = await Promise.all(['a', 'b', 'c'].map((v) => pendingBatch(ledger, account, freshName(v))));
    expect(await claimFor(ledger, account, videos[0]!, 1)).toMatchObject({ kind: 'claimed' });
    expect(await claimFor(ledger, account, videos[1]!, 1)).toEqual({ kind: 'account-full' });
    expect(await claimFor(ledger, account, videos[1]!)).toMatchObject({ kind: 'claimed' });
    expect(await claimFor(ledger, account, videos[2]!)).toEqual({ kind: 'account-full' });
  });

  it.each(['reserved', 'sending'] as const)(
    'lapsed while %s: asked for again from its time on; a late id binds nothing',
    async (from) => {
      const { ledger } = opened;
      const account = await makeAccount(ledger);
      const at = await pendingBatch(ledger, account, freshName('v'));
      const got = await claimFor(ledger, account, at);
      if (got.kind !== 'claimed') throw new Error(got.kind);
      if (from === 'sending') await send(ledger, account, got.analysis);
      const nextAtMs = 4_000_000_000_000.25;
      const lapse = () =>
        ledger.write((tx, nowMs) => lapseAnalysis(tx, got.analysis, from, { code: 'stranded', nextAtMs }, nowMs));
      expect(await lapse()).toBe(true);
      expect(await lapse()).toBe(false);
      expect(await itemRow(ledger, at.items[0]!)).toMatchObject({
        state: 'pending',
        tries: 1,
        next_at: Math.round(nextAtMs),
      });
      expect(await ledger.write((tx, nowMs) => bindAnalysis(tx, got.analysis, 'late', nowMs))).toBe(false);
      expect(await videosToAnalyse(ledger.db, at.at, Math.floor(nextAtMs) - 10, 10)).toEqual([]);
      expect(await videosToAnalyse(ledger.db, at.at, Math.ceil(nextAtMs) + 10, 10)).toEqual([at.video]);
      expect(await claimFor(ledger, account, at)).toMatchObject({ kind: 'claimed' });
    },
  );

  it('refused or failed: all items of the video say why', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const reason = { code: 'P107', message: 'refused' };
    const at = await pendingBatch(ledger, account, freshName('v'), 2);
    const got = await claimFor(ledger, account, at);
    if (got.kind !== 'claimed') throw new Error(got.kind);
    await ledger.write((tx, nowMs) =>
      lapseAnalysis(tx, got.analysis, 'reserved', { code: '1003', nextAtMs: 0, reason }, nowMs),
    );
    for (const item of at.items)
      expect(await itemRow(ledger, item)).toMatchObject({ state: 'failed', reason_code: 'P107' });
    const two = await pendingBatch(ledger, account, freshName('v'));
    const live = await claimFor(ledger, account, two);
    if (live.kind !== 'claimed') throw new Error(live.kind);
    await send(ledger, account, live.analysis);
    await ledger.write((tx, nowMs) => bindAnalysis(tx, live.analysis, 'an', nowMs));
    const end = { kind: 'failed', code: '4', vendorText: 'no', reason: { code: 'P106', message: 'failed' } } as const;
    expect(await ledger.write((tx, nowMs) => settleAnalysis(tx, live.analysis, end, nowMs))).toBe(true);
    expect(await ledger.write((tx, nowMs) => settleAnalysis(tx, live.analysis, PEOPLE, nowMs))).toBe(false);
    expect(await itemRow(ledger, two.items[0]!)).toMatchObject({ state: 'failed', reason_code: 'P106' });
  });

  it('a re-analysis waits while a create is on its way, and holds creates while it is live', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 3, { video: freshName('v') });
    const { video } = work[0]!.candidate;
    const attempt = await sending(ledger, work[0]!);
    expect(await claimFor(ledger, account, { batch, video })).toEqual({ kind: 'live' });
    await bind(ledger, attempt);
    const again = await claimFor(ledger, account, { batch, video });
    if (again.kind !== 'claimed') throw new Error(again.kind);
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'video-busy' });
    await send(ledger, account, again.analysis);
    await ledger.write((tx, nowMs) => bindAnalysis(tx, again.analysis, 'an-2', nowMs));
    await ledger.write((tx, nowMs) => settleAnalysis(tx, again.analysis, PEOPLE, nowMs));
    // What was resolved with the old numbers is resolved anew; what was sent stays.
    expect(await itemRow(ledger, work[1]!.item)).toMatchObject({ state: 'pending', analysis: null, work_key: null });
    expect(await itemRow(ledger, work[0]!.item)).toMatchObject({ state: 'queued' });
    expect(await claim(ledger, work[1]!)).toEqual({ kind: 'video-busy' });
  });

  it('what was uncertain meanwhile, and is to be paid again, is resolved anew too', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const attempt = await sending(ledger, work[0]!);
    const lost = { code: 'U101', message: 'lost', next: 'resolve' };
    await ledger.write((tx, nowMs) => markUncertain(tx, attempt, lost, nowMs));
    await analyse(ledger, account, { batch, video: work[0]!.candidate.video });
    expect(await itemRow(ledger, work[0]!.item)).toMatchObject({ state: 'uncertain' });
    const why = { by: 'ann', code: 'pay-again', after: { kind: 'again', nextAtMs: 0 } } as const;
    await ledger.write((tx, nowMs) => abandonAttempt(tx, attempt, why, nowMs));
    expect(await itemRow(ledger, work[0]!.item)).toMatchObject({ state: 'pending', analysis: null, work_key: null });
  });

  it('a re-analysis that fails after the old one was given up fails what was ready with it, rather than leave it for ever', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const { video } = work[0]!.candidate;
    await ledger.write((tx) => tx.updateTable('videos').set({ analysis: null }).where('id', '=', video).execute());
    const again = await claimFor(ledger, account, { batch, video });
    if (again.kind !== 'claimed') throw new Error(again.kind);
    await send(ledger, account, again.analysis);
    await ledger.write((tx, nowMs) => bindAnalysis(tx, again.analysis, 'an-2', nowMs));
    const end = { kind: 'failed', code: '4', vendorText: 'no', reason: { code: 'P106', message: 'failed' } } as const;
    await ledger.write((tx, nowMs) => settleAnalysis(tx, again.analysis, end, nowMs));
    expect(await itemRow(ledger, work[0]!.item)).toMatchObject({ state: 'failed', reason_code: 'P106' });
  });

  it('a re-analysis that lapses leaves the old one in force', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 1);
    const again = await claimFor(ledger, account, { batch, video: work[0]!.candidate.video });
    if (again.kind !== 'claimed') throw new Error(again.kind);
    await ledger.write((tx, nowMs) => lapseAnalysis(tx, again.analysis, 'reserved', { code: 'x', nextAtMs: 0 }, nowMs));
    expect(await claim(ledger, work[0]!)).toMatchObject({ kind: 'claimed' });
  });

  it('the vendor has forgotten the analysis: every unclaimed item of the video is analysed anew', async () => {
    const { ledger } = opened;
    const account = await makeAccount(ledger);
    const { batch, work } = await readyBatch(ledger, account, 2, { video: freshName('v') });
    const attempt = await sending(ledger, work[0]!);
    await ledger.write((tx, nowMs) =>
      releaseAttempt(tx, attempt, 'sending', { code: '1003', after: { kind: 'reanalyse' } }, nowMs),
    );
    const at = { batch, lane: 0 };
    expect(await readyItems(ledger.db, at, Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
    const { video } = work[0]!.candidate;
    expect(await videosToAnalyse(ledger.db, at, Number.MAX_SAFE_INTEGER, 10)).toEqual([video]);
    const analysis = await analyse(ledger, account, { batch, video });
    expect(await unresolvedItems(ledger.db, at, ['pending', 'analyzing'], 10)).toHaveLength(2);
    const ready = { kind: 'ready', mappings: [], workKey: freshName('w') } as const;
    const resolve = (by: number) =>
      ledger.write((tx, nowMs) => resolveItem(tx, work[1]!.item, { analysis: by, people: 1 }, ready, nowMs));
    expect(await resolve(work[1]!.candidate.analysis)).toBe(false);
    expect(await resolve(analysis)).toBe(true);
    expect(await claim(ledger, work[1]!, { analysis })).toMatchObject({ kind: 'claimed' });
  });
});
