/**
 * Production windows: the times of the week in which creates are allowed, as `Mon-Fri 20:00-06:00 Europe/Oslo`. Pure. A
 * window belongs to the day on which it opens. A wall-clock time that exists twice means the first; one that clocks jump
 * over means the instant of the jump.
 */
import { firstInstantFrom, isTimeZone, naiveMs, wallTimeOf, zonedText } from './zone-time.ts';

export interface ProductionWindow {
  /** As written. */
  readonly text: string;
  /** Days on which it opens; 0 is Sunday. */
  readonly days: readonly number[];
  /** Minutes from midnight; an end at or before the start is on the next day, 1440 is midnight at the end of the day. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly zone: string;
}

export type WindowReading =
  | { readonly kind: 'ok'; readonly window: ProductionWindow }
  | { readonly kind: 'bad'; readonly reason: string };

const DAY_NAMES = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const EVERY_DAY = [0, 1, 2, 3, 4, 5, 6] as const;
const SHAPE = /^(?:(\S+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s+(\S+)$/u;

/** Reads one window. Without days it opens every day. */
export function parseWindow(text: string): WindowReading {
  const match = SHAPE.exec(text.trim());
  if (match === null) return { kind: 'bad', reason: 'write it as "Mon-Fri 20:00-06:00 Europe/Oslo"' };
  const [, dayText, fromHour, fromMin, toHour, toMin, zone = ''] = match;
  const days = dayText === undefined ? EVERY_DAY : parseDays(dayText);
  if (days === null)
    return { kind: 'bad', reason: `"${dayText ?? ''}" names no days: write Mon-Fri, Sat,Sun or daily` };
  const fromMinute = minuteOf(fromHour, fromMin);
  const toMinute = minuteOf(toHour, toMin);
  if (fromMinute === null || toMinute === null || fromMinute === 1_440)
    return { kind: 'bad', reason: 'times run from 00:00 to 23:59, and an end may be 24:00' };
  if (fromMinute === toMinute) return { kind: 'bad', reason: 'it ends when it begins; the whole day is 00:00-24:00' };
  if (!isTimeZone(zone))
    return { kind: 'bad', reason: `"${zone}" is no time zone; write one of the IANA database, such as Europe/Oslo` };
  return { kind: 'ok', window: { text: text.trim(), days, fromMinute, toMinute, zone } };
}

function parseDays(text: string): readonly number[] | null {
  if (text.toLowerCase() === 'daily') return EVERY_DAY;
  const days = new Set<number>();
  for (const piece of text.toLowerCase().split(',')) {
    const [from, to = from, more] = piece.split('-').map((name) => (DAY_NAMES as readonly string[]).indexOf(name));
    if (from === undefined || to === undefined || from < 0 || to < 0 || more !== undefined) return null;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

function minuteOf(hour: string | undefined, minute: string | undefined): number | null {
  const value = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && value <= 1_440 ? value : null;
}

export interface WindowState {
  readonly open: boolean;
  /** When it closes; null when closed, or open for longer than two weeks. */
  readonly closesAtMs: number | null;
  /** When the next one opens; null when open. */
  readonly opensAtMs: number | null;
  /** The zone of the window that matters, for telling people. */
  readonly zone: string;
}

const DAY_MS = 86_400_000;
/** Two weeks: a single weekly window whose hours clocks jump over opens a week later. */
const LOOK_AHEAD_DAYS = 15;

/** Whether any of the windows is open at an instant. With no windows at all, everything is allowed. */
export function windowState(windows: readonly ProductionWindow[], nowMs: number): WindowState {
  const [first] = windows;
  if (first === undefined) return { open: true, closesAtMs: null, opensAtMs: null, zone: 'UTC' };
  const spans = windows.flatMap((window) => spansAround(window, nowMs)).sort((a, b) => a.fromMs - b.fromMs);
  let closesAtMs: number | null = null;
  let zone = first.zone;
  for (const span of spans) {
    const reached: number = closesAtMs ?? nowMs;
    // Windows that touch or overlap are one.
    if (span.fromMs <= reached && span.toMs > reached) {
      closesAtMs = span.toMs;
      zone = span.zone;
    }
  }
  if (closesAtMs !== null) {
    const endless = closesAtMs - nowMs > (LOOK_AHEAD_DAYS - 1) * DAY_MS;
    return { open: true, closesAtMs: endless ? null : closesAtMs, opensAtMs: null, zone };
  }
  const next = spans.find((span) => span.fromMs > nowMs);
  return { open: false, closesAtMs: null, opensAtMs: next?.fromMs ?? null, zone: next?.zone ?? zone };
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly zone: string;
}

function spansAround({ days, fromMinute, toMinute, zone }: ProductionWindow, nowMs: number): Span[] {
  const midnight = naiveMs({ ...wallTimeOf(nowMs, zone), hour: 0, minute: 0 });
  const spans: Span[] = [];
  for (let day = -2; day <= LOOK_AHEAD_DAYS; day += 1) {
    const date = midnight + day * DAY_MS;
    if (!days.includes(new Date(date).getUTCDay())) continue;
    const fromMs = instantAt(date + fromMinute * 60_000, zone);
    const toMs = instantAt(date + (toMinute <= fromMinute ? DAY_MS : 0) + toMinute * 60_000, zone);
    if (toMs > fromMs) spans.push({ fromMs, toMs, zone });
  }
  return spans;
}

function instantAt(naive: number, zone: string): number {
  return firstInstantFrom(wallTimeOf(naive, 'UTC'), zone);
}

/** Why nothing is created now, and when that ends, in the window's own time; null when open. */
export function windowClosedText(
  windows: readonly ProductionWindow[],
  nowMs: number,
): { readonly reason: string; readonly reopens: string; readonly opensAtMs: number | null } | null {
  const state = windowState(windows, nowMs);
  if (state.open) return null;
  const names = windows.map((window) => window.text).join('; ');
  return {
    reason: `outside of the production window (${names})`,
    reopens:
      state.opensAtMs === null
        ? 'when the windows are changed'
        : `by itself at ${zonedText(state.opensAtMs, state.zone)}`,
    opensAtMs: state.opensAtMs,
  };
}
