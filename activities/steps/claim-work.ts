import { randomBytes } from 'node:crypto';
import { aheadOfAnalyses, aheadOfCreates, lockAccount } from '../../ledger/account-row.ts';
import { fitsBudget } from '../../ledger/budget-queries.ts';
import { claimAnalysis } from '../../ledger/analysis-steps.ts';
import { claimCreate } from '../../ledger/claim-create.ts';
import { readyItems, videosToAnalyse, type LaneRef, type ReadyItem } from '../../ledger/lane-queries.ts';
import type { DrivenState } from '../../ledger/lane-glance.ts';
import type { Tx } from '../../ledger/open-ledger.ts';
import { expectPrice, type LearntPrices } from '../../ledger/pricing.ts';
import { claimCollects, collectsDue } from '../../ledger/reissue.ts';
import { attachItem } from '../../ledger/resolve-item.ts';
import type { AccountRow, BatchRow } from '../../ledger/tables.ts';
import { fairShare } from '../../ledger/fair-share.ts';
import { holdByPrice } from '../../ledger/held-by-price.ts';
import { RESOLUTIONS, type Resolution } from '../../schemas/manifest-item.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';

/** Keys a pass hands to its lane, at most this many of each kind (design D3). */
export const KEYS_A_PASS = 50;

export interface PassKeys {
  readonly analyse: number[];
  readonly create: number[];
  readonly collect: number[];
}

/** Looks whether anything could be claimed, and only then writes. */
export async function claimWork(
  deps: ActivityDependencies,
  at: LaneRef,
  rows: {
    readonly account: AccountRow;
    readonly batch: BatchRow;
    readonly collectsStopped: boolean;
    readonly has: (state: DrivenState) => boolean;
  },
  keys: PassKeys,
  nowMs: number,
): Promise<void> {
  const { db } = deps.ledger;
  const { account, batch } = rows;
  const spending = account.gates === 0 && batch.gates === 0 && !deps.stopping();
  const createRoom =
    spending &&
    account.probe !== 2 &&
    account.open_tasks < account.open_limit &&
    account.reserved < aheadOfCreates(account);
  const analyzeRoom =
    spending && account.open_analyses < account.analyses_limit && account.analyses_reserved < aheadOfAnalyses(account);
  const ready = createRoom && rows.has('ready') ? await readyWithinBudget(deps, at, rows, keys, nowMs) : [];
  const videos =
    analyzeRoom && rows.has('pending') ? await videosToAnalyse(db, at, nowMs, KEYS_A_PASS - keys.analyse.length) : [];
  const collects = rows.has('collecting') && !rows.collectsStopped && (await collectsDue(db, at, batch, nowMs));
  if (ready.length === 0 && videos.length === 0 && !collects) return;
  await deps.ledger.write(async (tx, now) => {
    if (collects) keys.collect.push(...(await claimCollects(tx, at, KEYS_A_PASS - keys.collect.length, now)));
    await claimCreates(deps, tx, at, rows, ready, keys, now);
    for (const video of videos) {
      const claim = await claimAnalysis(
        tx,
        { account: account.id, batch: batch.id, lane: at.lane, video, ahead: aheadOfAnalyses(account) },
        now,
      );
      if (claim.kind === 'account-full') break;
      if (claim.kind === 'claimed') keys.analyse.push(claim.analysis);
    }
  });
}

/** Ready items that the budget may still pay for: a dear one at the head of the sheet must not hide cheaper ones behind it. */
function readyWithinBudget(
  deps: ActivityDependencies,
  at: LaneRef,
  { account, batch }: { readonly account: AccountRow; readonly batch: BatchRow },
  keys: PassKeys,
  nowMs: number,
): Promise<ReadyItem[]> {
  const limit = KEYS_A_PASS - keys.create.length;
  if (batch.budget === null) return readyItems(deps.ledger.db, at, nowMs, limit);
  const card = servedAccount(deps, account.id).prices;
  const learnt = JSON.parse(account.learnt_prices) as LearntPrices;
  const affordable = RESOLUTIONS.filter((resolution) => fitsBudget(batch, expectPrice(card, learnt, resolution)));
  return readyItems(deps.ledger.db, at, nowMs, limit, affordable);
}

async function claimCreates(
  deps: ActivityDependencies,
  tx: Tx,
  at: LaneRef,
  rows: { readonly account: AccountRow; readonly batch: BatchRow },
  ready: readonly ReadyItem[],
  keys: PassKeys,
  nowMs: number,
): Promise<void> {
  if (ready.length === 0) return;
  const { batch } = rows;
  // Locked and read again: a charge booked since the look before may have raised the price.
  const account = await lockAccount(tx, rows.account.id);
  const share = await fairShare(tx, account, batch.id, nowMs);
  const card = servedAccount(deps, account.id).prices;
  const learnt = JSON.parse(account.learnt_prices) as LearntPrices;
  // What does not fit any more holds up nothing that costs less.
  const full = new Set<string>();
  for (const item of ready) {
    if (full.has(item.resolution)) continue;
    const price = expectPrice(card, learnt, item.resolution as Resolution);
    if (batch.per_item !== null && price.high > batch.per_item) {
      await holdByPrice(tx, item.key, { batch: batch.id, price: price.high, perItem: batch.per_item }, nowMs);
      continue;
    }
    const claim = await claimCreate(
      tx,
      {
        account: account.id,
        batch: batch.id,
        item: item.key,
        lane: at.lane,
        video: item.video,
        analysis: item.analysis,
        workKey: item.workKey,
        token: randomBytes(18).toString('base64url'),
        expected: price.high,
        unpriced: price.basis === 'unknown',
        ahead: aheadOfCreates(account),
        share,
      },
      nowMs,
    );
    if (claim.kind === 'claimed') keys.create.push(claim.attempt);
    if (claim.kind === 'attach') await attachItem(tx, item.key, claim.attempt, nowMs);
    if (claim.kind === 'account-full') return;
    if (claim.kind === 'batch-full') full.add(item.resolution);
  }
}
