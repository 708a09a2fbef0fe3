import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { counted } from '../numbers-in-words.ts';
import { printable } from '../printable.ts';
import { outcomeLines } from '../render/outcome-lines.ts';
import { settlesOnSignal } from '../until-stopped.ts';
import { withContext, withWorker, type CommandHost } from '../session.ts';

export function fetchCommand(host: CommandHost) {
  const command = new Command('fetch')
    .description('Collects outputs again, from links the vendor still serves. Fetching costs nothing.')
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out'))
    .addOption(
      new Option(
        '--missing',
        'only files that are not there (as without it: a file that is there is never overwritten)',
      ),
    )
    .addOption(new Option('--verify', 'read every file and compare it with what was collected'))
    .addOption(new Option('--with-worker', 'a worker in this process although TEMPORAL_* names a server'))
    .addHelpText(
      'before',
      examples(
        ['headswap fetch spring --missing', 'after files were lost'],
        ['headswap fetch spring --verify', 'is everything as it was?'],
      ),
    );
  return command.action((batch, { missing, verify, withWorker: worker }) =>
    host.run(command, (given) => {
      const session = withWorker(given, worker);
      const { screen, flags, signal } = session;
      settlesOnSignal(session);
      screen.say('Looking at the outputs');
      return withContext(session, async (context) => {
        const { planFetch, fetchOutputs } = await import('../../operations/fetch-outputs.ts');
        const plan = await planFetch(context, batch, { missing: missing === true, verify: verify === true });
        const changed =
          plan.changed.length === 0
            ? ''
            : `, ${counted(plan.changed.length, 'file')} changed: ${plan.changed.map(printable).join(', ')}`;
        screen.say(`${plan.batch}: ${plan.intact} intact, ${plan.missing.length} missing${changed}`);
        const exitOfChanged = plan.changed.length === 0 ? EXIT.ok : EXIT.someFailed;
        if (plan.missing.length === 0) {
          if (flags.json) screen.json({ schema_version: 1, ...plan, fetched: null });
          return exitOfChanged;
        }
        const progress = await screen.progress();
        const outcome = await fetchOutputs(context, plan, {
          signal,
          onLine: (line) => {
            if (!flags.json) progress.show({ ...line, seq: 0 });
          },
        });
        progress.close();
        if (flags.json) screen.json({ schema_version: 1, ...plan, fetched: outcome });
        else screen.out(outcomeLines(outcome, screen.paint).join('\n'));
        return outcome.exit === EXIT.ok ? exitOfChanged : outcome.exit;
      });
    }),
  );
}
