import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { confirmSpending } from '../confirm-spending.ts';
import { examples } from '../help-text.ts';
import { creditAmount } from '../parse-values.ts';
import { withContext, type CommandHost } from '../session.ts';

export function scheduleCreateCommand(host: CommandHost) {
  const command = new Command('create')
    .description(
      'Runs a manifest at the times of a cron expression. The file is read anew for each run: editing it changes the next run, never a running one. Runs are rounds of one batch of the same name, so that what is done is never paid again.',
    )
    .addArgument(new Argument('<name>', 'name of the schedule and of its batch'))
    .addOption(new Option('--manifest <file>', 'manifest or sheet, path or https URL').makeOptionMandatory())
    .addOption(new Option('--cron <expression>', 'minute hour day-of-month month day-of-week').makeOptionMandatory())
    .addOption(new Option('--tz <zone>', 'time zone of the expression, such as Europe/Oslo').makeOptionMandatory())
    .addOption(
      new Option('--overlap <rule>', 'when a run is due while one goes on')
        .choices(['skip', 'queue'] as const)
        .default('skip' as const),
    )
    .addOption(new Option('--catchup <duration>', 'how late a missed run may still start').default('15m'))
    .addOption(new Option('--budget-per-run <credits>', 'never spend more in one run').argParser(creditAmount))
    .addOption(
      new Option('--window <window>', 'create only then, "Mon-Fri 20:00-06:00 Europe/Oslo"; may be given again')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([] as readonly string[]),
    )
    .addHelpText(
      'before',
      examples(
        [
          'headswap schedule create nightly --manifest shots.csv --cron "0 22 * * 1-5" --tz Europe/Oslo',
          'weekdays at ten in the evening',
        ],
        [
          'headswap schedule create nightly --manifest shots.csv --cron "0 22 * * *" --tz UTC --budget-per-run 300 --yes',
          'with a limit, without a question',
        ],
      ),
    );
  return command.action((name, options) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Asking a worker to read the manifest');
      return withContext(session, async (context) => {
        const { planSchedule, createSchedule } = await import('../../operations/schedules.ts');
        const { schedulePlanLines } = await import('../render/schedule-lines.ts');
        const { budgetPerRun, manifest, cron, tz, overlap, catchup, window } = options;
        const plan = await planSchedule(context, {
          name,
          manifest,
          cron,
          zone: tz,
          overlap,
          catchup,
          windows: window,
          ...(budgetPerRun === undefined ? {} : { budgetPerRun }),
        });
        screen.say(schedulePlanLines(plan, screen.talkPaint).join('\n'));
        const { account, low, high } = plan.check;
        await confirmSpending(session, { account, low, high, budget: plan.budgetPerRun, spends: true, doubts: [] });
        await createSchedule(context, plan, { yes: true });
        const { next, check, onlyWhileUp } = plan;
        if (flags.json) screen.json({ schema_version: 1, name, next, check, only_while_up: onlyWhileUp });
        else screen.out(`schedule ${name} made; next run ${next[0]?.text ?? 'unknown'}`);
        return EXIT.ok;
      });
    }),
  );
}
