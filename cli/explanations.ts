/** Every code of the program in one shape, from the two closed lists that own them. */
import { FAILURE_CODES, type FailureCode } from '../schemas/failure-codes.ts';
import { MANIFEST_CODES } from '../schemas/manifest-codes.ts';

export interface Explanation {
  readonly code: string;
  readonly title: string;
  readonly means: string;
  /** Null for manifests: checking one never touches money. */
  readonly charged: string | null;
  readonly next: string;
}

export function allCodes(): readonly Explanation[] {
  const failures = Object.entries<FailureCode>(FAILURE_CODES).map(([code, entry]) => ({ code, ...entry }));
  const faults = Object.entries(MANIFEST_CODES).map(([code, { title, explanation, cure }]) => ({
    code,
    title,
    means: explanation,
    charged: null,
    next: cure,
  }));
  return [...failures, ...faults].toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

/** The code as a person types it, in any case; null when there is none. */
export function explanationOf(written: string): Explanation | null {
  const wanted = written.trim().toUpperCase();
  return allCodes().find(({ code }) => code.toUpperCase() === wanted) ?? null;
}

export function explanationCodes(): readonly string[] {
  return allCodes().map(({ code }) => code);
}
