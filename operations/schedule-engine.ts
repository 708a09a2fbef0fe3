import { ScheduleAlreadyRunning, ScheduleNotFoundError, type CalendarSpec, type Client } from '@temporalio/client';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { ScheduleRow } from '../ledger/tables.ts';
import { parseCron, type Cron } from '../schemas/cron.ts';
import { queues, SCHEDULED_RUN_WORKFLOW, scheduleId } from '../schemas/names.ts';
import type { ScheduledRunInput } from '../schemas/schedule-work.ts';

/** Days and months as the engine's calendars spell them. */
const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
const MONTHS = [
  'JANUARY',
  'FEBRUARY',
  'MARCH',
  'APRIL',
  'MAY',
  'JUNE',
  'JULY',
  'AUGUST',
  'SEPTEMBER',
  'OCTOBER',
  'NOVEMBER',
  'DECEMBER',
] as const;

/**
 * A cron expression as calendars of the engine, which joins days of month and of week by "and": where both are restricted
 * there are two. Pure.
 */
export function calendarsOf(cron: Cron): CalendarSpec[] {
  const { restricts } = cron;
  const common = {
    minute: [...cron.minutes],
    hour: [...cron.hours],
    month: cron.months.map((month) => MONTHS[month - 1] ?? 'JANUARY'),
  };
  const ofMonth = { ...common, dayOfMonth: [...cron.daysOfMonth] };
  const ofWeek = { ...common, dayOfWeek: cron.daysOfWeek.map((day) => DAYS[day] ?? 'SUNDAY') };
  if (restricts.dayOfMonth && restricts.dayOfWeek) return [ofMonth, ofWeek];
  return [{ ...ofMonth, ...ofWeek }];
}

/**
 * Makes the engine's schedule, or leaves the one there is. It starts a run for every due time, whatever still goes on: the
 * ledger decides about overlaps, since the engine would only count what it skips.
 */
export async function ensureSchedule(client: Client, ledger: Ledger, schedule: ScheduleRow): Promise<void> {
  const reading = parseCron(schedule.cron);
  if (reading.kind === 'bad') throw new Error(`the cron expression of schedule ${schedule.name} cannot be read`);
  const id = scheduleId(ledger.ledger8, schedule.name);
  const input: ScheduledRunInput = { ledger8: ledger.ledger8, schedule: schedule.name, trigger: null };
  try {
    await client.schedule.create({
      scheduleId: id,
      spec: { calendars: calendarsOf(reading.cron), timezone: schedule.zone },
      action: {
        type: 'startWorkflow',
        workflowType: SCHEDULED_RUN_WORKFLOW,
        workflowId: id,
        taskQueue: queues.flow(ledger.ledger8),
        args: [input],
        workflowTaskTimeout: '5s',
      },
      // Never the engine's own catch-up of a year.
      policies: { overlap: 'ALLOW_ALL', catchupWindow: schedule.catchup_ms },
      ...(schedule.paused_at === null ? {} : { state: { paused: true } }),
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}

/** The engine may have lost it, or may never have had it: that is as good as done. */
export async function ifThere(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
