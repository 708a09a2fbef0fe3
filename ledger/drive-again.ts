import type { Tx } from './open-ledger.ts';
import { prepared } from './prepared.ts';

const RUN_AGAIN = prepared<{ batch: string; nowMs: number }>()((db, v) =>
  db
    .updateTable('batches')
    .set({ state: 'running', finished_at: null, updated_at: v.nowMs })
    .where('id', '=', v.batch)
    .where('state', 'in', ['waiting', 'finished'])
    .returning('id'),
);

/**
 * What is bound is polled and collected, also when the round had ended; a stopped or cancelled batch stays so. Returns
 * whether the round had ended, so that somebody must drive it.
 */
export async function driveAgain(tx: Tx, batch: string, nowMs: number): Promise<boolean> {
  return (await RUN_AGAIN.first(tx, { batch, nowMs })) !== undefined;
}
