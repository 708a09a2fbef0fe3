import { Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { amount } from '../numbers-in-words.ts';
import { printable } from '../printable.ts';
import { withContext, type CommandHost } from '../session.ts';

export function creditsCommand(host: CommandHost) {
  const command = new Command('credits')
    .description('Balance of the account (one free call), what is held, what was spent.')
    .addOption(
      new Option('--by <what>', 'spent by batch, project or day').choices(['batch', 'project', 'day'] as const),
    )
    .addHelpText(
      'before',
      examples(['headswap credits', 'balance, held, spent'], ['headswap credits --by day', 'day by day']),
    );
  return command.action(({ by }) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Asking the vendor for the balance');
      return withContext(session, async (context) => {
        const { readCredits } = await import('../../operations/credits.ts');
        const found = await readCredits(context, by ?? null);
        if (flags.json) {
          screen.json(found);
          return EXIT.ok;
        }
        const balance =
          found.balance === null ? `unknown (${printable(found.balance_note ?? 'not read')})` : amount(found.balance);
        const { tableLines } = await import('../render/table.ts');
        screen.out(
          [
            `account ${printable(found.account)}: balance ${balance}, held ${amount(found.held)}, spent ${amount(found.spent)}`,
            `ledger ${printable(found.ledger)}`,
            ...(by === undefined
              ? []
              : tableLines(
                  [by, 'spent', 'held', 'tasks'],
                  found.groups.map((group) => [
                    printable(group.key),
                    amount(group.spent),
                    amount(group.held),
                    amount(group.tasks),
                  ]),
                  [1, 2, 3],
                )),
          ].join('\n'),
        );
        return EXIT.ok;
      });
    }),
  );
}
