import { ITEM_FAULT_CODES, parseTolerance, toleratedFaults } from '../schemas/tolerance.ts';
import { closeGate, openGate } from './gates.ts';
import type { Tx } from './open-ledger.ts';
import type { BatchRow } from './tables.ts';

type BatchWithTolerance = Pick<BatchRow, 'id' | 'lanes' | 'tolerate' | 'manifest_rows'>;

export interface FaultsSeen {
  readonly items: number;
  readonly faults: number;
  readonly tolerated: number;
  /** `P105 4, P103 2`, the most frequent first. */
  readonly codes: string;
}

/** Items that failed for causes of their own, against what is tolerated; null when the batch tolerates any number. */
export async function faultsOf(db: Tx, batch: BatchWithTolerance): Promise<FaultsSeen | null> {
  const tolerance = batch.tolerate === null ? null : parseTolerance(batch.tolerate);
  if (tolerance === null) return null;
  const rows = await db
    .selectFrom('items')
    .select((e) => ['reason_code as code', e.fn.countAll<number>().as('count')])
    .where('batch', '=', batch.id)
    // By lane, so that the index reads only what failed.
    .where(
      'lane',
      'in',
      Array.from({ length: batch.lanes }, (_, lane) => lane),
    )
    .where('state', '=', 'failed')
    .where('forgiven', '=', 0)
    .where('reason_code', 'in', ITEM_FAULT_CODES)
    .groupBy('reason_code')
    .execute();
  const faults = rows.reduce((sum, row) => sum + Number(row.count), 0);
  const codes = rows
    .toSorted((a, b) => Number(b.count) - Number(a.count))
    .map((row) => `${row.code ?? ''} ${row.count}`)
    .join(', ');
  const items = batch.manifest_rows;
  return { items, faults, tolerated: toleratedFaults(tolerance, items), codes };
}

/** Stops creates once more items failed than are tolerated. Returns whether this call did. */
export async function closeAboveTolerance(tx: Tx, batch: BatchWithTolerance, nowMs: number): Promise<boolean> {
  const seen = await faultsOf(tx, batch);
  if (seen === null || seen.faults <= seen.tolerated) return false;
  const reason = `${seen.faults} of ${seen.items} items failed for causes of their own (${seen.codes}); ${batch.tolerate ?? ''} is tolerated`;
  const reopens = `headswap resume ${batch.id}`;
  return closeGate(
    tx,
    { scope: 'batch', owner: batch.id },
    { name: 'tolerance', code: 'P112', reason, reopens },
    nowMs,
  );
}

/** Goes on past the gate once: the faults seen so far count no more, further ones do. Returns whether it was closed. */
export async function passTolerance(tx: Tx, batch: string, by: string, nowMs: number): Promise<boolean> {
  const detail = 'the faults so far are accepted';
  if (!(await openGate(tx, { scope: 'batch', owner: batch }, 'tolerance', { by, detail }, nowMs))) return false;
  await tx.updateTable('items').set({ forgiven: 1 }).where('batch', '=', batch).where('state', '=', 'failed').execute();
  return true;
}
