import { Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { printable } from '../printable.ts';
import { rebuildLines, verifyLines } from '../render/ledger-lines.ts';
import { withContext, type CommandHost } from '../session.ts';
import { UsageError } from '../usage-error.ts';

export function ledgerCommand(host: CommandHost) {
  const command = new Command('ledger')
    .description('The ledger against the journal that every worker keeps beside the outputs.')
    .addHelpText(
      'before',
      examples(
        ['headswap ledger verify', 'does it know all that was paid?'],
        ['headswap ledger rebuild', 'after it was lost or restored'],
      ),
    );
  command.addCommand(verifyCommand(host));
  command.addCommand(rebuildCommand(host));
  return command;
}

function verifyCommand(host: CommandHost) {
  const command = new Command('verify').description(
    'Recounts the counters and compares with the journal. Changes nothing; exit 1 when something differs.',
  );
  return command.action(() =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags } = session;
        const { verifyLedger } = await import('../../operations/ledger.ts');
        screen.say('Comparing the ledger with its journal');
        const found = await verifyLedger(context);
        if (flags.json) screen.json(found);
        else screen.out(verifyLines(found, screen.paint).join('\n'));
        return found.ok ? EXIT.ok : EXIT.unexpected;
      }),
    ),
  );
}

function rebuildCommand(host: CommandHost) {
  const command = new Command('rebuild').description(
    'Enters what the journal knows and the ledger does not. Pays nothing; what cannot be matched becomes uncertain.',
  );
  return command.action(() =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags, signal } = session;
        const { rebuildLedger, verifyLedger } = await import('../../operations/ledger.ts');
        screen.say('Comparing the ledger with its journal');
        const found = await verifyLedger(context);
        screen.say(verifyLines(found, screen.talkPaint).join('\n'));
        if (!flags.yes) {
          const where = printable(found.ledger);
          if (!screen.canAsk)
            throw new UsageError(`This writes into ${where}, and there is nobody to ask.`, 'Add --yes to go on.');
          if (!(await screen.ask(`Enter what the journal knows into ${where}?`, signal)))
            throw new UsageError('The answer was not yes. Nothing was changed.', 'Run the same command again.');
        }
        const rebuilt = await rebuildLedger(context, { yes: true });
        if (flags.json) screen.json(rebuilt);
        else screen.out(rebuildLines(rebuilt, screen.paint).join('\n'));
        return rebuilt.counters.length === 0 ? EXIT.ok : EXIT.unexpected;
      }),
    ),
  );
}
