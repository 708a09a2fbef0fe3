import type { AccountRow } from '../ledger/tables.ts';

/** How long a pass collects keys before it hands them over, so that completions share one wake-up of the lane. */
const COALESCE_MS = 200;
const COALESCE_COLLECT_MS = 300;
const LONGEST_MS = 1_500;
/** Creates are handed over this much before their permit may be taken: scheduling takes about as long. */
const LEAD_MS = 100;
/** With fewer than this many claims unsent, waiting any longer would leave a gap in the pace. */
const NEARLY_DRY = 2;
const FULL = 50;

export interface PassCounts {
  readonly analyse: readonly unknown[];
  readonly create: readonly unknown[];
  readonly collect: readonly unknown[];
}

/** Whether a pass that holds keys should return now. `heldMs` is the age of its oldest key. */
export function passIsDue(
  keys: PassCounts,
  account: Pick<
    AccountRow,
    'reserved' | 'create_gap_ms' | 'next_create_at' | 'analyses_reserved' | 'analyze_gap_ms' | 'next_analyze_at'
  >,
  heldMs: number,
  nowMs: number,
): boolean {
  if (keys.analyse.length + keys.create.length + keys.collect.length >= FULL || heldMs > LONGEST_MS) return true;
  if (keys.collect.length > 0 && heldMs >= COALESCE_COLLECT_MS) return true;
  const unsent = Math.max(0, account.reserved - keys.create.length);
  const createTurnMs = account.next_create_at + unsent * account.create_gap_ms;
  if (keys.create.length > 0 && (unsent < NEARLY_DRY || heldMs >= COALESCE_MS) && nowMs >= createTurnMs - LEAD_MS)
    return true;
  const analysesUnsent = Math.max(0, account.analyses_reserved - keys.analyse.length);
  const analyzeTurnMs = account.next_analyze_at + analysesUnsent * account.analyze_gap_ms;
  return (
    keys.analyse.length > 0 &&
    (analysesUnsent < NEARLY_DRY || heldMs >= COALESCE_MS) &&
    nowMs >= analyzeTurnMs - LEAD_MS
  );
}
