import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT, type ExitCode } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { counted } from '../numbers-in-words.ts';
import { wholeNumber } from '../parse-values.ts';
import { githubLines, problemDocument, problemLines } from '../render/problem-lines.ts';
import type { CommandHost } from '../session.ts';

export function validateCommand(host: CommandHost) {
  const command = new Command('validate')
    .description('Checks manifests offline and names all errors at once, each with its place and a next step.')
    .addArgument(new Argument('<file...>', 'manifests (YAML) or sheets (CSV)'))
    .addOption(new Option('--format <format>', 'how problems are printed').choices(['text', 'json', 'github']))
    .addOption(
      new Option('--max-errors <n>', 'blocks of text, or annotations, at most').default(100).argParser(wholeNumber(1)),
    )
    .addOption(new Option('--strict', 'warnings count as errors'))
    .addOption(new Option('--faces <file>', 'sheet of faces, for sheets without faces.csv beside them'))
    .addOption(new Option('--batch <name>', 'name of the batch, for sheets'))
    .addHelpText(
      'before',
      examples(
        ['headswap validate spring.csv', 'read it, name all errors'],
        ['headswap validate --format github *.yaml', 'annotate a pull request'],
      ),
    );
  return command.action((files, { format, maxErrors, strict, faces, batch }) =>
    host.run(command, async ({ screen, flags, context }): Promise<ExitCode> => {
      screen.say(`Reading ${files.join(', ')}`);
      const { validateFiles } = await import('../../operations/validate.ts');
      const { errors, warnings, items, notes, ok, errorCount, warningCount } = await validateFiles(context, {
        files,
        ...(faces === undefined ? {} : { faces }),
        ...(batch === undefined ? {} : { batchName: batch }),
      });
      const exit = !ok || (strict === true && warningCount > 0) ? EXIT.manifest : EXIT.ok;
      if (flags.json || format === 'json') {
        screen.json({
          ok: exit === EXIT.ok,
          items,
          errors: errors.map(problemDocument),
          warnings: warnings.map(problemDocument),
          error_count: errorCount,
          warning_count: warningCount,
        });
        return exit;
      }
      for (const note of notes) screen.say(note);
      const lines =
        format === 'github'
          ? [...githubLines(errors, 'error', maxErrors), ...githubLines(warnings, 'warning', maxErrors)]
          : [
              ...problemLines(errors, 'error', maxErrors, screen.paint),
              ...problemLines(warnings, 'warning', maxErrors, screen.paint),
            ];
      if (lines.length > 0) screen.out(lines.join('\n'));
      const verdict = exit === EXIT.ok ? screen.talkPaint('good', 'ok') : screen.talkPaint('bad', 'not ok');
      screen.say(
        `${verdict}: ${counted(items, 'item')}, ${counted(errorCount, 'error')}, ${counted(warningCount, 'warning')}`,
      );
      return exit;
    }),
  );
}
