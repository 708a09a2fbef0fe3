import type { AccountConfig } from '../schemas/config.ts';
import type { PlannedRow } from '../manifests/plan-rows.ts';
import type { Context } from './context.ts';
import { EMULATOR_ANALYSIS_MS, EMULATOR_TASK_MS } from './emulator-account.ts';
import type { PlanFacts } from './plan-facts.ts';
import { planSeconds } from './plan-seconds.ts';

/** Engine and worker start before the first call to the vendor. */
const START_MS = 1_500;
/** An end is seen some time after it: learnt waits are cut short a little and then looked at often. */
const SEEN_LATER = 1.08;

/**
 * How long the plan will take, from the paces and ceilings of now. Durations are those the ledger has seen, else those of the
 * emulated vendor; else the first poll is the guess, since nothing shows as ended before it.
 */
export function expectedSeconds(
  ctx: Context,
  rows: readonly PlannedRow[],
  facts: PlanFacts,
  config: AccountConfig,
): number {
  const creates = rows.filter((row) => row.action === 'run' || row.action === 'repay');
  const picks = rows.filter((row) => row.action === 'pick' && row.entry?.kind === 'start');
  const { limits, polling } = config;
  const given = ctx.rehearsal
    ? { taskMs: EMULATOR_TASK_MS * SEEN_LATER, analysisMs: EMULATOR_ANALYSIS_MS + 250 }
    : { taskMs: polling.firstMs, analysisMs: polling.firstMs };
  const base = {
    analysed: facts.analysed,
    createPerSecond: Math.min(limits.createPerSecond, paceOf(facts.account?.create_gap_ms) ?? Infinity),
    analyzePerSecond: Math.min(limits.analyzePerSecond, paceOf(facts.account?.analyze_gap_ms) ?? Infinity),
    openTasks: Math.min(limits.openTasks, facts.account?.open_limit ?? Infinity),
    openAnalyses: limits.openAnalyses,
    analysisMs: facts.analysisMs ?? given.analysisMs,
    startMs: START_MS,
  };
  const made = planSeconds({ ...base, videos: creates.map(videoOf), taskMs: facts.taskMs ?? given.taskMs });
  const looked = planSeconds({
    ...base,
    videos: picks.map(videoOf),
    createPerSecond: Infinity,
    openTasks: Infinity,
    taskMs: 0,
  });
  return Math.round(Math.max(made, looked) * 10) / 10;
}

function paceOf(gapMs: number | undefined): number | null {
  return gapMs === undefined ? null : 1000 / gapMs;
}

function videoOf(row: PlannedRow): string {
  return row.entry !== null && 'item' in row.entry ? row.entry.item.video : row.id;
}
