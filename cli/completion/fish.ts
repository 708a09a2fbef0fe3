/** A completion script for fish: one `complete` line per command, flag and operand. */
import type { CompletionCommand, CompletionFlag, CompletionTree, Words } from './tree.ts';

export function fishScript(tree: CompletionTree): string {
  const lines = [
    '# fish completion for headswap. Load it with:  headswap completion fish | source',
    'function __headswap_batches; headswap __complete batches 2>/dev/null; end',
    'complete -c headswap -f',
    ...tree.globalFlags.map((flag) => flagLine(null, flag)),
    ...tree.commands.flatMap(commandLines),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(command: CompletionCommand): string[] {
  const { name, summary, flags, operands } = command;
  const words = [...new Set(operands.map(argumentsOf))].filter((argument) => argument !== '');
  return [
    `complete -c headswap -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...flags.map((flag) => flagLine(name, flag)),
    ...words.map((argument) => `complete -c headswap -n ${quoted(`__fish_seen_subcommand_from ${name}`)} ${argument}`),
  ];
}

function flagLine(command: string | null, { short, long, description, value }: CompletionFlag): string {
  return [
    'complete -c headswap',
    ...(command === null ? [] : [`-n ${quoted(`__fish_seen_subcommand_from ${command}`)}`]),
    ...(short === null ? [] : [`-s ${short.replace(/^-/u, '')}`]),
    `-l ${long.replace(/^--/u, '')}`,
    ...(value === null ? [] : [`-r ${argumentsOf(value)}`.trimEnd()]),
    `-d ${quoted(description)}`,
  ].join(' ');
}

function argumentsOf(words: Words): string {
  switch (words.kind) {
    case 'choices':
      return `-a ${quoted(words.choices.join(' '))}`;
    case 'batch':
      return `-a '(__headswap_batches)'`;
    case 'file':
    case 'folder':
      return '-F';
    case 'anything':
      return '';
    default:
      return words satisfies never;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
