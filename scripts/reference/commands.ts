import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { COMMANDS } from '../../cli/command-table.ts';
import { buildProgram } from '../../cli/program.ts';
import { code, generatedFrom, table } from './markdown.ts';

/** docs/reference/commands.md, from the command tree itself. */
export async function renderCommands(): Promise<string> {
  let printed = '';
  const program = await buildProgram({
    version: '',
    host: { run: () => Promise.resolve() },
    loaded: 'all',
    writeOut: (text) => {
      printed += text;
    },
  });
  const commandNamed = new Map(program.commands.map((command) => [command.name(), command as CommandUnknownOpts]));
  const sections = COMMANDS.map((entry) => {
    const command = commandNamed.get(entry.name);
    if (command === undefined) throw new Error(`the program has no command ${entry.name}`);
    printed = '';
    command.outputHelp();
    return commandSection(command, examplesIn(printed));
  });
  const groups = [...new Set(COMMANDS.map(({ group }) => group))].map((group) => {
    const rows = COMMANDS.filter((entry) => entry.group === group);
    return `**${group}:** ${rows.map(({ name, summary }) => `[${code(name)}](#${name}) ${summary}`).join(' · ')}`;
  });
  return `# Commands

${generatedFrom('the command tree in cli/')}

Results go to stdout, talk and progress to stderr. Off a terminal nothing is asked and nothing redraws. \`BATCH\` may be a unique
beginning of the batch's name, or the manifest's path, and may be left out when one batch is open; \`ITEM\` takes globs, in
quotes. What a command returns: [exit codes](exit-codes.md).

${groups.join('\n\n')}

## Flags of every command

${optionTable(program.options)}

${sections.join('\n\n')}
`;
}

function commandSection(command: CommandUnknownOpts, examples: readonly string[]): string {
  const usage =
    `headswap ${command.name()} ${command.usage().replace('[options] ', '').replace('[options]', '')}`.trimEnd();
  const argumentRows = command.registeredArguments.map((argument) => [
    code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
    argument.description,
  ]);
  const flags = command.options.filter((option) => !option.hidden);
  return [
    `## ${command.name()}`,
    `${code(usage)}: ${command.description()}`,
    ['```sh', ...examples, '```'].join('\n'),
    ...(argumentRows.length === 0 ? [] : [table(['argument', 'meaning'], argumentRows)]),
    ...(flags.length === 0 ? [] : [optionTable(flags)]),
  ].join('\n\n');
}

function optionTable(options: readonly Option[]): string {
  return table(
    ['flag', 'meaning'],
    options.map((option) => {
      const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`;
      return [code(option.flags), `${option.description}${choices}`];
    }),
  );
}

/** The lines `  $ headswap ...   # why` above a command's usage. */
function examplesIn(help: string): string[] {
  return [...help.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line = '']) => line);
}
