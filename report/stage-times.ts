/** Where the time of items went. Read from the report's own timelines. */
import type { ReportItem } from '../schemas/report.ts';

export const STAGES = ['analysis', 'wait', 'processing', 'download'] as const;
export type Stage = (typeof STAGES)[number];
export type StageTimes = Readonly<Record<Stage, number>>;

/**
 * Milliseconds per stage; 0 where there was none. `wait` is from the end of the analysis to the first sending (pace, open
 * tasks, gates, budget), `processing` is at the vendor, over all attempts.
 */
export function stageTimesOf(item: ReportItem): StageTimes {
  const at = (state: string) => {
    const moment = item.timeline.find((entry) => entry.state.startsWith(state))?.at;
    return moment === undefined ? null : Date.parse(moment);
  };
  const between = (from: number | null, to: number | null) =>
    from === null || to === null ? 0 : Math.max(0, to - from);
  const settled = item.attempts.map((attempt) => attempt.settled_at).filter((time) => time !== null);
  const last = settled.length === 0 ? null : Math.max(...settled.map((time) => Date.parse(time)));
  return {
    analysis: between(at('analysis sent'), at('analysed')),
    wait: between(at('analysed'), at('task sent')),
    processing: item.attempts.reduce((sum, { sent_at: sent, settled_at: end }) => {
      return sum + (sent === null || end === null ? 0 : Math.max(0, Date.parse(end) - Date.parse(sent)));
    }, 0),
    download: between(last, at('collected')),
  };
}

/** From the first thing that happened to the last, in seconds. */
export function secondsOf(item: ReportItem): number {
  const first = item.timeline[0];
  const last = item.timeline.at(-1);
  return first === undefined || last === undefined ? 0 : (Date.parse(last.at) - Date.parse(first.at)) / 1000;
}

export interface StageSummary {
  readonly stage: Stage;
  readonly items: number;
  readonly medianMs: number;
  readonly longestMs: number;
}

/** Over the items that had the stage at all. */
export function summarizeStages(items: readonly ReportItem[]): StageSummary[] {
  const times = items.map(stageTimesOf);
  return STAGES.map((stage) => {
    const values = times
      .map((time) => time[stage])
      .filter((ms) => ms > 0)
      .toSorted((a, b) => a - b);
    return {
      stage,
      items: values.length,
      medianMs: values[Math.floor(values.length / 2)] ?? 0,
      longestMs: values.at(-1) ?? 0,
    };
  });
}

/** Items that took longest without their waiting, longest first. */
export function slowestItems(
  items: readonly ReportItem[],
  count: number,
): { item: ReportItem; times: StageTimes; workMs: number }[] {
  return items
    .map((item) => {
      const times = stageTimesOf(item);
      return { item, times, workMs: times.analysis + times.processing + times.download };
    })
    .filter(({ workMs }) => workMs > 0)
    .toSorted((a, b) => b.workMs - a.workMs)
    .slice(0, count);
}

export interface DoneBucket {
  readonly fromMs: number;
  readonly done: number;
  readonly failed: number;
}

/** How many items ended in each of `buckets` equal stretches between the first and the last moment of the batch. */
export function endsOverTime(
  items: readonly ReportItem[],
  buckets: number,
): { stretchMs: number; buckets: DoneBucket[] } {
  const moments = items.flatMap((item) => item.timeline.map((entry) => Date.parse(entry.at)));
  const first = moments.reduce((a, b) => Math.min(a, b), Infinity);
  const last = moments.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(last > first)) return { stretchMs: 0, buckets: [] };
  const stretchMs = (last - first) / buckets;
  const counts = Array.from({ length: buckets }, (_, n) => ({ fromMs: first + n * stretchMs, done: 0, failed: 0 }));
  for (const item of items) {
    const end = item.timeline.at(-1);
    if (end === undefined || (item.state !== 'done' && item.state !== 'failed')) continue;
    const bucket = counts[Math.min(buckets - 1, Math.floor((Date.parse(end.at) - first) / stretchMs))];
    if (bucket !== undefined) bucket[item.state] += 1;
  }
  return { stretchMs, buckets: counts };
}
