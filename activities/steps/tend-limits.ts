import { closeGate, openGate, type GateScope } from '../../ledger/gates.ts';
import { windowsOfBatch } from '../../ledger/schedules.ts';
import { closeAboveTolerance, faultsOf } from '../../ledger/tolerance-steps.ts';
import type { AccountRow, BatchRow, GateRow } from '../../ledger/tables.ts';
import { windowClosedText, type ProductionWindow } from '../../schemas/production-window.ts';
import { servedAccount, type ActivityDependencies } from '../dependencies.ts';
import type { WindowWatch } from '../window-watch.ts';

interface Rows {
  readonly account: AccountRow;
  readonly batch: BatchRow;
  readonly gates: readonly GateRow[];
}

/**
 * Closes and opens the production windows of the account and of the batch's schedule, and stops a batch of which too many
 * items failed. Looked at before every claim: nothing is claimed after a window's end or the last tolerated fault. Returns
 * whether a gate moved, so that the rows are to be read again.
 */
export async function tendLimits(
  deps: ActivityDependencies,
  watch: WindowWatch,
  rows: Rows,
  nowMs: number,
): Promise<boolean> {
  const { account, batch } = rows;
  const ofBatch = await windowsOfBatch(deps.ledger.db, batch.id);
  const moved = [
    await tendWindow(
      deps,
      watch,
      rows,
      { scope: 'account', owner: account.id },
      servedWindows(deps, account.id),
      nowMs,
    ),
    await tendWindow(deps, watch, rows, { scope: 'batch', owner: batch.id }, ofBatch, nowMs),
    await tendTolerance(deps, rows),
  ];
  return moved.includes(true);
}

function servedWindows(deps: ActivityDependencies, account: string): readonly ProductionWindow[] {
  return servedAccount(deps, account).windows ?? [];
}

async function tendWindow(
  deps: ActivityDependencies,
  watch: WindowWatch,
  rows: Rows,
  at: GateScope,
  windows: readonly ProductionWindow[],
  nowMs: number,
): Promise<boolean> {
  const closed = rows.gates.some((gate) => gate.scope === at.scope && gate.name === 'window');
  if (watch.isOpen(windows, nowMs) !== closed) return false;
  return deps.ledger.write(async (tx, now) => {
    if (closed) return openGate(tx, at, 'window', { by: 'fleet', detail: 'the production window is open' }, now);
    const why = windowClosedText(windows, now);
    if (why === null) return false;
    const { reason, reopens, opensAtMs } = why;
    return closeGate(tx, at, { name: 'window', code: 'P113', reason, reopens, probeAtMs: opensAtMs }, now);
  });
}

async function tendTolerance(deps: ActivityDependencies, { batch, gates }: Rows): Promise<boolean> {
  if (batch.tolerate === null || gates.some((gate) => gate.name === 'tolerance')) return false;
  const seen = await faultsOf(deps.ledger.db, batch);
  if (seen === null || seen.faults <= seen.tolerated) return false;
  return deps.ledger.write((tx, nowMs) => closeAboveTolerance(tx, batch, nowMs));
}
