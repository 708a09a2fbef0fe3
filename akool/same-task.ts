import type { TaskDetail } from './read.ts';

/** What was asked for in the create whose answer is not known. */
export interface AskedTask {
  readonly videoUrl: string;
  readonly resolution: string;
  /** When its first byte left, by our clock. */
  readonly sentAtMs: number;
  /** How long its answer was waited for. */
  readonly requestTimeoutMs: number;
}

export type TaskVerdict =
  | { readonly kind: 'same' }
  /** In plain words, free of URLs. */
  | { readonly kind: 'another'; readonly differences: readonly string[] }
  /** The answer leaves out what decides; a later one may tell. */
  | { readonly kind: 'unclear'; readonly why: string };

/** Clocks of the vendor and of this machine may differ by so much. */
const CLOCKS_APART_MS = 120_000;

/** Whether a task that somebody names is the one a lost create made: same source, same resolution, made at that time. */
export function compareTask(asked: AskedTask, id: string, detail: TaskDetail): TaskVerdict {
  const differences: string[] = [];
  if (detail.id !== null && detail.id !== id) differences.push('the vendor answers with another id');
  if (detail.sourceVideoUrl !== null && detail.sourceVideoUrl !== asked.videoUrl)
    differences.push('it is of another video');
  if (detail.resolution !== null && detail.resolution !== asked.resolution)
    differences.push(`it has resolution ${detail.resolution}, not ${asked.resolution}`);
  const { createdAtMs } = detail;
  const earliestMs = asked.sentAtMs - CLOCKS_APART_MS;
  const latestMs = asked.sentAtMs + asked.requestTimeoutMs + CLOCKS_APART_MS;
  if (createdAtMs !== null && (createdAtMs < earliestMs || createdAtMs > latestMs))
    differences.push('it was created at another time');
  if (differences.length > 0) return { kind: 'another', differences };
  if (detail.sourceVideoUrl === null) return { kind: 'unclear', why: 'the vendor does not say which video it is of' };
  if (createdAtMs === null) return { kind: 'unclear', why: 'the vendor does not say when it was created' };
  return { kind: 'same' };
}
