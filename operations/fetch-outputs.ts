import { openBatchGates, openRound } from '../ledger/operator-steps.ts';
import { collectableRows, type CollectableRow } from '../ledger/output-queries.ts';
import { collectAgain } from '../ledger/take-up-again.ts';
import { batchRow } from '../ledger/status-queries.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { exitOf, takeSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { useEngine } from './engine-use.ts';
import { findBatch } from './find-batch.ts';
import { finishResult } from './finish-result.ts';
import { followDriven, type FollowOptions, type FollowResult } from './follow-batch.ts';
import { enterAccount, holdOrphans, knownBatch, refuseIfHeld } from './take-up.ts';
import { stopSpending } from '../ledger/operator-steps.ts';

export interface FetchPlan {
  readonly batch: string;
  /** Items to be collected again: nothing of theirs is in the store. */
  readonly missing: readonly string[];
  /** Files whose content is not what was collected (`--verify`); never overwritten. */
  readonly changed: readonly string[];
  readonly intact: number;
}

/** Looks what is to be collected again; costs nothing. `verify` reads every file and compares hashes. */
export async function planFetch(
  ctx: Context,
  given: string | undefined,
  how: { readonly verify: boolean; readonly missing?: boolean },
): Promise<FetchPlan> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  const store = ctx.store();
  const missing: string[] = [];
  const changed: string[] = [];
  let intact = 0;
  for (const row of await collectableRows(ledger.db, batch)) {
    if (row.state === 'collecting') continue;
    const hash =
      row.file === null
        ? null
        : how.verify
          ? await store.hash(row.file)
          : (await store.head(row.file)) === null
            ? null
            : row.sha256;
    if (hash === null) missing.push(row.id);
    else if (hash === row.sha256) intact += 1;
    else changed.push(row.id);
  }
  return { batch, missing, changed, intact };
}

/** Collects again what `planFetch` named missing. Fetching costs nothing, and nothing new is created meanwhile. */
export async function fetchOutputs(ctx: Context, plan: FetchPlan, follow: FollowOptions): Promise<FollowResult> {
  const ledger = await ctx.ledger();
  const batch = await knownBatch(ledger, plan.batch);
  const snapshot = await takeSnapshot(ledger, plan.batch);
  if (snapshot === null) throw new Error(`batch ${plan.batch} vanished from the ledger`);
  const unfinished =
    snapshot.totals.by_state.queued + snapshot.totals.by_state.processing + snapshot.totals.by_state.collecting;
  if (plan.missing.length + unfinished === 0) {
    const { totals, credits } = snapshot;
    return {
      batch: batch.id,
      how: 'ended',
      state: batch.state,
      totals,
      credits,
      exit: exitOf(snapshot),
      report: null,
      notes: ['Nothing is missing.'],
    };
  }
  const account = await ctx.account(batch.account);
  const engine = await useEngine(ctx, 'own-if-none');
  try {
    refuseIfHeld(batch, engine, await ledger.now());
    await holdOrphans(ledger, engine, batch.id);
    if (ctx.temporalConfigured) await engine.startWorker(ledger, account);
    await enterAccount(ctx, ledger, account, null);
    const at = { batch: batch.id, account: batch.account };
    const wanted = new Set(plan.missing);
    const heldBefore = snapshot.gates.some((gate) => gate.name === 'stopped');
    const driven = batch.driver_until > (await ledger.now());
    await ledger.write(async (tx, nowMs) => {
      // Whoever fetches has not asked for anything to be paid.
      if (!driven)
        await stopSpending(tx, at, { by: ctx.operator, reason: 'only outputs are fetched', orphaned: false }, nowMs);
      await openRound(tx, at, { after: null, by: ctx.operator, detail: 'fetch' }, nowMs);
    });
    const before = (await collectableRows(ledger.db, batch.id)).filter((row) => wanted.has(row.id));
    for (const row of before) await ledger.write((tx, nowMs) => collectAgain(tx, row.key, nowMs));
    if (!ctx.temporalConfigured) await engine.startWorker(ledger, account);
    const target = {
      id: batch.id,
      account: batch.account,
      lanes: batch.lanes,
      requestTimeoutMs: account.requestTimeoutMs,
    };
    await engine.drive(ledger, target);
    const result = await followDriven(ctx, ledger, engine, target, follow);
    if (!heldBefore && !driven && result.how === 'ended') {
      await ledger.write((tx, nowMs) => openBatchGates(tx, at, ['stopped'], ctx.operator, 'fetched', nowMs));
    }
    const after = await takeSnapshot(ledger, batch.id);
    const state = (await batchRow(ledger.db, batch.id))?.state ?? result.state;
    const other = otherThanBefore(before, await collectableRows(ledger.db, batch.id));
    const exit = after !== null && result.how === 'ended' ? exitOf(after) : result.exit;
    return await finishResult(ctx, ledger, account, {
      ...result,
      state,
      notes: [...result.notes, ...other],
      exit: other.length > 0 && exit === EXIT.ok ? EXIT.someFailed : exit,
    });
  } finally {
    await engine.leave();
  }
}

/** What was collected again is compared with what was there before: a vendor may serve another file by then. Pure. */
function otherThanBefore(before: readonly CollectableRow[], after: readonly CollectableRow[]): string[] {
  const now = new Map(after.map((row) => [row.id, row.sha256]));
  return before.flatMap(({ id, sha256 }) => {
    const found = now.get(id) ?? null;
    if (sha256 === null || found === null || found === sha256) return [];
    return [`${id} is not the file it was: the vendor serves another one now. Look at it before it is handed on.`];
  });
}
