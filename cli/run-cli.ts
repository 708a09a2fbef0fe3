/** One invocation: arguments in, exit code out. Never throws, never exits; `main.ts` does. */
import { CommanderError } from '@commander-js/extra-typings';
import packageFile from '../package.json' with { type: 'json' };
import type { ContextOptions } from '../operations/context.ts';
import type { Starters } from '../operations/starters.ts';
import { EXIT, type ExitCode } from '../schemas/exit-codes.ts';
import { COMMANDS, STREAMING_COMMANDS } from './command-table.ts';
import { describeError } from './errors/describe-error.ts';
import { errorDocument, errorLines } from './errors/error-lines.ts';
import { ToldError } from './errors/told-error.ts';
import { globalFlagsOf, type GlobalFlags } from './global-flags.ts';
import { overview } from './help-text.ts';
import { printable } from './printable.ts';
import { buildProgram } from './program.ts';
import { createScreen, type Streams } from './screen.ts';
import type { CommandHost, HardStop } from './session.ts';

/** Problems of a manifest shown with an error; `validate` has a flag for it. */
const MAX_PROBLEMS = 100;

export interface Invocation {
  /** Without interpreter and script. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly streams: Streams;
  readonly signal: AbortSignal;
  readonly starters: Starters;
  /** user@host, recorded with what is done unless HEADSWAP_OPERATOR says otherwise. */
  readonly userAtHost: string;
  readonly readerGone: AbortSignal;
  readonly onHardStop: (tell: HardStop) => void;
}

export async function runCli(invocation: Invocation): Promise<ExitCode> {
  const { argv, streams, signal, cwd, starters, userAtHost, readerGone, onHardStop } = invocation;
  let exitCode: ExitCode = EXIT.ok;
  const host: CommandHost = {
    async run(command, body) {
      const flags = globalFlagsOf(command.optsWithGlobals());
      const screen = createScreen(streams, flags);
      const { config, account } = flags;
      const context: ContextOptions = {
        cwd,
        env: streams.env,
        flags: { ...(config === undefined ? {} : { config }), ...(account === undefined ? {} : { account }) },
        starters,
        userAtHost,
        toolVersion: packageFile.version,
        log: (message, fields = {}) => {
          if (flags.verbose) screen.warn(logLine(message, fields));
        },
      };
      exitCode = await body({ flags, screen, context, signal, readerGone, onHardStop });
    },
  };
  const program = await buildProgram({
    version: packageFile.version,
    host,
    loaded: argv.includes('completion') || argv.includes('__complete') ? 'all' : argv,
    writeOut: (text) => void streams.stdout.write(text),
  });
  let command: string | null = null;
  try {
    const { operands, unknown } = program.parseOptions([...argv]);
    command = COMMANDS.find(({ name }) => name === operands[0])?.name ?? null;
    if (operands.length === 0 && unknown.length === 0) streams.stdout.write(`${overview()}\n`);
    else
      await program.parseAsync(operands[0] === 'help' ? [...operands.slice(1), '--help'] : [...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok;
    const flags = globalFlagsOf({ ...program.opts(), json: argv.includes('--json') });
    return tellError(thrown, command, flags, streams);
  }
}

/**
 * The error for people on stderr. With --json also on stdout: as one document, or where a stream of lines was promised as an
 * error line and the summary, unless the stream has said it already.
 */
async function tellError(
  thrown: unknown,
  command: string | null,
  flags: GlobalFlags,
  streams: Streams,
): Promise<ExitCode> {
  const wasTold = thrown instanceof ToldError;
  const error = describeError(wasTold ? thrown.cause : thrown, command);
  const screen = createScreen(streams, flags);
  if (error.problems.length > 0) {
    const { problemLines } = await import('./render/problem-lines.ts');
    screen.warn(problemLines(error.problems, 'error', MAX_PROBLEMS, screen.talkPaint).join('\n'));
  }
  screen.warn(errorLines(error, screen.talkPaint, flags.verbose).join('\n'));
  if (!flags.json || wasTold) return error.exitCode;
  if (command !== null && STREAMING_COMMANDS.has(command)) {
    const { lineStream } = await import('./progress/line-stream.ts');
    const stream = lineStream(await screen.progress(), Date.now);
    stream.error(error);
    stream.summary(null, error.exitCode);
  } else screen.json(errorDocument(error));
  return error.exitCode;
}

function logLine(message: string, fields: Readonly<Record<string, string | number | boolean | null>>): string {
  const values = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
  return printable(['  .', message, ...values].join(' '));
}
