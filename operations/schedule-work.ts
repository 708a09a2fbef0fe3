import type { ScheduleWork } from '../schemas/schedule-work.ts';
import type { Context } from './context.ts';

/** What a worker of this process does for runs of schedules: by the settings this process was started with. */
export function scheduleWork(ctx: Context, driver: string): ScheduleWork {
  return {
    begin: async (ask) => (await import('./begin-scheduled-run.ts')).beginScheduledRun(ctx, driver, ask),
    check: async (schedule) => (await import('./check-scheduled-manifest.ts')).checkScheduledManifest(ctx, schedule),
  };
}
