import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { planFlags, planOptions } from '../ask-and-run.ts';
import { examples } from '../help-text.ts';
import { planLines } from '../render/plan-lines.ts';
import { problemLines } from '../render/problem-lines.ts';
import { runAgain } from '../run-again.ts';
import { withContext, type CommandHost } from '../session.ts';

export function planCommand(host: CommandHost) {
  const command = new Command('plan')
    .description('What `run` would do: what runs, is reused, waits, is paid again, and what it costs. Calls no vendor.')
    .addArgument(new Argument('<file>', 'manifest (YAML) or sheet (CSV)'))
    .addOption(planFlags.budget())
    .addOption(planFlags.batch())
    .addOption(planFlags.faces())
    .addOption(planFlags.skipBadRows())
    .addOption(planFlags.again())
    .addOption(planFlags.first())
    .addOption(new Option('--detailed-exitcode', 'exit 10 when there is something to do'))
    .addOption(new Option('--check-urls', 'ask whether each URL can be reached'))
    .addHelpText(
      'before',
      examples(
        ['headswap plan spring.csv', 'what, why, how much'],
        ['headswap plan spring.yaml --budget 1200 --json', 'for a script'],
      ),
    );
  return command.action((file, options) =>
    host.run(command, async (session) => {
      const { screen, flags } = session;
      screen.say(options.checkUrls === true ? `Reading ${file}, then asking for each URL` : `Reading ${file}`);
      return withContext(session, async (context) => {
        const { planBatch, planDocument } = await import('../../operations/plan-batch.ts');
        const checkUrls = options.checkUrls === true;
        const plan = await planBatch(context, { ...planOptions(file, options, options.first), checkUrls });
        if (flags.json) screen.json(planDocument(plan));
        else {
          const next = plan.hasWork ? runAgain(file, options, flags) : null;
          const warnings = problemLines(plan.warnings, 'warning', 20, screen.paint);
          const shape = { paint: screen.paint, next, checkedUrls: checkUrls, rehearsal: context.rehearsal };
          screen.out([...warnings, ...planLines(plan, shape)].join('\n'));
          if (flags.verbose)
            screen.out(plan.items.map(({ id, action, why }) => `  ${id}  ${action}  ${why}`).join('\n'));
        }
        return options.detailedExitcode === true && plan.hasWork ? EXIT.workToDo : EXIT.ok;
      });
    }),
  );
}
