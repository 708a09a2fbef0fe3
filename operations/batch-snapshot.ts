import { readMemory } from '../ledger/account-row.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { batchRow, heldCredits, stateCounts } from '../ledger/status-queries.ts';
import type { BatchRow, GateRow } from '../ledger/tables.ts';
import { batchExit } from '../schemas/batch-exit.ts';
import type { ExitCode } from '../schemas/exit-codes.ts';
import type { ReportCredits, Totals } from '../schemas/report.ts';
import type { GateName } from '../schemas/states.ts';
import { totalsOf } from '../schemas/totals.ts';
import { itemCounts } from './report-facts.ts';

/** How a batch stands now, from a few aggregated reads. */
export interface BatchSnapshot {
  readonly batch: BatchRow;
  readonly totals: Totals;
  readonly heldByBudget: number;
  readonly stalled: number;
  readonly credits: ReportCredits;
  readonly gates: readonly GateRow[];
  /** Paces per second of now; null when the account is not known yet. */
  readonly pace: {
    readonly create: number;
    readonly analyze: number;
    readonly poll: number;
    readonly openTasks: number;
  } | null;
}

export async function takeSnapshot(ledger: Ledger, id: string): Promise<BatchSnapshot | null> {
  const { db } = ledger;
  const batch = await batchRow(db, id);
  if (batch === null) return null;
  const gates = await gatesOfBatch(db, id, batch.account);
  const counts = itemCounts(await stateCounts(db, id), gates);
  const heldCount = (by: 'budget' | 'stalled') =>
    counts.reduce((sum, row) => sum + (row.heldBy === by ? (row.count ?? 1) : 0), 0);
  const account = await db
    .selectFrom('accounts')
    .select(['pace_memory', 'open_limit'])
    .where('id', '=', batch.account)
    .executeTakeFirst();
  const memory = account === undefined ? null : readMemory(account);
  return {
    batch,
    totals: totalsOf(counts),
    heldByBudget: heldCount('budget'),
    stalled: heldCount('stalled'),
    credits: {
      estimated: batch.estimated,
      budget: batch.budget,
      held: await heldCredits(db, id),
      charged: batch.charged,
      // Only the report, which reads every attempt, can say it.
      unexplained: null,
      balance_before: batch.balance_before,
      balance_after: batch.balance_after,
    },
    gates,
    pace:
      memory === null
        ? null
        : {
            create: memory.create.perSecond,
            analyze: memory.analyze.perSecond,
            poll: memory.poll.perSecond,
            openTasks: account?.open_limit ?? 0,
          },
  };
}

export function exitOf(snapshot: Pick<BatchSnapshot, 'totals' | 'heldByBudget' | 'gates'>): ExitCode {
  const { totals, heldByBudget, gates } = snapshot;
  return batchExit({ totals, heldByBudget, gates: gates.map((gate) => gate.name as GateName) });
}

/** Gates behind which nothing is created until a person or money moves it: the round ends although rows are open (design D5, D10). */
const PARKING: readonly GateName[] = [
  'authorisation',
  'plan',
  'unpaid',
  'refused-alike',
  'uncertain',
  'pause',
  'stopped',
  'budget',
  'tolerance',
  'cancelled',
];

/** Whether anything of the batch could still move by itself. Pure. */
export function canMove(snapshot: Pick<BatchSnapshot, 'totals' | 'gates' | 'stalled'>): boolean {
  const { by_state: states } = snapshot.totals;
  const names = snapshot.gates.map((gate) => gate.name as GateName);
  const inFlight =
    states.submitting +
    states.collecting +
    (names.includes('authorisation') ? 0 : states.analyzing + states.queued + states.processing);
  const parked = names.some((name) => PARKING.includes(name));
  return inFlight - snapshot.stalled > 0 || (!parked && states.pending + states.ready > 0);
}
