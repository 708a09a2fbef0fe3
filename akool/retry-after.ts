/** Longest wait a server can ask of us: beyond that it is a mistake or an attack, and our own pace decides. */
export const MAX_RETRY_AFTER_MS = 600_000;

/**
 * Milliseconds to wait by a `Retry-After` header: seconds, or a date (measured from the server's own `Date` where there
 * is one, since clocks differ). Null when absent or not readable (negative, text); a past date is 0; an absurd one is
 * capped at {@link MAX_RETRY_AFTER_MS}.
 */
export function readRetryAfterMs(
  header: string | undefined,
  serverDate: string | undefined,
  nowMs: number,
): number | null {
  const text = header?.trim();
  if (text === undefined || text === '') return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.round(Number(text) * 1000), MAX_RETRY_AFTER_MS);
  // Date.parse takes almost anything ("-5" is a month): only what looks like an HTTP date is one.
  if (!/^[A-Za-z]{3}/.test(text)) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return null;
  const serverNow = serverDate === undefined ? Number.NaN : Date.parse(serverDate);
  return Math.min(Math.max(0, at - (Number.isNaN(serverNow) ? nowMs : serverNow)), MAX_RETRY_AFTER_MS);
}
