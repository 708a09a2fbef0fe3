import { Argument, Command, Option } from '@commander-js/extra-typings';
import type { Context } from '../../operations/context.ts';
import type { FollowResult } from '../../operations/follow-batch.ts';
import { planAndConfirm, planFlags, planOptions, type PlanFlags } from '../ask-and-run.ts';
import { examples } from '../help-text.ts';
import { durationMs } from '../parse-values.ts';
import type { LineStream } from '../progress/line-stream.ts';
import { outcomeLines } from '../render/outcome-lines.ts';
import { withContext, withWorker, type CommandHost, type Session } from '../session.ts';
import { streamed } from '../streamed.ts';
import { UsageError } from '../usage-error.ts';

export function runCommand(host: CommandHost) {
  const command = new Command('run')
    .description(
      'Validates, plans, asks, submits, follows to the end and reports. The same command again goes on where it was.',
    )
    .addArgument(new Argument('<file>', 'manifest (YAML) or sheet (CSV)'))
    .addOption(planFlags.budget())
    .addOption(planFlags.batch())
    .addOption(planFlags.faces())
    .addOption(planFlags.skipBadRows())
    .addOption(planFlags.again())
    .addOption(planFlags.first())
    .addOption(
      new Option('--max-wait <duration>', 'stop following after this long behind a closed gate').argParser(durationMs),
    )
    .addOption(new Option('--with-worker', 'a worker in this process although TEMPORAL_* names a server'))
    .addHelpText(
      'before',
      examples(
        ['headswap run spring.csv', 'asks before it spends'],
        ['headswap run spring.yaml --yes --budget 1200', 'in a script'],
      ),
    );
  return command.action((file, options) =>
    host.run(command, (given) => {
      const session = withWorker(given, options.withWorker);
      session.screen.say(`Reading ${file}`);
      return streamed(session, 'run', (stream) =>
        withContext(session, async (context) => {
          const outcome = await runInParts(session, context, stream, file, options);
          return { exit: outcome.exit, outcome };
        }),
      );
    }),
  );
}

type RunFlags = PlanFlags & { readonly maxWait?: number | undefined };

/** With --first the manifest goes in twice: its beginning, and after a second question all of it. */
async function runInParts(
  session: Session,
  context: Context,
  stream: LineStream,
  file: string,
  flags: RunFlags,
): Promise<FollowResult> {
  const { screen, signal } = session;
  const once = async (first: number | undefined) => {
    const plan = await planAndConfirm(session, context, stream, planOptions(file, flags, first));
    const { runBatch } = await import('../../operations/run-batch.ts');
    const maxWaitMs = flags.maxWait ?? null;
    return runBatch(context, plan, { yes: true, signal, maxWaitMs, onLine: (line) => stream.add(line) });
  };
  const outcome = await once(flags.first);
  if (flags.first === undefined || outcome.how !== 'ended' || signal.aborted) return outcome;
  stream.settle();
  screen.say(['', ...outcomeLines(outcome, screen.talkPaint), '', 'Now the rest:'].join('\n'));
  try {
    return await once(undefined);
  } catch (thrown) {
    // The first part is done and reported; not wanting the rest is no error.
    if (!(thrown instanceof UsageError)) throw thrown;
    screen.say(thrown.message);
    return outcome;
  }
}
