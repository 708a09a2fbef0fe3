import { Argument, Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { planAndConfirm, planFlags, planOptions } from '../ask-and-run.ts';
import { examples } from '../help-text.ts';
import { withContext, type CommandHost } from '../session.ts';
import { streamed } from '../streamed.ts';

export function submitCommand(host: CommandHost) {
  const command = new Command('submit')
    .description(
      'As `run`, but returns once the batch is accepted by an engine that is up. Prints the id of the batch.',
    )
    .addArgument(new Argument('<file>', 'manifest (YAML) or sheet (CSV)'))
    .addOption(planFlags.budget())
    .addOption(planFlags.batch())
    .addOption(planFlags.faces())
    .addOption(planFlags.skipBadRows())
    .addOption(planFlags.again())
    .addOption(planFlags.first())
    .addHelpText(
      'before',
      examples(
        ['headswap submit spring.csv', 'asks, then returns'],
        ['headswap submit spring.yaml --yes && headswap watch spring', 'follow later'],
      ),
    );
  return command.action((file, options) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say(`Reading ${file}`);
      return streamed(session, 'submit', (stream) =>
        withContext(session, async (context) => {
          const plan = await planAndConfirm(session, context, stream, planOptions(file, options, options.first));
          const { submitBatch } = await import('../../operations/run-batch.ts');
          const { batch, state } = await submitBatch(context, plan, { yes: true });
          if (!flags.json) screen.out(batch);
          screen.say(`accepted, ${state}. Next: headswap watch ${batch}`);
          return { exit: EXIT.ok, outcome: null, accepted: { batch, state: 'running' } };
        }),
      );
    }),
  );
}
