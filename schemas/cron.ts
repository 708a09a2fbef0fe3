/**
 * The five cron fields, and the times they name in a zone. Pure. Days of month and of week that are both restricted are
 * joined by "or", as cron has it. A wall-clock time that exists twice is due once; one that clocks jump over is not due.
 */
import { firstInstantFrom, instantsOf, naiveMs, wallText, wallTimeOf, type WallTime } from './zone-time.ts';

export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
  /** Whether the day fields say anything: both, and a day need match only one of them. */
  readonly restricts: { readonly dayOfMonth: boolean; readonly dayOfWeek: boolean };
}

const FIELDS = [
  { name: 'minute', low: 0, high: 59, words: [] },
  { name: 'hour', low: 0, high: 23, words: [] },
  { name: 'day of month', low: 1, high: 31, words: [] },
  {
    name: 'month',
    low: 1,
    high: 12,
    words: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', low: 0, high: 7, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
] as const;

export type CronReading =
  | { readonly kind: 'ok'; readonly cron: Cron }
  | { readonly kind: 'bad'; readonly reason: string };

/** Reads `0 22 * * 1-5`: numbers, names, lists, ranges, steps. */
export function parseCron(text: string): CronReading {
  const parts = text.trim().split(/\s+/u);
  if (parts.length !== 5 || parts[0] === '') {
    return {
      kind: 'bad',
      reason: `a cron expression has five fields (minute hour day-of-month month day-of-week), this has ${parts[0] === '' ? 0 : parts.length}`,
    };
  }
  const values: number[][] = [];
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    const found = parseField(part, field);
    if (typeof found === 'string') return { kind: 'bad', reason: `the ${field.name} field "${part}": ${found}` };
    values.push(found);
  }
  const [minutes = [], hours = [], daysOfMonth = [], months = [], week = []] = values;
  const cron: Cron = {
    minutes,
    hours,
    daysOfMonth,
    months,
    daysOfWeek: [...new Set(week.map((day) => day % 7))].sort((a, b) => a - b),
    restricts: { dayOfMonth: !parts[2]?.startsWith('*'), dayOfWeek: !parts[4]?.startsWith('*') },
  };
  if (!everDue(cron)) return { kind: 'bad', reason: 'it never comes: no month has such a day' };
  return { kind: 'ok', cron };
}

function parseField(text: string, field: (typeof FIELDS)[number]): number[] | string {
  const found = new Set<number>();
  for (const piece of text.split(',')) {
    const match = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,2}))?$/iu.exec(piece);
    if (match === null) return 'is not a number, a range (1-5), a list (1,3) or a step (*/15)';
    const [, star, from, to, step] = match;
    const low = star === undefined ? valueOf(from ?? '', field) : field.low;
    const high =
      star === undefined
        ? to === undefined
          ? step === undefined
            ? low
            : field.high
          : valueOf(to, field)
        : field.name === 'day of week'
          ? 6
          : field.high;
    if (low === null || high === null) return `allows ${field.low} to ${field.high}`;
    if (low > high) return 'the range runs backwards';
    const by = step === undefined ? 1 : Number(step);
    if (by === 0) return 'a step of 0 never ends';
    for (let value = low; value <= high; value += by) found.add(value);
  }
  return [...found].sort((a, b) => a - b);
}

function valueOf(text: string, { low, high, words }: (typeof FIELDS)[number]): number | null {
  const word = (words as readonly string[]).indexOf(text.toLowerCase());
  const value = word >= 0 && text !== '' ? word : /^\d{1,2}$/u.test(text) ? Number(text) : Number.NaN;
  return value >= low && value <= high ? value : null;
}

const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function everDue({ daysOfMonth, months, restricts }: Cron): boolean {
  if (restricts.dayOfWeek) return true;
  return months.some((month) => daysOfMonth.some((day) => day <= (LONGEST_MONTH[month - 1] ?? 0)));
}

/** A time at which a schedule is due: the wall-clock time names it, since that never comes twice. */
export interface DueTime {
  /** `2026-11-23T22:00` */
  readonly wall: string;
  readonly atMs: number;
}

const DAY_MS = 86_400_000;
/** A 29 February on a given weekday can be 40 years away. */
const LONGEST_SEARCH_DAYS = 366 * 41;

/** The due times after an instant, oldest first: at most `count`, and none at or after `beforeMs`. */
export function dueTimes(
  cron: Cron,
  zone: string,
  span: { readonly afterMs: number; readonly beforeMs?: number; readonly count: number },
): DueTime[] {
  const { afterMs, beforeMs = Infinity, count } = span;
  const due: DueTime[] = [];
  const today = wallTimeOf(afterMs, zone);
  // A day before: where clocks are set back over midnight, wall-clock days overlap.
  let dayMs = naiveMs({ ...today, hour: 0, minute: 0 }) - DAY_MS;
  for (let days = 0; days < LONGEST_SEARCH_DAYS && due.length < count; days += 1, dayMs += DAY_MS) {
    const day = dayOf(dayMs);
    if (firstInstantFrom({ ...day, hour: 0, minute: 0 }, zone) >= beforeMs) break;
    if (!matchesDay(cron, dayMs)) continue;
    for (const hour of cron.hours) {
      for (const minute of cron.minutes) {
        const wall = { ...day, hour, minute };
        const [atMs] = instantsOf(wall, zone);
        if (atMs === undefined || atMs <= afterMs || atMs >= beforeMs || due.length >= count) continue;
        due.push({ wall: wallText(wall), atMs });
      }
    }
  }
  return due.sort((a, b) => a.atMs - b.atMs);
}

/** Whether an instant an engine calls due is one, by its wall-clock time; null when it is not. */
export function dueTimeAt(cron: Cron, zone: string, atMs: number): DueTime | null {
  const wall = wallTimeOf(atMs, zone);
  const matches =
    matchesDay(cron, naiveMs({ ...wall, hour: 0, minute: 0 })) &&
    cron.hours.includes(wall.hour) &&
    cron.minutes.includes(wall.minute);
  return matches ? { wall: wallText(wall), atMs } : null;
}

function dayOf(dayMs: number): Pick<WallTime, 'year' | 'month' | 'day'> {
  const date = new Date(dayMs);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function matchesDay(cron: Cron, dayMs: number): boolean {
  const date = new Date(dayMs);
  if (!cron.months.includes(date.getUTCMonth() + 1)) return false;
  const ofMonth = cron.daysOfMonth.includes(date.getUTCDate());
  const ofWeek = cron.daysOfWeek.includes(date.getUTCDay());
  const { restricts } = cron;
  return restricts.dayOfMonth && restricts.dayOfWeek ? ofMonth || ofWeek : ofMonth && ofWeek;
}
