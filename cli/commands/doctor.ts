import { Command, Option } from '@commander-js/extra-typings';
import type { Check } from '../../operations/doctor.ts';
import { examples } from '../help-text.ts';
import type { Ink, Paint } from '../paint.ts';
import { padded, printable } from '../printable.ts';
import type { CommandHost } from '../session.ts';

const INK: Readonly<Record<Check['state'], Ink>> = { ok: 'good', warn: 'warn', fail: 'bad', skipped: 'dim' };

export function doctorCommand(host: CommandHost) {
  const command = new Command('doctor')
    .description(
      'Checks key, balance, engine, ledger, storage, disk, clock and callback address; each line with its cure.',
    )
    .addOption(new Option('--notify', 'also send a sample to each receiver of notifications'))
    .addHelpText(
      'before',
      examples(
        ['headswap doctor', 'is everything in place?'],
        ['headswap doctor --verbose', 'and where each setting came from'],
      ),
    );
  return command.action(({ notify }) =>
    host.run(command, async ({ screen, flags, context }) => {
      screen.say('Checking configuration, ledger, engine, vendor');
      const { examine } = await import('../../operations/doctor.ts');
      const found = await examine(context, { notify: notify === true });
      if (flags.json) screen.json(found);
      else {
        screen.out(found.checks.flatMap((check) => checkLines(check, screen.paint)).join('\n'));
        if (flags.verbose)
          screen.out(
            found.settings.map(({ name, value, source }) => `  ${name} = ${printable(value)}   (${source})`).join('\n'),
          );
      }
      return found.exit_code;
    }),
  );
}

function checkLines({ name, state, detail, cure }: Check, paint: Paint): string[] {
  const word = paint(INK[state], padded(state, 7));
  return [
    `${word}  ${padded(name, 8)}  ${printable(detail)}`,
    ...(cure === null ? [] : [`${' '.repeat(19)}cure: ${printable(cure)}`]),
  ];
}
