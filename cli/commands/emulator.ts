import { Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { creditAmount, portNumber } from '../parse-values.ts';
import type { CommandHost } from '../session.ts';
import { settlesOnSignal, untilStopped } from '../until-stopped.ts';

export function emulatorCommand(host: CommandHost) {
  const command = new Command('emulator')
    .description('The emulated vendor on a port of this machine, until Ctrl-C. Nothing it does costs anything.')
    .addOption(new Option('--port <port>', '0 for any free one').default(0).argParser(portNumber))
    .addOption(new Option('--faults <file>', 'fault plan: what goes wrong, and when'))
    .addOption(new Option('--credits <credits>', 'balance at the start').argParser(creditAmount))
    .addHelpText(
      'before',
      examples(
        ['headswap emulator --port 9090', 'then AKOOL_BASE_URL=http://127.0.0.1:9090'],
        ['headswap emulator --credits 50', 'to see credits run out'],
      ),
    );
  return command.action(({ port, faults, credits }) =>
    host.run(command, async (session) => {
      const { screen, flags, context } = session;
      settlesOnSignal(session);
      screen.say('Starting the emulated vendor');
      const { startEmulatorCommand } = await import('../../operations/emulator-command.ts');
      const running = await startEmulatorCommand(context, {
        port,
        faultsFile: faults ?? null,
        credits: credits ?? null,
      });
      try {
        if (flags.json) screen.json({ schema_version: 1, url: running.url });
        else screen.out(running.url);
        screen.say('To use it: AKOOL_BASE_URL is that address, and HEADSWAP_ALLOW_PRIVATE_HOSTS=1.');
        await untilStopped(session);
      } finally {
        await running.close();
      }
      return EXIT.interrupted;
    }),
  );
}
