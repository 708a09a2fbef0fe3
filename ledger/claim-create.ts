import { sql } from 'kysely';
import type { Tx } from './open-ledger.ts';
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

/**
 * A place and the money, in advance: guarded updates of the rows that own the limits, so that the answer is exact with any
 * number of processes (design D4). Must run inside a transaction; takes itself back unless it returns `claimed`.
 */
export function claimCreate(tx: Tx, candidate: CreateCandidate, nowMs: number): Promise<CreateClaim> {
  return savepoint<CreateClaim>(tx, async () => {
    const account = await tx
      .updateTable('accounts')
      .set({
        open_tasks: sql`open_tasks + 1`,
        reserved: sql`reserved + 1`,
        probe: sql`case when probe = 1 then 2 else probe end`,
      })
      .where('id', '=', candidate.account)
      .where('gates', '=', 0)
      .where('probe', '<>', 2)
      .whereRef('open_tasks', '<', 'open_limit')
      .whereRef('uncertain', '<', 'max_uncertain')
      .where('reserved', '<', candidate.ahead)
      .returning(['gate_epoch', 'probe', 'balance'])
      .executeTakeFirst();
    if (account === undefined) throw new TakeBack<CreateClaim>({ kind: 'account-full' });
    const batch = await tx
      .updateTable('batches')
      .set({
        committed: sql`committed + ${candidate.expected}`,
        open_tasks: sql`open_tasks + 1`,
        unpriced: sql`unpriced + ${candidate.unpriced ? 1 : 0}`,
      })
      .where('id', '=', candidate.batch)
      .where('gates', '=', 0)
      .where('open_tasks', '<', Math.min(Math.floor(candidate.share), NO_SHARE))
      .where((e) =>
        e.or([
          e('budget', 'is', null),
          e.and([
            e(sql<number>`committed + ${candidate.expected}`, '<=', e.ref('budget')),
            ...(candidate.unpriced ? [e('unpriced', '=', 0), e('committed', '<', e.ref('budget'))] : []),
          ]),
        ]),
      )
      .returning('id')
      .executeTakeFirst();
    if (batch === undefined) throw new TakeBack<CreateClaim>({ kind: 'batch-full' });
    const video = await tx
      .updateTable('videos')
      .set({ creating: sql`creating + 1` })
      .where('id', '=', candidate.video)
      .where('analysis', '=', candidate.analysis)
      .where('reanalysing', '=', 0)
      .returning('id')
      .executeTakeFirst();
    if (video === undefined) throw new TakeBack<CreateClaim>({ kind: 'video-busy' });
    const attempt = await insertAttempt(tx, candidate, account, nowMs);
    if (attempt === undefined) throw new TakeBack<CreateClaim>(await whoHasIt(tx, candidate));
    const item = await tx
      .updateTable('items')
      .set({ state: 'submitting', attempt, attached: 0, price: candidate.expected, updated_at: nowMs })
      .where('key', '=', candidate.item)
      .where('state', '=', 'ready')
      .where('held', '=', 0)
      .returning('key')
      .executeTakeFirst();
    if (item === undefined) throw new TakeBack<CreateClaim>({ kind: 'taken' });
    return { kind: 'claimed', attempt };
  });
}

async function insertAttempt(
  tx: Tx,
  candidate: CreateCandidate,
  account: { gate_epoch: number; probe: number; balance: number | null },
  nowMs: number,
): Promise<number | undefined> {
  const row = await tx
    .insertInto('attempts')
    .values((e) => ({
      batch: candidate.batch,
      item: candidate.item,
      account: candidate.account,
      video: candidate.video,
      lane: candidate.lane,
      analysis: candidate.analysis,
      n: e
        .selectFrom('attempts as before')
        .select(sql<number>`coalesce(max(before.n), 0) + 1`.as('n'))
        .where('before.item', '=', candidate.item),
      state: 'reserved' as const,
      work_key: candidate.workKey,
      token: candidate.token,
      expected: candidate.expected,
      has_output: 0,
      reserved_at: nowMs,
      issued_at: nowMs,
      gate_epoch: account.gate_epoch,
      is_probe: account.probe === 2 ? 1 : 0,
      unpriced: candidate.unpriced ? 1 : 0,
      counted_open: 1,
      balance_before: account.balance,
    }))
    .onConflict((c) => c.doNothing())
    .returning('id')
    .executeTakeFirst();
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
