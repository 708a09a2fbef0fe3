import type { ReportItem } from '../schemas/report.ts';

/** Credits one item cost in this batch: all its attempts and the orphans found for them. */
export function chargedOf({ attempts }: Pick<ReportItem, 'attempts'>): number {
  return sumOfCredits(
    attempts.flatMap((attempt) => [attempt.charged, ...attempt.orphans.map((orphan) => orphan.charged)]),
  );
}

/** Credits may be fractions; a sum of tenths must not show as 0.30000000000000004. Unknown ones count as nothing. */
export function sumOfCredits(values: readonly (number | null)[]): number {
  return roundCredits(values.reduce<number>((total, value) => total + (value ?? 0), 0));
}

export function roundCredits(credits: number): number {
  return Math.round(credits * 1e6) / 1e6;
}
