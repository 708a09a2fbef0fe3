/** What `run` and `submit` share: from a file and flags to a plan that was shown and, where it spends, confirmed. */
import { Option } from '@commander-js/extra-typings';
import type { Context } from '../operations/context.ts';
import type { Plan, PlanOptions } from '../operations/plan-batch.ts';
import { confirmSpending } from './confirm-spending.ts';
import { creditAmount, wholeNumber } from './parse-values.ts';
import type { LineStream } from './progress/line-stream.ts';
import { planLines } from './render/plan-lines.ts';
import { problemLines } from './render/problem-lines.ts';
import type { Session } from './session.ts';

/** Flags of `plan`, `run` and `submit` that decide what is planned. */
export interface PlanFlags {
  readonly budget?: number | undefined;
  readonly batch?: string | undefined;
  readonly faces?: string | undefined;
  readonly again?: true | undefined;
  readonly skipBadRows?: true | undefined;
  readonly first?: number | undefined;
}

export const planFlags = {
  budget: () =>
    new Option('--budget <credits>', 'never spend more on this batch, over its life').argParser(creditAmount),
  batch: () => new Option('--batch <name>', 'name of the batch; a sheet is named after its file otherwise'),
  faces: () => new Option('--faces <file>', 'sheet of faces instead of faces.csv beside the sheet'),
  again: () => new Option('--again', 'pay again for work that was done before'),
  skipBadRows: () => new Option('--skip-bad-rows', 'keep bad rows as failed and do the rest'),
  first: () => new Option('--first <n>', 'do the first N items, then ask before the rest').argParser(wholeNumber(1)),
} as const;

export function planOptions(file: string, flags: PlanFlags, first: number | undefined): PlanOptions {
  return {
    file,
    ...(flags.budget === undefined ? {} : { budget: flags.budget }),
    ...(flags.batch === undefined ? {} : { batchName: flags.batch }),
    ...(flags.faces === undefined ? {} : { faces: flags.faces }),
    ...(flags.again === undefined ? {} : { again: flags.again }),
    ...(flags.skipBadRows === undefined ? {} : { skipBadRows: flags.skipBadRows }),
    ...(first === undefined ? {} : { first }),
  };
}

/** Plans, shows the plan, and returns once what it spends is confirmed. */
export async function planAndConfirm(
  session: Session,
  context: Context,
  stream: LineStream,
  options: PlanOptions,
): Promise<Plan> {
  const { screen } = session;
  const { planBatch } = await import('../operations/plan-batch.ts');
  const plan = await planBatch(context, options);
  // Planning is not interrupted; a Ctrl-C during it must not end in a question or in spending.
  session.signal.throwIfAborted();
  stream.plan(plan);
  const shape = { paint: screen.talkPaint, next: null, checkedUrls: false, rehearsal: context.rehearsal };
  const warnings = problemLines(plan.warnings, 'warning', 20, screen.talkPaint);
  screen.say([...warnings, ...planLines(plan, shape)].join('\n'));
  const { refuseBehind } = await import('../operations/journal-check.ts');
  if (plan.behindJournal !== null) await refuseBehind(context);
  const { low, high } = plan.credits;
  const { account, budget, spends } = plan;
  // A new ledger and an unknown price are in the plan that was just shown; they need the yes only where something is paid.
  const doubts = plan.questions.filter(({ code }) => code === 'manifest-path').map(({ text }) => text);
  await confirmSpending(session, { account, low, high, budget, spends, doubts });
  return plan;
}
