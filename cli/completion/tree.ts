/** The command tree as what a completion script needs: names, flags, and what each argument or value can be. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { explanationCodes } from '../explanations.ts';

/** What can stand in a place: one of a list, a file, a folder, a batch of this ledger, or anything. */
export type Words =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'file' | 'folder' | 'batch' | 'anything' };

export interface CompletionFlag {
  /** `-q`, or null. */
  readonly short: string | null;
  readonly long: string;
  readonly description: string;
  /** Null for a switch. */
  readonly value: Words | null;
}

export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletionFlag[];
  /** In their order; the last one again for every further word when `repeats`. */
  readonly operands: readonly Words[];
  readonly repeats: boolean;
}

export interface CompletionTree {
  readonly globalFlags: readonly CompletionFlag[];
  readonly commands: readonly CompletionCommand[];
}

export function completionTree(program: CommandUnknownOpts): CompletionTree {
  const help = program.createHelp();
  const commands = program.commands.filter((command) => command.summary() !== '');
  return {
    globalFlags: help.visibleOptions(program).map(flagOf),
    commands: commands.map((command) => ({
      name: command.name(),
      summary: command.summary(),
      flags: flagsOf(command),
      operands: operandsOf(command),
      repeats: command.registeredArguments.at(-1)?.variadic ?? false,
    })),
  };
}

/** Of a command with commands of its own: the flags of all of them, since a shell completes by the first word. */
function flagsOf(command: CommandUnknownOpts): CompletionFlag[] {
  const options = [command, ...command.commands].flatMap((each) => each.options).filter((option) => !option.hidden);
  return [...new Map(options.map((option) => [option.long, flagOf(option)])).values()];
}

function operandsOf(command: CommandUnknownOpts): Words[] {
  if (command.commands.length > 0) return [{ kind: 'choices', choices: command.commands.map((each) => each.name()) }];
  return command.registeredArguments.map((argument) => wordsOf(argument.name(), argument.argChoices));
}

type CommanderOption = CommandUnknownOpts['options'][number];

function flagOf(option: CommanderOption): CompletionFlag {
  const placeholder = /[<[]([^>\].]+)/u.exec(option.flags)?.[1] ?? '';
  return {
    short: option.short ?? null,
    long: option.long ?? option.flags,
    description: option.description,
    value: option.required || option.optional ? wordsOf(placeholder, option.argChoices) : null,
  };
}

/** The names of arguments in help text say what they are; `<file>` and `[batch]` mean the same everywhere. */
function wordsOf(name: string, choices: readonly string[] | undefined): Words {
  if (choices !== undefined) return { kind: 'choices', choices };
  switch (name) {
    case 'file':
      return { kind: 'file' };
    case 'dir':
      return { kind: 'folder' };
    case 'batch':
      return { kind: 'batch' };
    case 'code':
      return { kind: 'choices', choices: explanationCodes() };
    default:
      return { kind: 'anything' };
  }
}
