import { Argument, Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { withContext, type CommandHost } from '../session.ts';

/** What completion scripts call. It prints names or nothing: an error in the middle of a typed line helps nobody. */
export function completeCommand(host: CommandHost) {
  const command = new Command('__complete').addArgument(new Argument('<what>').choices(['batches']));
  return command.action(() =>
    host.run(command, async (session) => {
      try {
        await withContext(session, async (context) => {
          // Asking must not make a ledger in whatever folder the person happens to be.
          if (!context.ledgerExists()) return;
          const { readStatus } = await import('../../operations/status.ts');
          const { batches } = await readStatus(context, {});
          if (batches.length > 0) session.screen.out(batches.map(({ id }) => id).join('\n'));
        });
      } catch {
        return EXIT.ok;
      }
      return EXIT.ok;
    }),
  );
}
