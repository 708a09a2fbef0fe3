import { skipItem, UNSENT_STATES, setBatchState } from '../ledger/operator-steps.ts';
import { itemLines, type ItemLine } from '../ledger/status-queries.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { canMove, takeSnapshot } from './batch-snapshot.ts';
import type { Context } from './context.ts';
import { findBatch } from './find-batch.ts';
import { matchItems } from './match-items.ts';
import { OperationError } from './operation-error.ts';
import { knownBatch } from './take-up.ts';
import { wakeDriver } from './wake-driver.ts';

export interface SkipResult {
  readonly batch: string;
  readonly items: readonly { readonly id: string; readonly skipped: boolean; readonly why: string }[];
}

/** Gives items up. `items` are ids or globs. Uncertain items are refused (exit 5 when named); a paid one is still collected. */
export async function skipItems(
  ctx: Context,
  given: string | undefined,
  items: readonly string[],
  why: { readonly reason: string | null },
): Promise<SkipResult> {
  const batch = await findBatch(ctx, given);
  const ledger = await ctx.ledger();
  const { account } = await knownBatch(ledger, batch);
  const chosen = matchItems(await itemLines(ledger.db, batch), items, batch);
  const uncertain = chosen.find((item) => item.state === 'uncertain' && items.includes(item.id));
  if (uncertain !== undefined) throw uncertainRefused(batch, uncertain.id, 'skipped');
  const reason = why.reason ?? `given up by ${ctx.operator}`;
  const results: SkipResult['items'][number][] = [];
  for (const item of chosen) {
    const verdict = maySkip(item, batch);
    const skipped =
      verdict.may &&
      (await ledger.write((tx, nowMs) =>
        skipItem(tx, { batch, account, key: item.key, item: item.id }, ctx.operator, reason, nowMs),
      ));
    results.push({
      id: item.id,
      skipped,
      why: verdict.may && !skipped ? 'its state changed just now: try again' : verdict.why,
    });
  }
  const snapshot = await takeSnapshot(ledger, batch);
  const open = snapshot === null ? 0 : snapshot.totals.pending + snapshot.totals.waiting + snapshot.totals.uncertain;
  if (snapshot !== null && open === 0 && !canMove(snapshot) && snapshot.batch.driver_until <= (await ledger.now())) {
    await ledger.write((tx, nowMs) => setBatchState(tx, batch, 'finished', nowMs));
  }
  await wakeDriver(ctx, ledger, batch);
  return { batch, items: results };
}

/** Whether an item can be given up, and what becomes of what was paid. Pure. */
export function maySkip(
  item: Pick<ItemLine, 'id' | 'state'>,
  batch: string,
): { readonly may: boolean; readonly why: string } {
  if ((UNSENT_STATES as readonly string[]).includes(item.state))
    return { may: true, why: 'given up; nothing was charged' };
  switch (item.state) {
    case 'queued':
    case 'processing':
    case 'collecting':
      return { may: true, why: 'given up; its task is paid and is still collected when it ends' };
    case 'failed':
      return { may: true, why: 'given up' };
    case 'submitting':
      return { may: false, why: 'it is being sent right now: try again in a moment' };
    case 'uncertain':
      return { may: false, why: `uncertain: headswap resolve ${batch} ${item.id} settles it first` };
    case 'done':
    case 'skipped':
    case 'cancelled':
      return { may: false, why: `it is ${item.state}` };
    default:
      return { may: false, why: 'it cannot be skipped' };
  }
}

export function uncertainRefused(batch: string, item: string, what: string): OperationError {
  return new OperationError(EXIT.uncertain, {
    code: 'U101',
    message: `${item} is uncertain: its task may exist, so it cannot be ${what}`,
    charged: 'Perhaps its price; the hold is counted until it is settled.',
    next: `look into the vendor console, then headswap resolve ${batch} ${item} --task-id ID, --not-created or --pay-again`,
  });
}
