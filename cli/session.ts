/** What a command is given when it runs: flags, screen, place, and how it is told to stop. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Context, ContextOptions } from '../operations/context.ts';
import type { ExitCode } from '../schemas/exit-codes.ts';
import type { GlobalFlags } from './global-flags.ts';
import type { Screen } from './screen.ts';

export type HardStop = (exit: ExitCode) => string;

export interface Session {
  readonly flags: GlobalFlags;
  readonly screen: Screen;
  /** Where, with which settings and which parts operations work. */
  readonly context: ContextOptions;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Aborted when nobody reads stdout any more. Only commands that do nothing but show end then. */
  readonly readerGone: AbortSignal;
  /**
   * Sets what is done and said when the program ends at once, by a second Ctrl-C or by a fault outside the command: called
   * then with the exit code, and may do nothing that has to be waited for.
   */
  readonly onHardStop: (tell: HardStop) => void;
}

/** Runs the body of a command and keeps its exit code; what it throws goes to the caller of the program. */
export interface CommandHost {
  run(command: CommandUnknownOpts, body: (session: Session) => Promise<ExitCode>): Promise<void>;
}

/** Opens the context for `body` and closes it whatever happens. Operations are loaded here, after the first output. */
export async function withContext<T>(session: Session, body: (context: Context) => Promise<T>): Promise<T> {
  const { openContext } = await import('../operations/context.ts');
  const context = await openContext(session.context);
  try {
    return await body(context);
  } finally {
    await context.close();
  }
}

/** The same with a worker of this process although TEMPORAL_* names a server (`--with-worker`). */
export function withWorker(session: Session, wanted: boolean | undefined): Session {
  if (wanted !== true) return session;
  return { ...session, context: { ...session.context, flags: { ...session.context.flags, withWorker: true } } };
}

/** The same with the callback receiver on another port than headswap.yaml says (`--port`). */
export function withPort(session: Session, port: number | undefined): Session {
  if (port === undefined) return session;
  return { ...session, context: { ...session.context, flags: { ...session.context.flags, port } } };
}
