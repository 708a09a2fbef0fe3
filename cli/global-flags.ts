/** Flags that every command accepts, before or after its name. */
import { Option, type Command } from '@commander-js/extra-typings';

export interface GlobalFlags {
  readonly config?: string;
  readonly account?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** False with --no-color. */
  readonly color: boolean;
  /** False with --no-input, and with --json, which implies it. */
  readonly input: boolean;
  readonly yes: boolean;
}

export function declareGlobalFlags(program: Command): void {
  program
    .addOption(new Option('--config <file>', 'configuration to use instead of the nearest headswap.yaml'))
    .addOption(new Option('--account <name>', 'account of headswap.yaml that pays; "emulator" rehearses for free'))
    .addOption(new Option('--json', 'print JSON; implies --no-input'))
    .addOption(new Option('-q, --quiet', 'print results and errors only'))
    .addOption(new Option('-v, --verbose', 'print where settings came from, and stack traces'))
    .addOption(new Option('--no-color', 'no colour (as NO_COLOR=1)'))
    .addOption(new Option('--no-input', 'ask nothing; a question that would be needed is an error'))
    .addOption(new Option('-y, --yes', 'answer yes to the question whether to spend'));
}

/** The global flags of a parsed command. The program declares them, so that they are always there. */
export function globalFlagsOf(options: Readonly<Record<string, unknown>>): GlobalFlags {
  const json = options['json'] === true;
  const text = (key: string) => (typeof options[key] === 'string' ? { [key]: options[key] } : {});
  return {
    ...text('config'),
    ...text('account'),
    json,
    quiet: options['quiet'] === true,
    verbose: options['verbose'] === true,
    color: options['color'] !== false,
    input: options['input'] !== false && !json,
    yes: options['yes'] === true,
  };
}
