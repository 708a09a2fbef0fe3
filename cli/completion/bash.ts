/** A completion script for bash 3.2 (macOS) and newer, without the bash-completion package. */
import type { CompletionFlag, CompletionTree, Words } from './tree.ts';

export function bashScript(tree: CompletionTree): string {
  const valued = tree.globalFlags.filter(({ value }) => value !== null).map(({ long }) => long);
  return `# bash completion for headswap. Load it with:  source <(headswap completion bash)
_headswap_batches() { headswap __complete batches 2>/dev/null; }

_headswap() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= operand=0 index=1 word
  COMPREPLY=()
  while [ "$index" -lt "$COMP_CWORD" ]; do
    word=\${COMP_WORDS[index]}
    case $word in
      ${valued.join('|')}) index=$((index + 1)) ;;
      -*) ;;
      *) if [ -z "$command" ]; then command=$word; else operand=$((operand + 1)); fi ;;
    esac
    index=$((index + 1))
  done
  case "$command:$before" in
${tree.globalFlags.flatMap((flag) => valueCase('*', flag)).join('\n')}
${tree.commands.flatMap(({ name, flags }) => flags.flatMap((flag) => valueCase(name, flag))).join('\n')}
  esac
  case $current in
    -*)
      local flags="${flagWords(tree.globalFlags)}"
      case $command in
${tree.commands.map(({ name, flags }) => `        ${name}) flags="$flags ${flagWords(flags)}" ;;`).join('\n')}
      esac
      COMPREPLY=($(compgen -W "$flags" -- "$current"))
      return ;;
  esac
  case "$command:$operand" in
    :*) COMPREPLY=($(compgen -W "${tree.commands.map(({ name }) => name).join(' ')}" -- "$current")) ;;
${tree.commands
  .flatMap(({ name, operands, repeats }) =>
    operands.map((words, index) => {
      const last = repeats && index === operands.length - 1;
      return `    ${name}:${last ? '*' : index}) ${reply(words)} ;;`;
    }),
  )
  .join('\n')}
  esac
}
complete -F _headswap headswap
`;
}

function valueCase(command: string, { long, short, value }: CompletionFlag): string[] {
  if (value === null) return [];
  return [long, ...(short === null ? [] : [short])].map((name) => `    ${command}:${name}) ${reply(value)}; return ;;`);
}

function reply(words: Words): string {
  switch (words.kind) {
    case 'choices':
      return `COMPREPLY=($(compgen -W "${words.choices.join(' ')}" -- "$current"))`;
    case 'batch':
      return 'COMPREPLY=($(compgen -W "$(_headswap_batches)" -- "$current"))';
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$current"))';
    case 'folder':
      return 'COMPREPLY=($(compgen -d -- "$current"))';
    case 'anything':
      return ':';
    default:
      return words satisfies never;
  }
}

function flagWords(flags: readonly CompletionFlag[]): string {
  return flags.map(({ long }) => long).join(' ');
}
