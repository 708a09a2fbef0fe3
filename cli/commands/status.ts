import { Argument, Command, Option } from '@commander-js/extra-typings';
import type { Context } from '../../operations/context.ts';
import type { StatusBatch, StatusDocument } from '../../operations/status.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { ITEM_STATES } from '../../schemas/states.ts';
import { examples } from '../help-text.ts';
import type { StatusShape } from '../render/status-lines.ts';
import { withContext, type CommandHost } from '../session.ts';

/** More than this many uncertain items are named by the table of items only. */
const UNCERTAIN_EXPLAINED = 20;

export function statusCommand(host: CommandHost) {
  const command = new Command('status')
    .description('All batches, newest first, or one batch: what became of it, what holds it, what it needs from you.')
    .addArgument(new Argument('[batch]', 'id, unique beginning of it, or manifest'))
    .addOption(new Option('--items', 'list the items'))
    .addOption(new Option('--state <state>', 'items in this state').choices(ITEM_STATES))
    .addOption(new Option('--reason <code>', 'items with this reason'))
    .addOption(new Option('--exit-status', "end with the batch's exit code"))
    .addHelpText(
      'before',
      examples(
        ['headswap status', 'all batches'],
        ['headswap status spring --state uncertain', 'what to settle, and how'],
      ),
    );
  return command.action((given, options) =>
    host.run(command, (session) => {
      const { screen, flags } = session;
      screen.say('Reading the ledger');
      return withContext(session, async (context) => {
        const { readStatus } = await import('../../operations/status.ts');
        const wantsItems = options.items === true || options.state !== undefined || options.reason !== undefined;
        // Filters without a batch are about the one that is open, as everywhere else.
        const { findBatch } = await import('../../operations/find-batch.ts');
        const batch =
          given === undefined && !wantsItems && options.exitStatus !== true
            ? undefined
            : await findBatch(context, given);
        const status = await readStatus(context, {
          ...(batch === undefined ? {} : { batch }),
          ...(options.state === undefined ? {} : { state: options.state }),
          ...(options.reason === undefined ? {} : { reason: options.reason.toUpperCase() }),
          items: wantsItems,
        });
        const [first] = status.batches;
        if (flags.json) screen.json(status);
        else {
          const { batchTable } = await import('../render/status-lines.ts');
          const { behindLines } = await import('../render/ledger-lines.ts');
          const { undeliveredLines } = await import('../render/undelivered-lines.ts');
          const shape = { paint: screen.paint, nowMs: Date.now(), offsetMinutes: -new Date().getTimezoneOffset() };
          const lines =
            batch === undefined || first === undefined
              ? batchTable(status, shape)
              : await oneBatch(context, first, status, shape);
          const behind = behindLines(status.behind_journal ?? null, context.rehearsal, screen.paint);
          screen.out([...behind, ...lines, ...undeliveredLines(status.undelivered ?? [], shape)].join('\n'));
        }
        return options.exitStatus === true && first !== undefined ? first.exit_code : EXIT.ok;
      });
    }),
  );
}

async function oneBatch(
  context: Context,
  batch: StatusBatch,
  { ledger }: StatusDocument,
  shape: StatusShape,
): Promise<string[]> {
  const { batchLines, itemTable } = await import('../render/status-lines.ts');
  const items = batch.items === undefined ? [] : ['', ...itemTable(batch.items, shape.paint)];
  const uncertain = batch.totals.uncertain === 0 ? [] : await explainUncertain(context, batch, shape);
  return [...batchLines(batch, ledger, shape), ...uncertain, ...items];
}

async function explainUncertain(context: Context, batch: StatusBatch, shape: StatusShape): Promise<string[]> {
  const { uncertainLines } = await import('../render/status-lines.ts');
  const { readStatus } = await import('../../operations/status.ts');
  const { readUncertain } = await import('../../operations/resolve.ts');
  const { batches } = await readStatus(context, { batch: batch.id, items: true, state: 'uncertain' });
  const items = (batches[0]?.items ?? []).slice(0, UNCERTAIN_EXPLAINED);
  const known = await Promise.all(items.map(({ id }) => readUncertain(context, batch.id, id)));
  return ['', ...known.flatMap((item) => uncertainLines(item, batch.credits.balance_after, shape))];
}
