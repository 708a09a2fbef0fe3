import { Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { portNumber } from '../parse-values.ts';
import { withContext, withPort, type CommandHost } from '../session.ts';
import { settlesOnSignal, untilStopped } from '../until-stopped.ts';

export function webCommand(host: CommandHost) {
  const command = new Command('web')
    .description('The callback receiver and /health, beside an engine that is up, until Ctrl-C.')
    .addOption(
      new Option('--port <port>', 'default: web.port of headswap.yaml; 0 for any free one').argParser(portNumber),
    )
    .addOption(new Option('--host <address>', 'address to listen on; default: web.host, 127.0.0.1'))
    .addHelpText(
      'before',
      examples(['headswap web', 'on web.port'], ['headswap web --host 0.0.0.0 --port 8787', 'in a container']),
    );
  return command.action(({ port, host: address }) =>
    host.run(command, (given) => {
      const session = withPort(given, port);
      const { screen, flags } = session;
      settlesOnSignal(session);
      screen.say('Connecting to the engine');
      return withContext(session, async (context) => {
        const { startWeb } = await import('../../operations/web.ts');
        const web = await startWeb(context, { host: address ?? null });
        try {
          if (flags.json) screen.json({ schema_version: 1, url: web.url, public_url: web.publicUrl });
          else
            screen.out(
              web.url === null
                ? 'web: another process serves the port; this one takes over when it ends'
                : `web: ${web.url}`,
            );
          if (web.publicUrl === null)
            screen.say('web.public_url is not set: creates name no callback address, so nothing will arrive.');
          await untilStopped(session);
        } finally {
          await web.stop();
        }
        return EXIT.interrupted;
      });
    }),
  );
}
