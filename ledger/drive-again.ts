import type { Tx } from './open-ledger.ts';

/**
 * What is bound is polled and collected, also when the round had ended; a stopped or cancelled batch stays so. Returns
 * whether the round had ended, so that somebody must drive it.
 */
export async function driveAgain(tx: Tx, batch: string, nowMs: number): Promise<boolean> {
  const row = await tx
    .updateTable('batches')
    .set({ state: 'running', finished_at: null, updated_at: nowMs })
    .where('id', '=', batch)
    .where('state', 'in', ['waiting', 'finished'])
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}
