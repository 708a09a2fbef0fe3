import type { Ledger } from '../ledger/open-ledger.ts';
import { noteBalanceAfter } from '../ledger/operator-steps.ts';
import type { Context } from './context.ts';
import type { FollowResult } from './follow-batch.ts';
import { writeReportFiles } from './report.ts';
import type { AccountInUse } from './starters.ts';

const BALANCE_TIMEOUT_MS = 5_000;

/** Reads the balance once more (with an account) and writes the report beside the outputs; neither may spoil a batch that has ended. */
export async function finishResult(
  ctx: Context,
  ledger: Ledger,
  account: AccountInUse | null,
  result: FollowResult,
): Promise<FollowResult> {
  const notes = [...result.notes, ...gateNotes(result)];
  if (result.how === 'detached' || result.how === 'stopped') return { ...result, notes };
  const balance = await account?.client.balance({ signal: AbortSignal.timeout(BALANCE_TIMEOUT_MS) });
  if (balance?.kind === 'ok') await ledger.write((tx) => noteBalanceAfter(tx, result.batch, balance.value));
  try {
    const { report, files } = await writeReportFiles(ctx, result.batch, {
      formats: ['html', 'json', 'csv', 'junit'],
      out: null,
    });
    return {
      ...result,
      credits: report.credits,
      totals: report.totals,
      report: files.find((file) => file.format === 'html')?.path ?? null,
      notes,
    };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return {
      ...result,
      notes: [
        ...notes,
        `The report could not be written (${said}). Nothing else is concerned: headswap report ${result.batch}`,
      ],
    };
  }
}

function gateNotes({ totals, batch, state }: FollowResult): string[] {
  return [
    ...(totals.uncertain > 0
      ? [`${totals.uncertain} uncertain: look into the vendor console, then headswap resolve ${batch} ITEM`]
      : []),
    ...(totals.failed > 0
      ? [`${totals.failed} failed: headswap resume ${batch} --dry-run says which can be tried again`]
      : []),
    ...(state === 'paused' ? [`Paused: headswap resume ${batch} goes on`] : []),
  ];
}
