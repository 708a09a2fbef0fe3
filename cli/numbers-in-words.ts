/** How numbers, times and spans read on a terminal. Time zone and language never change what a script might match. */

/** `1,430`; at most two decimals. */
export function amount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

/** `1 credit`, `12 credits`, `unknown`. */
export function credits(value: number | null): string {
  return value === null ? 'unknown' : counted(value, 'credit');
}

/** `820 to 905`, `38`, `unknown`. */
export function range(low: number | null, high: number | null): string {
  if (low === null || high === null) return 'unknown';
  return low === high ? amount(low) : `${amount(low)} to ${amount(high)}`;
}

/** `1 item`, `3 items`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${amount(count)} ${count === 1 ? one : many}`;
}

/** `40 s`, `22 min`, `3 h 10 min`, `2 d 4 h`: as exact as a person needs it. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** `2026-11-23T09:00:01+01:00`, in the zone of `offsetMinutes` (east positive). */
export function stamp(atMs: number, offsetMinutes: number): string {
  const local = new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, 19);
  const sign = offsetMinutes < 0 ? '-' : '+';
  const absolute = Math.abs(offsetMinutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${local}${sign}${two(Math.floor(absolute / 60))}:${two(absolute % 60)}`;
}

/** `09:14` today, else `2026-11-22 09:14`. */
export function clockTime(atMs: number, nowMs: number, offsetMinutes: number): string {
  const at = stamp(atMs, offsetMinutes);
  const sameDay = at.slice(0, 10) === stamp(nowMs, offsetMinutes).slice(0, 10);
  return sameDay ? at.slice(11, 16) : at.slice(0, 16).replace('T', ' ');
}
