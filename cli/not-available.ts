/**
 * What contract.md announces and this version does not have. Refused with one clear line and exit 2, never ignored. Take an
 * entry out when its part arrives; nothing else has to change for the refusal to go.
 */
export interface MissingCommand {
  readonly path: string;
  readonly summary: string;
}

/** Commands; one with commands of its own covers them. */
export const MISSING_COMMANDS: readonly MissingCommand[] = [
  { path: 'purge', summary: 'erasing faces, previews and URLs' },
];

export interface MissingFlag {
  readonly command: string;
  /** `--redact`; the command itself declares it only when some of its values are there. */
  readonly flag: string;
  /** Only this value is missing; null when the flag is missing whatever its value. */
  readonly value: string | null;
  readonly summary: string;
}

export const MISSING_FLAGS: readonly MissingFlag[] = [
  { command: 'report', flag: '--redact', value: null, summary: 'reports without faces' },
  { command: 'credits', flag: '--by', value: 'project', summary: 'credits by project' },
];

/** Addresses that are missing wherever a place to write is asked for. */
export const MISSING_ADDRESSES = [{ prefix: 's3://', summary: 'storage in S3' }] as const;

export function notAvailableYet(what: string, summary: string): string {
  return `${what} is not available yet (${summary}). Nothing was done.`;
}
