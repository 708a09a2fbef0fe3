import { Argument, Command } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import type { CommandHost } from '../session.ts';
import { SCHEMA_NAMES, schemaText } from '../schema-files.ts';

export function schemaCommand(host: CommandHost) {
  const command = new Command('schema')
    .description('Prints the JSON Schema of a manifest, of headswap.yaml, of report.json, or of the JSON lines.')
    .addArgument(new Argument('<name>', 'which schema').choices(SCHEMA_NAMES))
    .addHelpText(
      'before',
      examples(
        ['headswap schema manifest > manifest.schema.json', 'for an editor'],
        ['headswap schema report', 'what report.json holds'],
      ),
    );
  return command.action((name) =>
    host.run(command, async ({ screen }) => {
      screen.out(await schemaText(name));
      return EXIT.ok;
    }),
  );
}
