import type { CreatedTask } from './read.ts';

/** Which kind of call an outcome belongs to: what a code means depends on whether the call can cost money. */
export type Call = 'read' | 'analyze' | 'create';

/** Conditions that concern the whole account, named as the gates they close. */
export type AccountCondition = 'credits' | 'authorisation' | 'plan' | 'unpaid';

/**
 * What follows from an outcome: the only thing a caller has to look at.
 *
 * - `wait-and-retry`: nothing was created; again later. `throttled` lowers the pace and uses no try; with `maxTries`
 *   the item fails once so many tries were answered this way.
 * - `gate`: nobody on this account may spend until the condition is cured.
 * - `misconfigured`: `base_url` does not lead to this API; stop the account and tell a person.
 * - `fail-item`: permanent for this request; nothing was created.
 * - `reanalyse`: the vendor no longer has the analysis of this video; nothing was created.
 * - `not-found` (reads only): the id is not known to this account. For an analysis: analyse again. For a paid task:
 *   an alarm, never "gone" (faults 82).
 * - `uncertain` (creates only): a task may exist and may be charged; never send again by itself.
 */
export type Consequence =
  | {
      readonly kind: 'wait-and-retry';
      readonly because: 'throttled' | 'transient';
      readonly retryAfterMs: number | null;
      readonly maxTries: number | null;
    }
  | { readonly kind: 'gate'; readonly gate: AccountCondition }
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'fail-item' }
  | { readonly kind: 'reanalyse' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'uncertain' };

/** Why there is no usable answer. */
export type TransportReason =
  /** The connection was never opened: name not resolved, refused, unreachable, TLS not agreed. */
  | 'connect'
  /** The server closed the idle connection before a byte of the request was written. */
  | 'closed-before-send'
  /** Cut after sending began. */
  | 'reset'
  /** No complete answer within the deadline. */
  | 'deadline'
  | 'aborted'
  /** More than the response cap. */
  | 'too-large'
  /** A complete answer that is not this API's: HTML, half JSON, a redirect, no integer `code`, no id. */
  | 'not-an-envelope'
  | 'no-id';

/** What is known about a call that did not succeed. Free of keys and of full URLs. */
export interface Problem {
  /** The body's code; null when there was none. */
  readonly code: number | null;
  readonly httpStatus: number | null;
  /** Null when the vendor answered with a code, or refused by HTTP status alone. */
  readonly reason: TransportReason | null;
  /** For people, one line. */
  readonly message: string;
  readonly consequence: Consequence;
}

/**
 * How a read or an analysis ended. `refused`: the vendor answered with something else than success. `transport`: there
 * was no usable answer; `sent` tells whether the vendor may have seen the request.
 */
export type Outcome<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | ({ readonly kind: 'refused' } & Problem)
  | ({ readonly kind: 'transport'; readonly sent: 'no' | 'maybe' } & Problem);

/** How a create ended (design D6). `refused`: certainly not created. `uncertain`: everything else after the first byte. */
export type CreateOutcome =
  | { readonly kind: 'created'; readonly task: CreatedTask }
  | ({ readonly kind: 'refused' } & Problem)
  | ({ readonly kind: 'uncertain' } & Problem);
