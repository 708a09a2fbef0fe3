import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { withContext, type CommandHost } from '../session.ts';

export function pauseCommand(host: CommandHost) {
  const command = new Command('pause')
    .description('Holds new spending of a batch. What is paid is still polled and collected. `resume` goes on.')
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out'))
    .addOption(new Option('--reason <text>', 'why, for the record'))
    .addHelpText(
      'before',
      examples(
        ['headswap pause spring', 'no new tasks'],
        ['headswap pause spring --reason "client call"', 'with the why'],
      ),
    );
  return command.action((batch, { reason }) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Writing to the ledger');
      return withContext(session, async (context) => {
        const { pauseBatch } = await import('../../operations/pause.ts');
        const { text, inFlight, ...rest } = await pauseBatch(context, batch, { reason: reason ?? null });
        if (flags.json) screen.json({ schema_version: 1, ...rest, in_flight: inFlight, text });
        else screen.out(text);
        return EXIT.ok;
      });
    }),
  );
}
