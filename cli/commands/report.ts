import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { examples } from '../help-text.ts';
import { openFile } from '../open-file.ts';
import { listOf } from '../parse-values.ts';
import { withContext, type CommandHost } from '../session.ts';

const FORMATS = ['html', 'json', 'csv', 'junit'] as const;

export function reportCommand(host: CommandHost) {
  const command = new Command('report')
    .description('Builds the report of a batch beside its outputs, or in a folder. --json prints report.json instead.')
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out'))
    .addOption(new Option('--format <format,...>', FORMATS.join(', ')).argParser(listOf(FORMATS)))
    .addOption(
      new Option('--out <dir>', 'write report.html, report.json, report.csv, junit.xml directly into this folder'),
    )
    .addOption(new Option('--redact', 'without faces and source URLs, for a hand-over; into redacted/ unless --out'))
    .addOption(new Option('--open', 'show report.html in the browser'))
    .addHelpText(
      'before',
      examples(
        ['headswap report spring --open', 'look at it'],
        ['headswap report spring --format junit --out results', 'for CI'],
      ),
    );
  return command.action((batch, { format, out, open, redact }) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Reading the ledger');
      return withContext(session, async (context) => {
        const { readReport, writeReportFiles } = await import('../../operations/report.ts');
        const wantsFiles = format !== undefined || out !== undefined || open === true;
        if (flags.json && !wantsFiles) {
          screen.json(await readReport(context, batch, redact === true));
          return EXIT.ok;
        }
        const { report, files } = await writeReportFiles(context, batch, {
          formats: format ?? FORMATS,
          out: out ?? null,
          redact: redact === true,
        });
        if (flags.json) screen.json(report);
        else screen.out(files.map(({ path }) => path).join('\n'));
        const page = files.find((file) => file.format === 'html');
        if (open === true && page !== undefined && !(await openFile(page.path))) {
          screen.warn(`No program to show it was found. Open ${page.path} yourself.`);
        }
        return EXIT.ok;
      });
    }),
  );
}
