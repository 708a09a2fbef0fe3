import { Argument, Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { counted } from '../numbers-in-words.ts';
import { withContext, type CommandHost } from '../session.ts';
import { UsageError } from '../usage-error.ts';

const NOTHING = 'Nothing was erased. Nothing was charged.';

export function purgeCommand(host: CommandHost) {
  const command = new Command('purge')
    .description(
      'Erases faces, previews, URLs and sheets of an ended batch for good; the money record stays. Writes a proof.',
    )
    .addArgument(new Argument('<batch>', 'id, unique beginning of it, or manifest'))
    .addHelpText(
      'before',
      examples(['headswap purge spring', 'asks, then erases'], ['headswap purge spring --yes', 'in a script']),
    );
  return command.action((batch) =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags, signal } = session;
        const { planPurge, purge } = await import('../../operations/purge.ts');
        const plan = await planPurge(context, batch);
        const what = `${counted(plan.urls, 'URL')}, ${counted(plan.faces, 'face')} and ${counted(plan.files.length, 'file')} of ${plan.batch}`;
        if (!plan.empty && !flags.yes) {
          if (!screen.canAsk)
            throw new UsageError(`This erases ${what} for good, and there is nobody to ask. ${NOTHING}`, 'Add --yes.');
          if (!(await screen.ask(`Erase ${what} for good?`, signal)))
            throw new UsageError(`The answer was not yes. ${NOTHING}`, 'Run the same command again when it is right.');
        }
        const done = await purge(context, batch, { yes: true });
        if (flags.json) screen.json({ schema_version: 1, ...done });
        else if (done.proof === null && done.empty) screen.out(`${done.batch}: nothing was left to erase`);
        else {
          screen.out(done.proof ?? '');
          screen.say(
            `Erased ${what}. Charges, task ids, consents and outputs stay. Your manifest and faces files are untouched.`,
          );
        }
        if (!done.compacted)
          screen.warn(
            `The ledger is in use, so its file may hold traces still. When nothing else runs: headswap purge ${done.batch}`,
          );
        return EXIT.ok;
      }),
    ),
  );
}
