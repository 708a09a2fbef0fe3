/** What is said about an error, before it is text or JSON. */
import type { ExitCode } from '../../schemas/exit-codes.ts';
import type { Problem } from '../../schemas/manifest-item.ts';

/**
 * Who has to act, which decides how it reads: `mistake` the person who typed, `circumstance` whoever owns what is out of
 * reach or out of money (vendor, network, disk, another operator), `bug` us.
 */
export type ErrorKind = 'mistake' | 'circumstance' | 'bug' | 'interrupted';

export interface ErrorDescription {
  readonly kind: ErrorKind;
  /** For `explain`; empty where there is none, as for a mistyped flag. */
  readonly code: string;
  readonly message: string;
  /** The vendor's own words, in quotes in the text; null where the vendor said nothing. */
  readonly vendor: string | null;
  /** What was or was not charged; null where money is not near. */
  readonly charged: string | null;
  readonly next: string;
  /** The errors of a manifest or configuration behind it, each with its place. */
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  readonly stack: string | null;
}
