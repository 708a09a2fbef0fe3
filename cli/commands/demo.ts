import { Command, Option } from '@commander-js/extra-typings';
import { examples } from '../help-text.ts';
import { amount, counted, credits } from '../numbers-in-words.ts';
import { printable } from '../printable.ts';
import { outcomeLines } from '../render/outcome-lines.ts';
import type { CommandHost } from '../session.ts';
import { streamed } from '../streamed.ts';

export function demoCommand(host: CommandHost) {
  const command = new Command('demo')
    .description(
      'The whole flow against the emulated vendor, with a real engine, worker and report. No key, no money, no question.',
    )
    .addOption(new Option('--fail-some', 'with throttling, a lost answer and a failed task'))
    .addHelpText(
      'before',
      examples(
        ['headswap demo', 'everything goes well'],
        ['headswap demo --fail-some', 'trouble, and how it is survived'],
      ),
    );
  return command.action(({ failSome }) =>
    host.run(command, (session) => {
      const { screen, flags, context, signal } = session;
      screen.say('No key needed: this uses the emulated vendor. Nothing is charged.');
      return streamed(session, 'demo', async (stream) => {
        const { runDemo } = await import('../../operations/demo.ts');
        const demo = await runDemo(context, {
          failSome: failSome === true,
          signal,
          onPlan: (plan) => {
            stream.plan(plan);
            stream.say(
              `${counted(plan.manifest.items.length, 'video')} of the manifest ${printable(plan.manifest.file)}`,
            );
          },
          onLine: (line) => stream.add(line),
        });
        stream.close();
        if (!flags.json) {
          screen.out(
            [
              ...outcomeLines({ ...demo.result, report: demo.reportHtml }, screen.paint),
              ...demo.troubles.map((trouble) => `survived: ${printable(trouble)}`),
              `This took ${amount(Math.round(demo.seconds))} s and would have cost ${credits(demo.wouldHaveCost)}.`,
              `Next: ${demo.next[0]}`,
              `      ${demo.next[1]}`,
            ].join('\n'),
          );
        }
        return { exit: demo.result.exit, outcome: null, accepted: demo.result };
      });
    }),
  );
}
