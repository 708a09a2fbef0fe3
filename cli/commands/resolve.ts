import { Argument, Command, Option } from '@commander-js/extra-typings';
import type { Context } from '../../operations/context.ts';
import type { Resolution } from '../../operations/resolve.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { batchAndItems } from '../batch-and-items.ts';
import { confirmSpending } from '../confirm-spending.ts';
import { examples } from '../help-text.ts';
import { withContext, type CommandHost } from '../session.ts';
import { UsageError } from '../usage-error.ts';

interface ResolveFlags {
  readonly taskId?: string | undefined;
  readonly notCreated?: true | undefined;
  readonly payAgain?: true | undefined;
}

export function resolveCommand(host: CommandHost) {
  const command = new Command('resolve')
    .description('Settles a create whose answer was lost, once you know (or decide) whether the vendor made the task.')
    .addArgument(
      new Argument('<batch>', 'id, unique beginning of it, or manifest; may be left out when one batch is open'),
    )
    .addArgument(new Argument('[item]', 'id of the uncertain item'))
    .addOption(new Option('--task-id <id>', 'it was created, and this is its task'))
    .addOption(
      new Option('--not-created', 'it was not created; `resume` may create it again').conflicts(['taskId', 'payAgain']),
    )
    .addOption(new Option('--pay-again', 'create it once more, although it may be paid twice').conflicts('taskId'))
    .addHelpText(
      'before',
      examples(
        ['headswap resolve spring sh027 --task-id 6723...', 'found in the vendor console'],
        ['headswap resolve spring sh027 --not-created', 'it is not there'],
      ),
    );
  return command.action((first, item, flagsGiven) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      const resolution = resolutionOf(flagsGiven);
      const { batch, items } = batchAndItems(first, item === undefined ? [] : [item]);
      const [id = first] = items;
      screen.say('Reading the ledger');
      return withContext(session, async (context) => {
        const { readUncertain, resolveUncertain } = await import('../../operations/resolve.ts');
        const known = await readUncertain(context, batch, id);
        if (resolution.kind === 'pay-again') {
          const { uncertainLines } = await import('../render/status-lines.ts');
          const shape = { paint: screen.talkPaint, nowMs: Date.now(), offsetMinutes: -new Date().getTimezoneOffset() };
          screen.say(uncertainLines(known, null, shape).join('\n'));
          const account = await accountOf(context, known.batch);
          screen.say('If the first create did reach the vendor, this item is paid twice.');
          const { expected: price } = known;
          await confirmSpending(session, { account, low: price, high: price, budget: null, spends: true, doubts: [] });
        }
        const { text, next, ...rest } = await resolveUncertain(context, known.batch, known.item, resolution, {
          yes: true,
        });
        if (flags.json) screen.json({ schema_version: 1, ...rest, text, next });
        else {
          screen.out(text);
          if (next !== '') screen.say(`Next: ${next}`);
        }
        return EXIT.ok;
      });
    }),
  );
}

function resolutionOf({ taskId, notCreated, payAgain }: ResolveFlags): Resolution {
  if (taskId !== undefined) return { kind: 'task-id', taskId };
  if (notCreated === true) return { kind: 'not-created' };
  if (payAgain === true) return { kind: 'pay-again' };
  throw new UsageError(
    'It has to be said how the item is settled. Nothing was done.',
    'Look into the vendor console, then add --task-id ID, --not-created or --pay-again.',
  );
}

async function accountOf(context: Context, batch: string): Promise<string> {
  const { readStatus } = await import('../../operations/status.ts');
  const { batches } = await readStatus(context, { batch });
  return batches[0]?.account ?? 'unknown';
}
