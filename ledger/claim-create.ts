import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';
import { savepoint, TakeBack } from './savepoint.ts';

/** An item whose create may be due, with all that the claim must find unchanged. */
export interface CreateCandidate {
  readonly account: string;
  readonly batch: string;
  readonly item: number;
  readonly lane: number;
  readonly video: number;
  readonly analysis: number;
  readonly workKey: string;
  readonly token: string;
  /** Credits set aside (contract section 7); 0 with `unpriced` when neither price nor hold is known. */
  readonly expected: number;
  readonly unpriced: boolean;
  /** Claims allowed ahead of their permits. */
  readonly ahead: number;
  /** Open tasks this batch may hold while others want some too. */
  readonly share: number;
}

export type CreateClaim =
  | { readonly kind: 'claimed'; readonly attempt: number }
  /** Gate, ceiling, or enough claimed ahead: nothing more can be claimed on this account now. */
  | { readonly kind: 'account-full' }
  /** Batch gate, budget, or its fair share. */
  | { readonly kind: 'batch-full' }
  /** The video is being analysed again, or its analysis is another one by now. */
  | { readonly kind: 'video-busy' }
  /** The same work is under way or done elsewhere: follow that attempt, pay nothing. */
  | { readonly kind: 'attach'; readonly attempt: number }
  /** The item has a live attempt already. */
  | { readonly kind: 'taken' };

/** An unlimited share, as a number that both databases take for an integer. */
const NO_SHARE = 1_000_000_000;

const TAKE_ACCOUNT = prepared<{ account: string; ahead: number }>()((db, v) =>
  db
    .updateTable('accounts')
    .set({
      open_tasks: sql`open_tasks + 1`,
      reserved: sql`reserved + 1`,
      probe: sql`case when probe = 1 then 2 else probe end`,
    })
    .where('id', '=', v.account)
    .where('gates', '=', 0)
    .where('probe', '<>', 2)
    .whereRef('open_tasks', '<', 'open_limit')
    .whereRef('uncertain', '<', 'max_uncertain')
    .where('reserved', '<', v.ahead)
    .returning(['gate_epoch', 'probe', 'balance']),
);

const TAKE_BATCH = prepared<{ batch: string; share: number; expected: number }>()((db, v) =>
  db
    .updateTable('batches')
    .set({ committed: sql`committed + ${v.expected}`, open_tasks: sql`open_tasks + 1` })
    .where('id', '=', v.batch)
    .where('gates', '=', 0)
    .where('open_tasks', '<', v.share)
    .where((e) => e.or([e('budget', 'is', null), e(sql<number>`committed + ${v.expected}`, '<=', e.ref('budget'))]))
    .returning('id'),
);

/** Nothing can be set aside for it, so under a budget only one at a time goes, and only while something is left. */
const TAKE_BATCH_UNPRICED = prepared<{ batch: string; share: number }>()((db, v) =>
  db
    .updateTable('batches')
    .set({ open_tasks: sql`open_tasks + 1`, unpriced: sql`unpriced + 1` })
    .where('id', '=', v.batch)
    .where('gates', '=', 0)
    .where('open_tasks', '<', v.share)
    .where((e) => e.or([e('budget', 'is', null), e.and([e('unpriced', '=', 0), e('committed', '<', e.ref('budget'))])]))
    .returning('id'),
);

const HOLD_VIDEO = prepared<{ video: number; analysis: number }>()((db, v) =>
  db
    .updateTable('videos')
    .set({ creating: sql`creating + 1` })
    .where('id', '=', v.video)
    .where('analysis', '=', v.analysis)
    .where('reanalysing', '=', 0)
    .returning('id'),
);

const SUBMIT_ITEM = prepared<{ item: number; attempt: number; expected: number; nowMs: number }>()((db, v) =>
  db
    .updateTable('items')
    .set({ state: 'submitting', attempt: v.attempt, attached: 0, price: v.expected, updated_at: v.nowMs })
    .where('key', '=', v.item)
    .where('state', '=', 'ready')
    .where('resting', '=', 0)
    .returning('key'),
);

/**
 * A place and the money, in advance: guarded updates of the rows that own the limits, so that the answer is exact with any
 * number of processes (design D4). Must run inside a transaction; takes itself back unless it returns `claimed`.
 */
