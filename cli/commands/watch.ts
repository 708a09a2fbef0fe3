import { Argument, Command } from '@commander-js/extra-typings';
import { examples } from '../help-text.ts';
import { withContext, type CommandHost } from '../session.ts';
import { streamed } from '../streamed.ts';

export function watchCommand(host: CommandHost) {
  const command = new Command('watch')
    .description('Follows a batch that something else drives, until its round ends. Ctrl-C ends the watching only.')
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out'))
    .addHelpText(
      'before',
      examples(['headswap watch spring', 'live'], ['headswap watch spring --json | jq .type', 'one line per change']),
    );
  return command.action((given) =>
    host.run(command, (session) => {
      session.screen.say('Reading the ledger');
      return streamed(session, 'watch', (stream) =>
        withContext(session, async (context) => {
          const { findBatch } = await import('../../operations/find-batch.ts');
          const { watchBatch } = await import('../../operations/follow-batch.ts');
          const batch = await findBatch(context, given);
          const outcome = await watchBatch(context, batch, {
            signal: AbortSignal.any([session.signal, session.readerGone]),
            onLine: (line) => stream.add(line),
          });
          return { exit: outcome.exit, outcome };
        }),
      );
    }),
  );
}
