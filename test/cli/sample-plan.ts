import type { Plan, PlanAction, PlanItem } from '../../operations/plan-batch.ts';

const NO_COUNTS: Record<PlanAction, number> = {
  run: 0,
  reuse: 0,
  pick: 0,
  repay: 0,
  bad: 0,
  skip: 0,
  done: 0,
  in_flight: 0,
  ended: 0,
  removed: 0,
  later: 0,
};

/** A plan with these items, and everything else as little surprising as can be. */
export function plan(items: readonly PlanItem[], more: Partial<Plan> = {}): Plan {
  const counts = { ...NO_COUNTS };
  for (const { action } of items) counts[action] += 1;
  return {
    options: { file: 'spring.csv' },
    manifest: {
      batch: 'spring',
      project: null,
      account: null,
      budget: { credits: null, perItem: null },
      faces: [],
      items: [],
      bad: [],
      file: 'spring.csv',
      path: '/shots/spring.csv',
      sha256: '0'.repeat(64),
      sheet: null,
    },
    batch: 'spring',
    account: 'default',
    warnings: [],
    counts,
    credits: { low: 18, high: 45, basis: 'learnt' },
    maxUncertainCredits: 80,
    seconds: 1_300,
    budget: 1_200,
    items,
    ledger: { location: '/shots/.headswap/ledger.db', isNew: false },
    balance: 1_430,
    known: null,
    spends: true,
    questions: [],
    behindJournal: null,
    hasWork: true,
    unreachable: [],
    window: null,
    detected: null,
    rows: [],
    digest: 'd',
    ...more,
  };
}

export function planItem(id: string, action: PlanAction, credits: number | null = 0): PlanItem {
  return { id, action, why: '', credits };
}