export function claimCreate(tx: Tx, candidate: CreateCandidate, nowMs: number): Promise<CreateClaim> {
  return savepoint<CreateClaim>(tx, async () => {
    const account = await TAKE_ACCOUNT.first(tx, { account: candidate.account, ahead: candidate.ahead });
    if (account === undefined) throw new TakeBack<CreateClaim>({ kind: 'account-full' });
    const { expected } = candidate;
    const share = Math.min(Math.floor(candidate.share), NO_SHARE);
    const batch = candidate.unpriced
      ? await TAKE_BATCH_UNPRICED.first(tx, { batch: candidate.batch, share })
      : await TAKE_BATCH.first(tx, { batch: candidate.batch, share, expected });
    if (batch === undefined) throw new TakeBack<CreateClaim>({ kind: 'batch-full' });
    const video = await HOLD_VIDEO.first(tx, { video: candidate.video, analysis: candidate.analysis });
    if (video === undefined) throw new TakeBack<CreateClaim>({ kind: 'video-busy' });
    const attempt = await insertAttempt(tx, candidate, account, nowMs);
    if (attempt === undefined) throw new TakeBack<CreateClaim>(await whoHasIt(tx, candidate));
    const item = await SUBMIT_ITEM.first(tx, { item: candidate.item, attempt, expected, nowMs });
    if (item === undefined) throw new TakeBack<CreateClaim>({ kind: 'taken' });
    return { kind: 'claimed', attempt };
  });
}

interface NewAttempt {
  readonly batch: string;
  readonly item: number;
  readonly account: string;
  readonly video: number;
  readonly lane: number;
  readonly analysis: number;
  readonly workKey: string;
  readonly token: string;
  readonly expected: number;
  readonly nowMs: number;
  readonly gateEpoch: number;
  readonly isProbe: number;
  readonly unpriced: number;
  readonly balance: number | null;
}

const ENTER_ATTEMPT = prepared<NewAttempt>()((db, v) =>
  db
    .insertInto('attempts')
    .values((e) => ({
      batch: v.batch,
      item: v.item,
      account: v.account,
      video: v.video,
      lane: v.lane,
      analysis: v.analysis,
      n: e
        .selectFrom('attempts as before')
        .select(sql<number>`coalesce(max(before.n), 0) + 1`.as('n'))
        .where('before.item', '=', v.item),
      state: 'reserved' as const,
      work_key: v.workKey,
      token: v.token,
      expected: v.expected,
      has_output: 0,
      reserved_at: v.nowMs,
      issued_at: v.nowMs,
      gate_epoch: v.gateEpoch,
      is_probe: v.isProbe,
      unpriced: v.unpriced,
      counted_open: 1,
      balance_before: v.balance,
    }))
    .onConflict((c) => c.doNothing())
    .returning('id'),
);

async function insertAttempt(
  tx: Tx,
  candidate: CreateCandidate,
  account: { gate_epoch: number; probe: number; balance: number | null },
  nowMs: number,
): Promise<number | undefined> {
  const row = await ENTER_ATTEMPT.first(tx, {
    batch: candidate.batch,
    item: candidate.item,
    account: candidate.account,
    video: candidate.video,
    lane: candidate.lane,
    analysis: candidate.analysis,
    workKey: candidate.workKey,
    token: candidate.token,
    expected: candidate.expected,
    nowMs,
    gateEpoch: account.gate_epoch,
    isProbe: account.probe === 2 ? 1 : 0,
    unpriced: candidate.unpriced ? 1 : 0,
    balance: account.balance,
  });
  return row?.id;
}

/** Why the attempt could not be entered: the item's own live one, or the same work elsewhere. */
async function whoHasIt(tx: Tx, candidate: CreateCandidate): Promise<CreateClaim> {
  const holder = await tx
    .selectFrom('attempts')
    .select(['id', 'item', 'state'])
    .where('account', '=', candidate.account)
    .where('work_key', '=', candidate.workKey)
    .where((e) =>
      e.or([
        e('state', 'in', ['reserved', 'sending', 'bound', 'uncertain']),
        e.and([e('state', '=', 'settled'), e('has_output', '=', 1)]),
      ]),
    )
    .executeTakeFirst();
  if (holder === undefined || (holder.item === candidate.item && holder.state !== 'settled')) return { kind: 'taken' };
  return { kind: 'attach', attempt: holder.id };
}
