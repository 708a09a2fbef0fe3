import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { shellWord } from '../run-again.ts';
import type { CommandHost } from '../session.ts';

export function initCommand(host: CommandHost) {
  const command = new Command('init')
    .description(
      'Writes headswap.yaml, a commented manifest with its CSV twin, and the schema editors use. Never overwrites.',
    )
    .addArgument(new Argument('[dir]', 'folder, made when it is not there; this one when left out'))
    .addOption(new Option('--csv', 'sheets instead of YAML as the manifest to fill in'))
    .addHelpText(
      'before',
      examples(
        ['headswap init my-batch', 'in a folder of its own'],
        ['headswap init --csv', 'here, for people who work in spreadsheets'],
      ),
    );
  return command.action((dir, { csv }) =>
    host.run(command, async ({ screen, flags, context }) => {
      screen.say(`Writing starter files to ${dir ?? 'this folder'}`);
      const { writeStarter } = await import('../../operations/init.ts');
      const { written, kept } = await writeStarter({ cwd: context.cwd }, { dir: dir ?? null, csv: csv === true });
      if (flags.json) {
        screen.json({ schema_version: 1, written, kept });
        return EXIT.ok;
      }
      for (const file of written) screen.out(`written  ${file}`);
      for (const file of kept) screen.out(`kept     ${file} (it was there before; not touched)`);
      const manifest = [...written, ...kept].find(
        (file) => (csv === true ? /\.csv$/u : /\.yaml$/u).test(file) && !/headswap\.yaml$|faces\.csv$/u.test(file),
      );
      if (manifest !== undefined)
        screen.say(`Next: fill in ${manifest}, then headswap validate ${shellWord(manifest)}`);
      return EXIT.ok;
    }),
  );
}
