import { Argument, Command, Option } from '@commander-js/extra-typings';
import { EXIT } from '../../schemas/exit-codes.ts';
import { confirmSpending } from '../confirm-spending.ts';
import { examples } from '../help-text.ts';
import { counted } from '../numbers-in-words.ts';
import { durationMs } from '../parse-values.ts';
import { printable } from '../printable.ts';
import { picksLines } from '../render/picks-lines.ts';
import { withContext, withWorker, type CommandHost } from '../session.ts';
import { streamed } from '../streamed.ts';

export function picksCommand(host: CommandHost) {
  const command = new Command('picks')
    .description('Decisions by eye: a contact sheet and a picks file out, who gets which face back in.')
    .addHelpText(
      'before',
      examples(
        ['headswap picks export spring', 'picks.html and picks.csv beside the outputs'],
        ['headswap picks apply spring --file ~/Downloads/picks.csv', 'take the decisions in and run those items'],
      ),
    );
  command.addCommand(exportCommand(host));
  command.addCommand(applyCommand(host));
  return command;
}

const batchArgument = () =>
  new Argument('[batch]', 'id, unique beginning of it, or manifest; the only open one when left out');
const facesOption = () => new Option('--faces <file>', 'sheet of faces, where the batch was run with one');

function exportCommand(host: CommandHost) {
  const command = new Command('export')
    .description('Writes the contact sheet and the picks file of what waits for a choice. Spends nothing.')
    .addArgument(batchArgument())
    .addOption(new Option('--out <dir>', 'folder for picks.html and picks.csv; beside the outputs when left out'))
    .addOption(facesOption());
  return command.action((batch, { out, faces }) =>
    host.run(command, (session) =>
      withContext(session, async (context) => {
        const { screen, flags } = session;
        screen.say('Reading the ledger and the previews');
        const { exportPicks } = await import('../../operations/picks-export.ts');
        const done = await exportPicks(context, batch, { out: out ?? null, ...(faces === undefined ? {} : { faces }) });
        for (const note of done.notes) screen.say(printable(note));
        if (flags.json) {
          screen.json({ schema_version: 1, ...done });
          return EXIT.ok;
        }
        screen.out(`${done.sheet}\n${done.file}`);
        screen.say(
          `${counted(done.items, 'video')} with ${done.people} people to decide. Open the page, or fill the column face of the file.`,
        );
        if (done.kept > 0) screen.say(`${counted(done.kept, 'choice')} of the file that was there kept.`);
        if (done.analysing.length > 0)
          screen.say(
            `${counted(done.analysing.length, 'item')} not on it yet: being analysed anew. Export again later.`,
          );
        screen.say(`Then: headswap picks apply ${done.batch} --file CSV`);
        return EXIT.ok;
      }),
    ),
  );
}

function applyCommand(host: CommandHost) {
  const command = new Command('apply')
    .description(
      'Takes the decisions in, item by item, and runs what is decided. Stale choices are refused, the rest goes on.',
    )
    .addArgument(batchArgument())
    .addOption(new Option('--file <csv>', 'the picks file; where export writes it when left out'))
    .addOption(facesOption())
    .addOption(new Option('--dry-run', 'say what would happen, and stop'))
    .addOption(
      new Option('--max-wait <duration>', 'stop following after this long behind a closed gate').argParser(durationMs),
    )
    .addOption(new Option('--with-worker', 'a worker in this process although TEMPORAL_* names a server'));
  return command.action((batch, { file, faces, dryRun, maxWait, withWorker: worker }) =>
    host.run(command, (given) => {
      const session = withWorker(given, worker);
      const { screen, flags, signal } = session;
      screen.say('Reading the picks file');
      const options = {
        batch,
        ...(file === undefined ? {} : { file }),
        ...(faces === undefined ? {} : { faces }),
      };
      if (dryRun === true) {
        return withContext(session, async (context) => {
          const { planPicks } = await import('../../operations/picks.ts');
          const { options: _asked, picks: _steps, ...document } = await planPicks(context, options);
          if (flags.json) screen.json({ schema_version: 1, ...document });
          else screen.out(picksLines(document, screen.paint).join('\n'));
          return EXIT.ok;
        });
      }
      return streamed(session, 'picks apply', (stream) =>
        withContext(session, async (context) => {
          const { applyPicks, planPicks } = await import('../../operations/picks.ts');
          const plan = await planPicks(context, options);
          signal.throwIfAborted();
          stream.plan({ batch: plan.batch, counts: countsOf(plan), credits: plan.credits });
          for (const item of plan.items)
            if (item.action === 'refused')
              stream.add({
                at: new Date().toISOString(),
                batch: plan.batch,
                type: 'error',
                code: 'P204',
                message: `${item.id}: ${item.why}`,
                next: `headswap picks export ${plan.batch}`,
              });
          screen.say(picksLines(plan, screen.talkPaint).join('\n'));
          const { account, budget, spends } = plan;
          await confirmSpending(session, { ...plan.credits, account, budget, spends, doubts: [] });
          const outcome = await applyPicks(context, plan, {
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

/** In the words of a plan line. */
function countsOf(plan: {
  readonly waiting: number;
  readonly counts: { readonly apply: number; readonly same: number; readonly refused: number };
}) {
  return {
    run: plan.counts.apply,
    reuse: 0,
    pick: plan.waiting,
    repay: 0,
    bad: plan.counts.refused,
    skip: 0,
    done: plan.counts.same,
    in_flight: 0,
    ended: 0,
    removed: 0,
    later: 0,
  };
}
