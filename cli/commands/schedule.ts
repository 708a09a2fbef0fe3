import { Argument, Command, Option } from '@commander-js/extra-typings';
import type { Context } from '../../operations/context.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { confirmSpending } from '../confirm-spending.ts';
import { examples } from '../help-text.ts';
import { wholeNumber } from '../parse-values.ts';
import type { StatusShape } from '../render/status-lines.ts';
import { withContext, type CommandHost, type Session } from '../session.ts';
import { scheduleCreateCommand } from './schedule-create.ts';

const RUNS_SHOWN = 20;

export function scheduleCommand(host: CommandHost) {
  const command = new Command('schedule')
    .description('Recurring manifests. With the embedded engine they fire only while `headswap up` runs.')
    .addHelpText(
      'before',
      examples(
        ['headswap schedule list', 'what is due when'],
        ['headswap schedule show nightly', 'every run, skip and miss, and why'],
      ),
    );
  command.addCommand(scheduleCreateCommand(host));
  command.addCommand(listCommand(host));
  command.addCommand(showCommand(host));
  command.addCommand(pauseCommand(host));
  command.addCommand(resumeCommand(host));
  command.addCommand(triggerCommand(host));
  command.addCommand(deleteCommand(host));
  return command;
}

const nameArgument = () => new Argument('<name>', 'name of the schedule');

function listCommand(host: CommandHost) {
  const command = new Command('list').description('All schedules of this ledger.');
  return command.action(() =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags } = session;
        const { readSchedules } = await import('../../operations/schedules.ts');
        const { scheduleTable } = await import('../render/schedule-lines.ts');
        const schedules = await readSchedules(context, { runs: 1 });
        if (flags.json) screen.json({ schema_version: 1, schedules });
        else screen.out(scheduleTable(schedules, shapeOf(session)).join('\n'));
        return EXIT.ok;
      }),
    ),
  );
}

function showCommand(host: CommandHost) {
  const command = new Command('show')
    .description('One schedule: its next runs, and every trigger, run, skip and miss with its reason.')
    .addArgument(nameArgument())
    .addOption(
      new Option('--runs <n>', 'how many runs to list, newest first').argParser(wholeNumber(1)).default(RUNS_SHOWN),
    );
  return command.action((name, { runs }) =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags } = session;
        const { readSchedules } = await import('../../operations/schedules.ts');
        const { scheduleLines } = await import('../render/schedule-lines.ts');
        const [schedule] = await readSchedules(context, { name, runs });
        if (schedule === undefined) throw new Error(`schedule ${name} vanished from the ledger`);
        if (flags.json) screen.json({ schema_version: 1, schedule });
        else screen.out(scheduleLines(schedule, shapeOf(session)).join('\n'));
        return EXIT.ok;
      }),
    ),
  );
}

function pauseCommand(host: CommandHost) {
  const command = new Command('pause')
    .description('Holds a schedule. What runs goes on; due times are left out and listed until `resume`.')
    .addArgument(nameArgument())
    .addOption(new Option('--reason <text>', 'why, for the record'));
  return command.action((name, { reason }) =>
    host.run(command, (session) =>
      changed(session, name, `schedule ${name} is paused`, async (context) => {
        const { pauseSchedule } = await import('../../operations/schedules.ts');
        await pauseSchedule(context, name, reason ?? null);
      }),
    ),
  );
}

function resumeCommand(host: CommandHost) {
  const command = new Command('resume').description('Lets a paused schedule go on.').addArgument(nameArgument());
  return command.action((name) =>
    host.run(command, (session) =>
      changed(session, name, `schedule ${name} goes on`, async (context) => {
        const { resumeSchedule } = await import('../../operations/schedules.ts');
        await resumeSchedule(context, name);
      }),
    ),
  );
}

function deleteCommand(host: CommandHost) {
  const command = new Command('delete')
    .description('Ends a schedule. What runs goes on; its batch and the record of its runs stay.')
    .addArgument(nameArgument());
  return command.action((name) =>
    host.run(command, (session) =>
      changed(session, name, `schedule ${name} is deleted`, async (context) => {
        const { deleteSchedule } = await import('../../operations/schedules.ts');
        await deleteSchedule(context, name);
      }),
    ),
  );
}

function triggerCommand(host: CommandHost) {
  const command = new Command('trigger')
    .description('Runs a schedule now, also while it is paused. Shows the cost and asks first.')
    .addArgument(nameArgument());
  return command.action((name) =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags } = session;
        screen.say('Asking a worker to read the manifest');
        const { planTrigger, triggerSchedule } = await import('../../operations/schedules.ts');
        const { schedulePlanLines } = await import('../render/schedule-lines.ts');
        const plan = await planTrigger(context, name);
        screen.say(schedulePlanLines({ ...plan, next: plan.next.slice(0, 1) }, screen.talkPaint).join('\n'));
        const { account, low, high, ok } = plan.check;
        await confirmSpending(session, { account, low, high, budget: plan.budgetPerRun, spends: ok, doubts: [] });
        const run = await triggerSchedule(context, name, { yes: true });
        if (flags.json) screen.json({ schema_version: 1, name, run });
        else screen.out(`${name}: ${run}`);
        screen.say(`accepted. Next: headswap schedule show ${name}`);
        return EXIT.ok;
      }),
    ),
  );
}

function changed(session: Session, name: string, text: string, change: (context: Context) => Promise<void>) {
  return withContext(session, async (context) => {
    const { screen, flags } = session;
    await change(context);
    if (flags.json) screen.json({ schema_version: 1, name, text });
    else screen.out(text);
    return EXIT.ok;
  });
}

function shapeOf({ screen }: Session): StatusShape {
  return { paint: screen.paint, nowMs: Date.now(), offsetMinutes: -new Date().getTimezoneOffset() };
}
