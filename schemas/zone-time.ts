/**
 * Wall-clock time in a time zone and back, over the zone data of Node's ICU. Pure. A wall-clock time can exist once, twice
 * (clocks set back) or not at all (clocks set forward).
 */

/** Month 1 to 12, day 1 to 31, as a clock on the wall of that zone shows it. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** Whether the name is one of the IANA database, in the spelling every engine takes: `Europe/Oslo`, `UTC`. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/u.test(zone)) return false;
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** How far the zone's clocks are ahead of UTC at an instant, in whole milliseconds. */
function zoneOffsetMs(atMs: number, zone: string): number {
  const at: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) at[type] = Number(value);
  const wall = Date.UTC(at['year'] ?? 0, (at['month'] ?? 1) - 1, at['day'], at['hour'], at['minute'], at['second']);
  return wall - Math.floor(atMs / 1_000) * 1_000;
}

export function wallTimeOf(atMs: number, zone: string): WallTime {
  const shifted = new Date(atMs + zoneOffsetMs(atMs, zone));
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
  };
}

/** The instants at which the zone's clocks show this time: one, two in order, or none. */
export function instantsOf(wall: WallTime, zone: string): number[] {
  const naive = naiveMs(wall);
  const offsets = new Set([zoneOffsetMs(naive - DAY_MS, zone), zoneOffsetMs(naive + DAY_MS, zone)]);
  return [...offsets]
    .map((offset) => naive - offset)
    .filter((at) => at + zoneOffsetMs(at, zone) === naive)
    .sort((a, b) => a - b);
}

/** The first instant at which the zone's clocks show this time, or, where they jump over it, the instant of the jump. */
export function firstInstantFrom(wall: WallTime, zone: string): number {
  const [first] = instantsOf(wall, zone);
  if (first !== undefined) return first;
  const naive = naiveMs(wall);
  const after = zoneOffsetMs(naive + DAY_MS, zone);
  let low = naive - after;
  let high = naive - zoneOffsetMs(naive - DAY_MS, zone);
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / (2 * MINUTE_MS)) * MINUTE_MS;
    if (middle === low) break;
    if (zoneOffsetMs(middle, zone) === after) high = middle;
    else low = middle;
  }
  return zoneOffsetMs(low, zone) === after ? low : high;
}

/** The wall-clock time as if it were UTC: an order and a difference of wall-clock times. */
export function naiveMs({ year, month, day, hour, minute }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

/** `2026-10-25T02:30`: names a wall-clock time. */
export function wallText(wall: WallTime): string {
  return new Date(naiveMs(wall)).toISOString().slice(0, 16);
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `Mon 23 Nov 2026 22:00 +01:00`, for people. */
export function zonedText(atMs: number, zone: string): string {
  const offset = zoneOffsetMs(atMs, zone);
  const local = new Date(atMs + offset);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.abs(Math.round(offset / MINUTE_MS));
  const day = `${WEEKDAYS[local.getUTCDay()] ?? ''} ${two(local.getUTCDate())} ${MONTHS[local.getUTCMonth()] ?? ''} ${local.getUTCFullYear()}`;
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  return `${day} ${time} ${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
