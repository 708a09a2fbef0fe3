/** The command tree. Declarations only: what a command does is in `commands/`, where text goes is in `screen.ts`. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { COMMANDS } from './command-table.ts';
import { declareGlobalFlags } from './global-flags.ts';
import { examples } from './help-text.ts';
import { MISSING_ADDRESSES, notAvailableYet } from './not-available.ts';
import type { CommandHost } from './session.ts';
import { UsageError } from './usage-error.ts';

export interface ProgramOptions {
  readonly version: string;
  readonly host: CommandHost;
  /** Commands to load whole, `all` for completion; of the others only name and summary are known. */
  readonly loaded: readonly string[] | 'all';
  readonly writeOut: (text: string) => void;
}

/**
 * The program, ready to parse. It throws commander's errors and `UsageError` instead of printing or exiting; help and
 * version go through `writeOut` and are thrown as errors with exit code 0 (commander's `exitOverride`).
 */
export async function buildProgram({ version, host, loaded, writeOut }: ProgramOptions): Promise<Command> {
  const program = new Command('headswap')
    .description('Batches of paid head-swap tasks: nothing paid twice, no row lost.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({ writeOut, writeErr: () => {} })
    .configureHelp({ showGlobalOptions: true, subcommandTerm: (command) => command.name() })
    .usage('<command> [options]')
    .addHelpText(
      'before',
      examples(['headswap demo', 'no key, no money'], ['headswap run spring.csv', 'plan, ask, do, report']),
    )
    .helpCommand(false)
    .addHelpText('after', '\nMore: headswap <command> --help');
  declareGlobalFlags(program as Command);
  for (const entry of COMMANDS) {
    const whole = loaded === 'all' || loaded.includes(entry.name);
    const command = whole ? (await entry.load())(host) : new Command(entry.name);
    add(program as Command, command.summary(entry.summary).helpGroup(`${entry.group}:`), whole);
  }
  if (loaded === 'all')
    program.addCommand((await import('./commands/complete.ts')).completeCommand(host), { hidden: true });
  return program as Command;
}

function add(program: Command, command: CommandUnknownOpts, whole: boolean): void {
  command.copyInheritedSettings(program as CommandUnknownOpts);
  if (whole) refuseMissing(command as Command);
  program.addCommand(command);
}

/** Values that are announced but missing are refused before the command does anything. */
function refuseMissing(command: Command): void {
  command.hook('preAction', (_program, acting) => {
    const options: Readonly<Record<string, unknown>> = acting.opts();
    const next = `Leave it out; \`headswap ${command.name()} --help\` shows what there is.`;
    for (const text of [...acting.args, ...Object.values(options)]) {
      const missing = MISSING_ADDRESSES.find(({ prefix }) => typeof text === 'string' && text.startsWith(prefix));
      if (missing !== undefined) throw new UsageError(notAvailableYet(`${String(text)}`, missing.summary), next);
    }
  });
}
