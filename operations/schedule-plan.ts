import { isAbsolute, resolve } from 'node:path';
import { dueTimes, parseCron, type Cron } from '../schemas/cron.ts';
import { parseDurationMs } from '../schemas/duration.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import { parseWindow } from '../schemas/production-window.ts';
import { isTimeZone, zonedText } from '../schemas/zone-time.ts';
import type { ScheduleEntry } from '../ledger/schedules.ts';
import { EMULATOR_ACCOUNT } from '../schemas/config.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';

export interface ScheduleOptions {
  readonly name: string;
  /** Path (relative to the current directory) or http(s) URL. */
  readonly manifest: string;
  readonly cron: string;
  readonly zone: string;
  readonly overlap?: 'skip' | 'queue';
  /** `15m` */
  readonly catchup?: string;
  readonly budgetPerRun?: number;
  readonly windows?: readonly string[];
}

export interface NextRun {
  readonly at: string;
  /** In the zone's own time. */
  readonly text: string;
}

const CATCHUP = { standard: '15m', leastMs: 10_000, mostMs: 7 * 86_400_000 } as const;
export const NEXT_RUNS_SHOWN = 10;

/** What was asked for as the ledger keeps it. OperationError exit 2 that says what is wrong and how to write it. */
export function scheduleEntry(
  options: ScheduleOptions,
  place: { readonly cwd: string; readonly accountFlag: string | undefined },
): { readonly entry: ScheduleEntry; readonly cron: Cron } {
  const { name, manifest, zone } = options;
  if (!/^[\p{L}\p{N}_-][\p{L}\p{M}\p{N}._-]{0,99}$/u.test(name) || name.includes('..'))
    throw usage(
      `"${name}" cannot be the name of a schedule`,
      'letters, digits, . _ - only, at most 100, not starting with a dot',
    );
  const reading = parseCron(options.cron);
  if (reading.kind === 'bad') throw usage(`--cron "${options.cron}": ${reading.reason}`, 'write it as "0 22 * * 1-5"');
  if (!isTimeZone(zone))
    throw usage(`--tz "${zone}" is no time zone`, 'write one of the IANA database, such as Europe/Oslo or UTC');
  const catchupMs = parseDurationMs(options.catchup ?? CATCHUP.standard);
  if (catchupMs === null || catchupMs < CATCHUP.leastMs || catchupMs > CATCHUP.mostMs)
    throw usage(
      `--catchup "${options.catchup ?? ''}" is not between 10s and 7d`,
      'write it as 15m; missed runs older than that are not made up',
    );
  for (const text of options.windows ?? []) {
    const window = parseWindow(text);
    if (window.kind === 'bad')
      throw usage(`--window "${text}": ${window.reason}`, 'write it as "Mon-Fri 20:00-06:00 Europe/Oslo"');
  }
  const isUrl = /^https?:\/\//iu.test(manifest);
  if (isUrl && !URL.canParse(manifest))
    throw usage('--manifest is no URL that can be read', 'give a path or an https URL');
  if (!isUrl && /^[a-z][a-z0-9+.-]+:\/\//iu.test(manifest))
    throw usage('--manifest is neither a path nor an http(s) URL', 'give a path or an https URL');
  const path = isUrl || isAbsolute(manifest) ? manifest : resolve(place.cwd, manifest);
  const { accountFlag } = place;
  return {
    cron: reading.cron,
    entry: {
      name,
      account: accountFlag === undefined || accountFlag === EMULATOR_ACCOUNT ? null : accountFlag,
      manifest: path,
      shown: isUrl ? `${new URL(manifest).origin}${new URL(manifest).pathname}` : path,
      cron: options.cron.trim(),
      zone,
      overlap: options.overlap ?? 'skip',
      catchup_ms: catchupMs,
      budget_per_run: options.budgetPerRun ?? null,
      windows: JSON.stringify(options.windows ?? []),
    },
  };
}

/** The next runs in the zone's own time, across clock changes. Pure. */
export function nextRuns(cron: Cron, zone: string, afterMs: number, count: number): NextRun[] {
  return dueTimes(cron, zone, { afterMs, count }).map(({ atMs }) => ({
    at: new Date(atMs).toISOString(),
    text: zonedText(atMs, zone),
  }));
}

export function usage(message: string, next: string): OperationError {
  return new OperationError(EXIT.usage, { message, charged: NOTHING_CHARGED, next });
}
