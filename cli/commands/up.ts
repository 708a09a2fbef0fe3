import { Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { portNumber } from '../parse-values.ts';
import { withContext, withPort, type CommandHost } from '../session.ts';
import { settlesOnSignal, untilStopped } from '../until-stopped.ts';

export function upCommand(host: CommandHost) {
  const command = new Command('up')
    .description(
      'Engine and worker in the foreground, until Ctrl-C. Takes up what a crash left, not what somebody stopped.',
    )
    .addOption(new Option('--port <port>', 'of the callback receiver; default: web.port').argParser(portNumber))
    .addHelpText(
      'before',
      examples(['headswap up', 'leave it running'], ['headswap up --json', 'its address as JSON']),
    );
  return command.action(({ port }) =>
    host.run(command, (given) => {
      const session = withPort(given, port);
      const { screen, flags } = session;
      settlesOnSignal(session);
      screen.say('Starting engine and worker');
      return withContext(session, async (context) => {
        const { startUp } = await import('../../operations/up.ts');
        const up = await startUp(context);
        try {
          if (flags.json)
            screen.json({
              schema_version: 1,
              address: up.address,
              callbacks: up.callbacks,
              taken_up: up.takenUp,
              schedules: up.schedules,
              left: up.left,
            });
          else screen.out(`up: engine at ${up.address}`);
          if (up.callbacks !== null) screen.say(`callbacks are received at ${up.callbacks}`);
          if (up.schedules.length > 0) screen.say(`schedules that fire while this runs: ${up.schedules.join(', ')}`);
          for (const batch of up.takenUp) screen.say(`taken up: ${batch}`);
          for (const { batch, state } of up.left)
            screen.say(`left alone: ${batch} is ${state} (headswap resume ${batch} goes on)`);
          await untilStopped(session);
        } finally {
          await up.stop();
        }
        return EXIT.interrupted;
      });
    }),
  );
}
