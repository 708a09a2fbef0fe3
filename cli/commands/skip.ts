import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { batchAndItems } from '../batch-and-items.ts';
import { examples } from '../help-text.ts';
import { counted } from '../numbers-in-words.ts';
import { printable } from '../printable.ts';
import { withContext, type CommandHost } from '../session.ts';

export function skipCommand(host: CommandHost) {
  const command = new Command('skip')
    .description(
      'Gives items up, so that the batch can close. A paid item is still collected; an uncertain one is refused.',
    )
    .addArgument(
      new Argument('<batch>', 'id, unique beginning of it, or manifest; may be left out when one batch is open'),
    )
    .addArgument(new Argument('[item...]', 'ids or globs such as "sh01*"'))
    .addOption(new Option('--reason <text>', 'why, for the record'))
    .addHelpText(
      'before',
      examples(['headswap skip spring sh014', 'one item'], ['headswap skip spring "sh01*"', 'all that match']),
    );
  return command.action((first, others, { reason }) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Writing to the ledger');
      const { batch, items } = batchAndItems(first, others);
      return withContext(session, async (context) => {
        const { skipItems } = await import('../../operations/skip.ts');
        const result = await skipItems(context, batch, items, { reason: reason ?? null });
        if (flags.json) {
          screen.json({ schema_version: 1, ...result });
          return EXIT.ok;
        }
        const skipped = result.items.filter((item) => item.skipped);
        screen.out(`${result.batch}: ${counted(skipped.length, 'item')} skipped`);
        for (const { id, why } of result.items) screen.out(`  ${printable(id)}: ${printable(why)}`);
        return EXIT.ok;
      });
    }),
  );
}
