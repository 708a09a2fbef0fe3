import { gapMs, grow, holdOffMs, slowDown, type Pace } from '../../ledger/pace.ts';

export interface Throttling {
  /** Calls the vendor accepts in any one second, over time. */
  readonly allowed: (nowMs: number) => number;
  /** Whether refused calls count against the limit too. */
  readonly refusalsCount: boolean;
  readonly chance: () => number;
}

export interface Answer {
  readonly sentAtMs: number;
  readonly accepted: boolean;
}

/** How often the fleet looks whether a pace may grow. */
const LOOK_EVERY_MS = 1_000;
/** The rate accepted lately is counted over this time (design section 5). */
const WINDOW_MS = 3_000;

/**
 * A client with endless work that keeps to `pace`, against a vendor that refuses what exceeds its limit in a sliding second.
 * Calls and answers are 5 to 40 ms on their way. Permits are given as the ledger gives them (no burst, an exact gap).
 */
export function simulate(
  start: Pace,
  vendor: Throttling,
  untilMs: number,
): { answers: Answer[]; highest: number; pace: Pace } {
  const transitMs = () => 5 + vendor.chance() * 35;
  const answers: Answer[] = [];
  const flying: { answerAtMs: number; answer: Answer }[] = [];
  let arrivals: number[] = [];
  let pace = start;
  let highest = pace.perSecond;
  let nextSendMs = 0;
  let nextLookMs = 0;
  const arrive = (sentAtMs: number) => {
    const atMs = sentAtMs + transitMs();
    arrivals = arrivals.filter((t) => t > atMs - 1_000 - 40);
    const accepted = arrivals.filter((t) => t > atMs - 1_000 && t <= atMs).length < vendor.allowed(atMs);
    if (accepted || vendor.refusalsCount) arrivals.push(atMs);
    flying.push({ answerAtMs: atMs + transitMs(), answer: { sentAtMs, accepted } });
    flying.sort((a, b) => a.answerAtMs - b.answerAtMs);
  };
  const hear = (answer: Answer, nowMs: number) => {
    answers.push(answer);
    if (answer.accepted) return;
    pace = slowDown(pace, { sentAtMs: answer.sentAtMs, acceptedPerSecond: acceptedPerSecond(answers, nowMs) }, nowMs);
    nextSendMs = Math.max(nextSendMs, nowMs + holdOffMs(pace, null));
  };
  for (;;) {
    const answerMs = flying[0]?.answerAtMs ?? Infinity;
    const nowMs = Math.min(nextSendMs, nextLookMs, answerMs);
    if (nowMs >= untilMs) return { answers, highest, pace };
    if (nowMs === answerMs) hear(flying.shift()!.answer, nowMs);
    else if (nowMs === nextLookMs) {
      pace = grow(pace, nowMs);
      highest = Math.max(highest, pace.perSecond);
      nextLookMs += LOOK_EVERY_MS;
    } else {
      arrive(nowMs);
      nextSendMs = nowMs + gapMs(pace);
    }
  }
}

function acceptedPerSecond(answers: readonly Answer[], nowMs: number): number | null {
  const lately = answers.slice(-200).filter((a) => a.accepted && a.sentAtMs > nowMs - WINDOW_MS);
  const first = lately[0];
  if (first === undefined) return null;
  return (lately.length * 1_000) / Math.max(1_000, Math.min(WINDOW_MS, nowMs - first.sentAtMs));
}

/** Accepted calls per second of those sent in a span of time. */
export function acceptedRate(answers: readonly Answer[], fromMs: number, toMs: number): number {
  const n = answers.filter((a) => a.accepted && a.sentAtMs >= fromMs && a.sentAtMs < toMs).length;
  return (n * 1_000) / (toMs - fromMs);
}
export function refusals(answers: readonly Answer[], fromMs: number, toMs: number): number {
  return answers.filter((a) => !a.accepted && a.sentAtMs >= fromMs && a.sentAtMs < toMs).length;
}
