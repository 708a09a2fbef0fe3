import { Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { QUEUE_KINDS } from '../../schemas/names.ts';
import { examples } from '../help-text.ts';
import { listOf } from '../parse-values.ts';
import { withContext, type CommandHost } from '../session.ts';
import { settlesOnSignal, untilStopped } from '../until-stopped.ts';

export function workerCommand(host: CommandHost) {
  const command = new Command('worker')
    .description('A worker against the Temporal that TEMPORAL_* names, until Ctrl-C.')
    .addOption(
      new Option('--queues <queue,...>', `serve only these: ${QUEUE_KINDS.join(', ')}`).argParser(listOf(QUEUE_KINDS)),
    )
    .addHelpText(
      'before',
      examples(['headswap worker', 'serve everything'], ['headswap worker --queues media', 'downloads only']),
    );
  return command.action(({ queues }) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      settlesOnSignal(session);
      screen.say('Connecting to Temporal');
      return withContext(session, async (context) => {
        const { startWorkerCommand } = await import('../../operations/worker-command.ts');
        const worker = await startWorkerCommand(context, { queues: queues ?? null });
        try {
          if (flags.json) screen.json({ schema_version: 1, address: worker.address, accounts: worker.accounts });
          else screen.out(`worker: Temporal at ${worker.address}, accounts ${worker.accounts.join(', ')}`);
          await untilStopped(session);
        } finally {
          await worker.stop();
        }
        return EXIT.interrupted;
      });
    }),
  );
}
