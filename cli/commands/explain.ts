import { Argument, Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { allCodes, explanationOf } from '../explanations.ts';
import { examples } from '../help-text.ts';
import type { CommandHost } from '../session.ts';
import { UsageError } from '../usage-error.ts';

export function explainCommand(host: CommandHost) {
  const command = new Command('explain')
    .description('What a code means, what was charged, and what to do next. Without a code: all of them.')
    .addArgument(new Argument('[code]', 'such as M112, C101, U101'))
    .addHelpText(
      'before',
      examples(['headswap explain U101', 'one code'], ['headswap explain', 'all codes with their titles']),
    );
  return command.action((written) =>
    host.run(command, async ({ screen, flags }) => {
      if (written === undefined) {
        const codes = allCodes();
        if (flags.json) screen.json({ schema_version: 1, codes });
        else screen.out(codes.map(({ code, title }) => `${code.padEnd(9)}  ${title}`).join('\n'));
        return EXIT.ok;
      }
      const found = explanationOf(written);
      if (found === null) {
        throw new UsageError(`There is no code "${written}".`, '`headswap explain` lists all codes.');
      }
      if (flags.json) screen.json({ schema_version: 1, ...found });
      else {
        screen.out(
          [
            `${screen.paint('strong', found.code)}  ${found.title}`,
            '',
            found.means,
            ...(found.charged === null ? [] : [`Money: ${found.charged}`]),
            `Next:  ${found.next}`,
          ].join('\n'),
        );
      }
      return EXIT.ok;
    }),
  );
}
