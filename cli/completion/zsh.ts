/** A completion script for zsh, in the terms of its own `_arguments`. */
import type { CompletionCommand, CompletionFlag, CompletionTree, Words } from './tree.ts';

export function zshScript(tree: CompletionTree): string {
  return `#compdef headswap
# zsh completion for headswap. Load it with:  source <(headswap completion zsh)
_headswap_batches() { local -a names; names=(\${(f)"$(headswap __complete batches 2>/dev/null)"}); compadd -a names }

_headswap() {
  local context state line
  typeset -A opt_args
  local -a global=(
${tree.globalFlags.map((flag) => `    ${flagSpec(flag)}`).join('\n')}
  )
  local -a commands=(
${tree.commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _arguments -C $global '1: :->command' '*:: :->rest'
  case $state in
    command) _describe 'command' commands ;;
    rest)
      case $words[1] in
${tree.commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
compdef _headswap headswap
`;
}

function commandCase({ name, flags, operands, repeats }: CompletionCommand): string {
  const places = operands.map((words, index) => {
    const place = repeats && index === operands.length - 1 ? '*' : String(index + 1);
    return quoted(`${place}:${words.kind === 'choices' ? 'word' : words.kind}:${actionOf(words)}`);
  });
  return `        ${name}) _arguments $global ${[...flags.map(flagSpec), ...places].join(' ')} ;;`;
}

function flagSpec({ short, long, description, value }: CompletionFlag): string {
  const text = description.replaceAll(/[[\]:]/gu, (mark) => `\\${mark}`);
  const tail = value === null ? '' : `:${value.kind}:${actionOf(value)}`;
  const spec = (name: string) => quoted(`${name}[${text}]${tail}`);
  return short === null ? spec(long) : `${spec(short)} ${spec(long)}`;
}

function actionOf(words: Words): string {
  switch (words.kind) {
    case 'choices':
      return `(${words.choices.join(' ')})`;
    case 'batch':
      return '_headswap_batches';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'anything':
      return ' ';
    default:
      return words satisfies never;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
