import type { ManifestCode } from '../schemas/manifest-codes.ts';

/**
 * Something wrong with one value, before its place in a file is known: the pure part of the reader returns faults, the
 * part that knows the file turns them into problems.
 */
export interface Fault {
  readonly code: ManifestCode;
  readonly message: string;
  readonly help: string | null;
  /** Which field of the entry (`swap`), or null for the entry itself. */
  readonly field: string | null;
  /** Which pair of a mapping, and whether its key is meant. */
  readonly pair?: number;
  readonly key?: boolean;
  /** The part of the text that is meant. */
  readonly from?: number;
  readonly length?: number;
}

/** A fault without its field, as the small parsers return it. */
export type ValueFault = Omit<Fault, 'field'>;

export function inField(field: string, fault: ValueFault): Fault {
  return { ...fault, field };
}

/** Quotes a value for a message, cut and without control characters: what people wrote may be anything. */
export function quoted(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return `"${printable(cut)}"`;
}

/** Control characters would move the cursor or forge a line in CI logs. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (char) =>
    char === '\t' ? ' ' : '·',
  );
}
