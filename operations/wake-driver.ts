import type { Ledger } from '../ledger/open-ledger.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { Context } from './context.ts';
import { useEngine } from './engine-use.ts';

/**
 * Tells whoever drives a batch to look into the ledger now. Only a help: an open lane sees every change within its next pass,
 * so an engine that is not up is no error. Returns whether something was told.
 */
export async function wakeDriver(ctx: Context, ledger: Ledger, batch: string): Promise<boolean> {
  const row = await batchRow(ledger.db, batch);
  if (row === null || row.state !== 'running' || row.driver_until <= (await ledger.now())) return false;
  try {
    const engine = await useEngine(ctx, 'must-be-up');
    try {
      await engine.drive(ledger, {
        id: row.id,
        account: row.account,
        lanes: row.lanes,
        requestTimeoutMs: ctx.accountConfig(row.account).requestTimeoutMs,
      });
    } finally {
      await engine.leave();
    }
    return true;
  } catch (error) {
    ctx.options.log('the driver could not be woken; it looks by itself', {
      batch,
      error: error instanceof Error ? error.message : String(error),
    });
    return false;
  }
}
