/**
 * Runs a command that follows a batch: progress in the form that fits the place, and with --json the promise of a summary as
 * the last line, also after errors and signals (contract section 9).
 */
import type { FollowResult } from '../operations/follow-batch.ts';
import type { ExitCode } from '../schemas/exit-codes.ts';
import { describeError } from './errors/describe-error.ts';
import { ToldError } from './errors/told-error.ts';
import { counted } from './numbers-in-words.ts';
import { lineStream, type LineStream } from './progress/line-stream.ts';
import { outcomeLines } from './render/outcome-lines.ts';
import type { Session } from './session.ts';

const TICK_MS = 1_000;
const STOPPING = 'Stopping: what is being sent is settled first, nothing new is created. Ctrl-C again ends at once.';

/** What a streamed body returns; the outcome is null when nothing was followed, as after `submit`. */
export interface StreamedEnd {
  readonly exit: ExitCode;
  readonly outcome: FollowResult | null;
  /** Of a batch that was accepted and is not followed. */
  readonly accepted?: Partial<FollowResult>;
}

export async function streamed(
  session: Session,
  command: string,
  body: (stream: LineStream) => Promise<StreamedEnd>,
): Promise<ExitCode> {
  const { screen, flags, signal } = session;
  const stream = lineStream(await screen.progress(), Date.now);
  const ticking = setInterval(() => stream.tick(), TICK_MS);
  const onAbort = () => stream.say(command === 'watch' ? 'Detaching; the batch goes on.' : STOPPING);
  signal.addEventListener('abort', onAbort);
  session.onHardStop((exit) => {
    stream.close();
    if (flags.json) stream.summary(null, exit);
    return hardStopText(stream);
  });
  try {
    const { exit, outcome, accepted = null } = await body(stream);
    stream.close();
    stream.summary(outcome ?? accepted, exit);
    if (outcome !== null && !flags.json) screen.out(outcomeLines(outcome, screen.paint).join('\n'));
    return exit;
  } catch (thrown) {
    stream.close();
    if (flags.json) {
      const error = describeError(thrown, command);
      stream.error(error);
      stream.summary(null, error.exitCode);
      throw new ToldError(thrown);
    }
    throw thrown;
  } finally {
    clearInterval(ticking);
    signal.removeEventListener('abort', onAbort);
  }
}

function hardStopText(stream: LineStream): string {
  const items = stream.sending();
  if (items.length === 0) return 'Stopped at once. As far as this command knows, nothing was being sent.';
  const [batch, names] = [stream.batch(), items.slice(0, 8).join(', ')];
  return [
    `Stopped at once while ${counted(items.length, 'create')} ${items.length === 1 ? 'was' : 'were'} being sent (${names}).`,
    'They may become uncertain: charged or not, which is not known yet. Nothing is sent again by itself.',
    `Next: headswap status ${batch}, then headswap run or headswap resume ${batch}`,
  ].join('\n');
}
