/** Addresses that contract.md announces for later, wherever a place to write is asked for. Refused with one clear line and exit 2. */
export const MISSING_ADDRESSES = [{ prefix: 's3://', summary: 'storage in S3' }] as const;

export function notAvailableYet(what: string, summary: string): string {
  return `${what} is not available yet (${summary}). Nothing was done.`;
}
