import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { ITEM_STATES } from '../../schemas/states.ts';
import { confirmSpending } from '../confirm-spending.ts';
import { examples } from '../help-text.ts';
import { creditAmount, durationMs, listOf } from '../parse-values.ts';
import { resumeLines } from '../render/resume-lines.ts';
import { withContext, withWorker, type CommandHost } from '../session.ts';
import { streamed } from '../streamed.ts';

export function resumeCommand(host: CommandHost) {
  const command = new Command('resume')
    .description(
      'Opens the next round over what is not finished. Says per item why it will or will not run again, and the cost.',
    )
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out'))
    .addArgument(new Argument('[item...]', 'ids or globs such as "sh01*"; all that is not finished when left out'))
    .addOption(new Option('--only <state,...>', 'items in these states').argParser(listOf(ITEM_STATES)))
    .addOption(new Option('--again', 'pay again for work that was done before'))
    .addOption(new Option('--budget <credits>', 'raise the budget of the batch to this').argParser(creditAmount))
    .addOption(new Option('--dry-run', 'say what would happen, and stop'))
    .addOption(
      new Option('--max-wait <duration>', 'stop following after this long behind a closed gate').argParser(durationMs),
    )
    .addOption(new Option('--with-worker', 'a worker in this process although TEMPORAL_* names a server'))
    .addHelpText(
      'before',
      examples(
        ['headswap resume spring --dry-run', 'what would run again, and why'],
        ['headswap resume spring sh014 --yes', 'one item, in a script'],
      ),
    );
  return command.action((batch, items, { only, again, budget, dryRun, maxWait, withWorker: worker }) =>
    host.run(command, (given) => {
      const session = withWorker(given, worker);
      const { screen, flags, signal } = session;
      screen.say('Reading the ledger');
      const options = {
        batch,
        ...(items.length === 0 ? {} : { items }),
        ...(only === undefined ? {} : { only }),
        ...(again === undefined ? {} : { again }),
        ...(budget === undefined ? {} : { budget }),
      };
      if (dryRun === true) {
        return withContext(session, async (context) => {
          const { planResume } = await import('../../operations/resume.ts');
          const plan = await planResume(context, options);
          const { options: _asked, ...document } = plan;
          if (flags.json) screen.json({ schema_version: 1, ...document });
          else screen.out(resumeLines(plan, screen.paint).join('\n'));
          return EXIT.ok;
        });
      }
      return streamed(session, 'resume', (stream) =>
        withContext(session, async (context) => {
          const { planResume, resumeBatch } = await import('../../operations/resume.ts');
          const plan = await planResume(context, options);
          signal.throwIfAborted();
          stream.plan({ batch: plan.batch, counts: countsOf(plan.counts), credits: plan.credits });
          screen.say(resumeLines(plan, screen.talkPaint).join('\n'));
          const { account, budget: limit, spends } = plan;
          await confirmSpending(session, { ...plan.credits, account, budget: limit, spends, doubts: [] });
          const outcome = await resumeBatch(context, plan, {
            yes: true,
            signal,
            maxWaitMs: maxWait ?? null,
            onLine: (line) => stream.add(line),
          });
          return { exit: outcome.exit, outcome };
        }),
      );
    }),
  );
}

/** A resume in the words of a plan line. */
function countsOf(counts: {
  readonly again: number;
  readonly goes_on: number;
  readonly no: number;
  readonly done: number;
}) {
  return {
    run: counts.again,
    reuse: 0,
    pick: 0,
    repay: 0,
    bad: 0,
    skip: 0,
    done: counts.done,
    in_flight: counts.goes_on,
    ended: counts.no,
    removed: 0,
    later: 0,
  };
}
