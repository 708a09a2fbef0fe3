/** What decides how long a batch takes, as far as it is known before it runs. */
export interface SecondsFacts {
  /** Items that will be created, in the order of the sheet: the video of each (any stable name). */
  readonly videos: readonly string[];
  /** Videos that are analysed already. */
  readonly analysed: ReadonlySet<string>;
  readonly createPerSecond: number;
  readonly analyzePerSecond: number;
  readonly openTasks: number;
  readonly openAnalyses: number;
  /** From sending until its end is seen. */
  readonly taskMs: number;
  readonly analysisMs: number;
  /** Until the first call: 0 when an engine is up. */
  readonly startMs: number;
}

/** After the last task's end: one download, checked and recorded. */
const COLLECT_MS = 500;
/** Between an analysis that ended and the create it allows. */
const TURN_MS = 300;
/** Beyond these a batch is in its steady state, and the rest follows from what the simulated part took. */
const SIMULATED = 5_000;

/**
 * Seconds until everything is collected: analyses and creates under their paces and open ceilings, without refusals. A
 * small simulation, because the three bounds (pace, places, analyses that come in time) overlap. Pure.
 */
export function planSeconds(facts: SecondsFacts): number {
  const { videos } = facts;
  if (videos.length === 0) return 0;
  const simulated = videos.slice(0, SIMULATED);
  const ends = taskEnds({ ...facts, videos: simulated });
  const last = ends.at(-1) ?? 0;
  const rest = videos.length - simulated.length;
  const perItemMs = last / Math.max(1, simulated.length);
  return (facts.startMs + last + rest * perItemMs + COLLECT_MS) / 1000;
}

/** When each task ends, in milliseconds after the first call, in order of their creates. */
function taskEnds(facts: SecondsFacts): number[] {
  const readyAt = analysesEnd(facts);
  const ready = facts.videos.map((video) => readyAt.get(video) ?? 0).toSorted((a, b) => a - b);
  const gapMs = 1000 / facts.createPerSecond;
  const ends: number[] = [];
  let nextMs = 0;
  for (const at of ready) {
    // All tasks take the same time, so they end in the order of their creates.
    const placeFreeMs = ends[ends.length - facts.openTasks] ?? 0;
    const sentMs = Math.max(at, nextMs, placeFreeMs);
    nextMs = sentMs + gapMs;
    ends.push(sentMs + facts.taskMs);
  }
  return ends;
}

function analysesEnd(facts: SecondsFacts): Map<string, number> {
  const gapMs = 1000 / facts.analyzePerSecond;
  const ends = new Map<string, number>();
  const order: number[] = [];
  let nextMs = 0;
  for (const video of facts.videos) {
    if (ends.has(video)) continue;
    if (facts.analysed.has(video)) {
      ends.set(video, 0);
      continue;
    }
    const sentMs = Math.max(nextMs, order[order.length - facts.openAnalyses] ?? 0);
    nextMs = sentMs + gapMs;
    order.push(sentMs + facts.analysisMs);
    ends.set(video, sentMs + facts.analysisMs + TURN_MS);
  }
  return ends;
}
