import { sql } from 'kysely';
import { lockAccount } from './account-row.ts';
import { reasonColumns, type ItemReason } from './attempt-row.ts';
import type { Tx } from './open-ledger.ts';
import { unresolveReady } from './resolve-item.ts';
import { savepoint, TakeBack } from './savepoint.ts';

/** A person the vendor found in a video. */
export interface PersonFound {
  readonly objId: number;
  readonly preview: string;
  /** Set on all when an earlier analysis of the video numbered its people differently, or may have. */
  readonly renumbered?: true;
}

/** People of the analysis that the video's numbers came from so far; null when there is none. */
export async function peopleBefore(db: Tx, analysis: number): Promise<readonly PersonFound[] | null> {
  const row = await db
    .selectFrom('analyses as now')
    .innerJoin('analyses as before', 'before.video', 'now.video')
    .select('before.people')
    .where('now.id', '=', analysis)
    .whereRef('before.id', '<', 'now.id')
    .where('before.state', '=', 'done')
    .orderBy('before.id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.people ?? '[]') as PersonFound[]);
}

/**
 * One analysis per exact URL and account (design section 4): a place among the open analyses, then the row. Null when the
 * account allows none now or one is under way, whose result serves everybody.
 */
export function claimAnalysis(
  tx: Tx,
  wanted: {
    readonly account: string;
    readonly batch: string;
    readonly lane: number;
    readonly video: number;
    readonly ahead: number;
  },
  nowMs: number,
): Promise<{ kind: 'claimed'; analysis: number } | { kind: 'account-full' } | { kind: 'live' }> {
  return savepoint<{ kind: 'claimed'; analysis: number } | { kind: 'account-full' } | { kind: 'live' }>(
    tx,
    async () => {
      const account = await tx
        .updateTable('accounts')
        .set({ open_analyses: sql`open_analyses + 1`, analyses_reserved: sql`analyses_reserved + 1` })
        .where('id', '=', wanted.account)
        .where('gates', '=', 0)
        .whereRef('open_analyses', '<', 'analyses_limit')
        .where('analyses_reserved', '<', wanted.ahead)
        .returning('id')
        .executeTakeFirst();
      if (account === undefined) throw new TakeBack({ kind: 'account-full' });
      // A re-analysis could renumber people, so it waits while a create of the video is under way.
      const video = await tx
        .updateTable('videos')
        .set({ reanalysing: sql`case when analysis is null then 0 else 1 end` })
        .where('id', '=', wanted.video)
        .where('creating', '=', 0)
        .returning('id')
        .executeTakeFirst();
      if (video === undefined) throw new TakeBack({ kind: 'live' });
      const row = await tx
        .insertInto('analyses')
        .values({
          account: wanted.account,
          video: wanted.video,
          batch: wanted.batch,
          lane: wanted.lane,
          state: 'reserved',
          issued_at: nowMs,
          next_poll_at: 0,
          polls: 0,
        })
        .onConflict((c) => c.doNothing())
        .returning('id')
        .executeTakeFirst();
      if (row === undefined) throw new TakeBack({ kind: 'live' });
      await tx
        .updateTable('items')
        .set({ state: 'analyzing', updated_at: nowMs })
        .where('video', '=', wanted.video)
        .where('state', '=', 'pending')
        .execute();
      return { kind: 'claimed', analysis: row.id };
    },
  );
}

/** *sending -> running*: the vendor's id is known. Returns whether this call did it. */
export async function bindAnalysis(
  tx: Tx,
  analysis: number,
  vendorId: string,
  firstPollAtMs: number,
): Promise<boolean> {
  const row = await tx
    .updateTable('analyses')
    .set({ state: 'running', vendor_id: vendorId, next_poll_at: Math.round(firstPollAtMs) })
    .where('id', '=', analysis)
    .where('state', '=', 'sending')
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * *reserved | sending -> lapsed*: refused, lost, or its process died. A second analysis of the same URL is harmless to
 * money as far as the vendor tells. Its items wait until `nextAtMs`, or fail with `reason`.
 */
export async function lapseAnalysis(
  tx: Tx,
  analysis: number,
  from: 'reserved' | 'sending',
  why: {
    readonly code: string;
    readonly vendorText?: string | null;
    readonly nextAtMs: number;
    readonly reason?: ItemReason;
  },
  nowMs: number,
): Promise<boolean> {
  const found = await tx.selectFrom('analyses').select('account').where('id', '=', analysis).executeTakeFirst();
  if (found === undefined) return false;
  await lockAccount(tx, found.account);
  const row = await tx
    .updateTable('analyses')
    .set({
      state: why.reason === undefined ? 'lapsed' : 'failed',
      code: why.code,
      vendor_text: why.vendorText ?? null,
      ended_at: nowMs,
    })
    .where('id', '=', analysis)
    .where('state', '=', from)
    .returning(['video', 'account'])
    .executeTakeFirst();
  if (row === undefined) return false;
  await freePlace(tx, row.account, row.video, from === 'reserved' ? 1 : 0);
  const back =
    why.reason === undefined
      ? { state: 'pending' as const, next_at: Math.round(why.nextAtMs) }
      : { state: 'failed' as const, ...reasonColumns(why.reason) };
  await tx
    .updateTable('items')
    .set({ ...back, tries: sql`tries + 1`, updated_at: nowMs })
    .where('video', '=', row.video)
    .where('state', '=', 'analyzing')
    .execute();
  return true;
}

export type AnalysisEnd =
  | { readonly kind: 'done'; readonly people: readonly PersonFound[]; readonly check: string }
  | { readonly kind: 'failed'; readonly code: string; readonly vendorText: string | null; readonly reason: ItemReason };

/** *running -> done | failed*. Items of the video are resolved afterwards by their lanes. */
export async function settleAnalysis(tx: Tx, analysis: number, end: AnalysisEnd, nowMs: number): Promise<boolean> {
  const found = await tx.selectFrom('analyses').select('account').where('id', '=', analysis).executeTakeFirst();
  if (found === undefined) return false;
  await lockAccount(tx, found.account);
  const row = await tx
    .updateTable('analyses')
    .set(
      end.kind === 'done'
        ? { state: 'done', people: JSON.stringify(end.people), check_id: end.check, ended_at: nowMs }
        : { state: 'failed', code: end.code, vendor_text: end.vendorText, ended_at: nowMs },
    )
    .where('id', '=', analysis)
    .where('state', '=', 'running')
    .returning(['video', 'account'])
    .executeTakeFirst();
  if (row === undefined) return false;
  await freePlace(tx, row.account, row.video, 0);
  if (end.kind === 'done') await tx.updateTable('videos').set({ analysis }).where('id', '=', row.video).execute();
  // People may be numbered anew: what was resolved with an earlier analysis and not claimed yet is resolved again. An earlier
  // one that was given up before this one failed leaves such items nothing to be claimed with: they fail with the rest.
  await unresolveReady(tx, row.video, nowMs);
  if (end.kind === 'failed') {
    await tx
      .updateTable('items')
      .set({ state: 'failed', ...reasonColumns(end.reason), updated_at: nowMs })
      .where('video', '=', row.video)
      .where('state', 'in', ['pending', 'analyzing'])
      .execute();
  }
  return true;
}

async function freePlace(tx: Tx, account: string, video: number, reserved: 0 | 1): Promise<void> {
  await tx
    .updateTable('accounts')
    .set({ open_analyses: sql`open_analyses - 1`, analyses_reserved: sql`analyses_reserved - ${reserved}` })
    .where('id', '=', account)
    .execute();
  await tx.updateTable('videos').set({ reanalysing: 0 }).where('id', '=', video).execute();
}
