import { basename } from 'node:path';
import { readSchedule } from '../ledger/schedules.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { ManifestCheck } from '../schemas/schedule-work.ts';
import type { Context } from './context.ts';
import { OperationError } from './operation-error.ts';
import { planScheduledRun, refusalTexts } from './scheduled-manifest.ts';

const NOTHING = { sha256: '', rows: 0, run: 0, repay: 0, low: null, high: null, account: '' } as const;

/** Reads a schedule's manifest where a worker lives, and says what its next run would do. Enters nothing. */
export async function checkScheduledManifest(ctx: Context, name: string): Promise<ManifestCheck> {
  const ledger = await ctx.ledger();
  const schedule = await readSchedule(ledger.db, name);
  if (schedule === null) return { ...NOTHING, ok: false, problems: [`no schedule "${name}" in this ledger`], file: '' };
  const file = basename(schedule.shown);
  try {
    const committed = (await batchRow(ledger.db, name))?.committed ?? 0;
    const { manifest, counts, credits, account } = await planScheduledRun(ctx, schedule, committed);
    return {
      ok: true,
      problems: [],
      file,
      sha256: manifest.sha256,
      rows: manifest.items.length,
      run: counts.run,
      repay: counts.repay,
      low: credits.low,
      high: credits.high,
      account,
    };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { ...NOTHING, ok: false, problems: refusalTexts(error), file };
  }
}
