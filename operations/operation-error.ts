import type { ExitCode } from '../schemas/exit-codes.ts';
import type { Problem } from '../schemas/manifest-item.ts';

/**
 * Everything expected that keeps an operation from doing what it was asked: the message says what happened and where,
 * `charged` what was or was not charged (null where no money is near), `next` what to do. Any other error is a fault of ours.
 */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly exit: ExitCode;
  /** For `explain`: a code of schemas/failure-codes.ts or manifest-codes.ts, or empty for plain usage. */
  readonly code: string;
  readonly charged: string | null;
  readonly next: string;
  /** The errors of a manifest or configuration behind it (exit 2 and 3), each with its place. */
  readonly problems: readonly Problem[];

  constructor(
    exit: ExitCode,
    what: {
      readonly message: string;
      readonly next: string;
      readonly code?: string;
      readonly charged?: string | null;
      readonly problems?: readonly Problem[];
    },
    options?: ErrorOptions,
  ) {
    super(what.message, options);
    this.exit = exit;
    this.code = what.code ?? '';
    this.charged = what.charged ?? null;
    this.next = what.next;
    this.problems = what.problems ?? [];
  }
}

export const NOTHING_CHARGED = 'Nothing was charged.';
