import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { withContext, type CommandHost } from '../session.ts';

export function cancelCommand(host: CommandHost) {
  const command = new Command('cancel')
    .description('Ends a batch. Tasks that are paid run on at the vendor and are still collected.')
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out'))
    .addOption(new Option('--not-started', 'only items for which nothing was sent'))
    .addOption(new Option('--reason <text>', 'why, for the record'))
    .addHelpText(
      'before',
      examples(
        ['headswap cancel spring', 'end it'],
        ['headswap cancel spring --not-started', 'finish what is begun, drop the rest'],
      ),
    );
  return command.action((batch, { reason, notStarted }) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Writing to the ledger');
      return withContext(session, async (context) => {
        const { cancelBatch } = await import('../../operations/cancel.ts');
        const how = { reason: reason ?? null, notStarted: notStarted === true };
        const { text, inFlight, ...rest } = await cancelBatch(context, batch, how);
        if (flags.json) screen.json({ schema_version: 1, ...rest, in_flight: inFlight, text });
        else screen.out(text);
        return EXIT.ok;
      });
    }),
  );
}
