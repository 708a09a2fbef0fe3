/** Schedules for people. Pure. */
import type { NextRun, ScheduleDocument, SchedulePlan } from '../../operations/schedules.ts';
import { amount, clockTime, counted, range, span } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';
import type { StatusShape } from './status-lines.ts';
import { tableLines } from './table.ts';

/** What is shown before the question. */
export function schedulePlanLines(plan: SchedulePlan, paint: Paint): string[] {
  const { check, next, windows } = plan;
  if (!check.ok)
    return [
      `${paint('bad', 'The manifest has errors')}: the run is refused, and costs nothing.`,
      ...check.problems.map((problem) => `  ${printable(problem)}`),
    ];
  const paid = check.run + check.repay;
  const price =
    check.low === null || check.high === null ? 'price unknown' : `about ${range(check.low, check.high)} credits`;
  return [
    `Schedule ${paint('strong', plan.name)} on account ${check.account}: a worker read ${printable(check.file)}, ${counted(check.rows, 'row')}`,
    `  a run now would create ${counted(paid, 'task')}, ${price}; later runs pay for new and changed rows only`,
    plan.budgetPerRun === null ? '  no budget per run' : `  at most ${amount(plan.budgetPerRun)} credits each run`,
    ...windows.map((window) => `  creates only in ${printable(window)}`),
    'Next runs:',
    ...next.map((run) => `  ${run.text}`),
    plan.overlap === 'skip'
      ? 'If a run is still going, the next one is left out and listed.'
      : 'If a run is still going, one more waits for its turn; others are left out and listed.',
    `Runs missed for longer than ${span(plan.catchupMs / 1_000)} are not made up.`,
    ...(plan.onlyWhileUp ? [paint('warn', 'It fires only while `headswap up` runs.')] : []),
  ];
}

export function scheduleTable(schedules: readonly ScheduleDocument[], shape: StatusShape): string[] {
  if (schedules.length === 0) return ['No schedules. `headswap schedule create --help` shows how to make one.'];
  const rows = schedules.map((schedule) => {
    const [last] = schedule.runs;
    return [
      shape.paint('strong', schedule.name),
      stateWord(schedule, shape.paint),
      schedule.cron,
      schedule.tz,
      nextText(schedule.next),
      last === undefined
        ? '-'
        : `${last.state} ${clockTime(Date.parse(last.due_at), shape.nowMs, shape.offsetMinutes)}`,
    ];
  });
  return [
    ...tableLines(['schedule', 'state', 'cron', 'zone', 'next', 'last'], rows),
    ...upLines(schedules, shape.paint),
  ];
}

export function scheduleLines(schedule: ScheduleDocument, shape: StatusShape): string[] {
  const { paint, nowMs, offsetMinutes } = shape;
  const time = (iso: string) => clockTime(Date.parse(iso), nowMs, offsetMinutes);
  const budget =
    schedule.budget_per_run === null
      ? 'no budget per run'
      : `at most ${amount(schedule.budget_per_run)} credits each run`;
  const runs = schedule.runs.map((run) => [
    time(run.due_at),
    printable(run.times > 1 ? `${run.times} up to ${run.name}` : run.name),
    run.state === 'refused' || run.state === 'missed' ? paint('bad', run.state) : run.state,
    run.charged === null ? '-' : amount(run.charged),
    printable(run.reason ?? ''),
  ]);
  return [
    `${paint('strong', schedule.name)}: ${stateWord(schedule, paint)}, ${schedule.cron} ${schedule.tz}, ${printable(schedule.manifest)}`,
    `  overlap ${schedule.overlap}, catch-up ${span(schedule.catchup_seconds)}, ${budget}; made by ${printable(schedule.created_by)} ${time(schedule.created_at)}`,
    ...schedule.windows.map((window) => `  creates only in ${printable(window)}`),
    ...(schedule.paused === null
      ? []
      : [
          `  paused by ${printable(schedule.paused.by)} since ${time(schedule.paused.since)}: ${printable(schedule.paused.note)}`,
        ]),
    ...upLines([schedule], paint),
    ...(schedule.next.length === 0 ? [] : ['Next runs:', ...schedule.next.map((run) => `  ${run.text}`)]),
    ...(runs.length === 0
      ? ['No runs yet.']
      : ['Runs, newest first:', ...tableLines(['due', 'run', 'state', 'spent', 'why'], runs, [3])]),
    `The rounds of its batch: headswap status ${schedule.name}`,
  ];
}

function nextText([next]: readonly NextRun[]): string {
  return next?.text ?? '-';
}

function stateWord({ state }: ScheduleDocument, paint: Paint): string {
  switch (state) {
    case 'active':
      return paint('good', state);
    case 'paused':
      return paint('warn', state);
    case 'deleted':
      return paint('dim', state);
    default:
      return state satisfies never;
  }
}

function upLines(schedules: readonly ScheduleDocument[], paint: Paint): string[] {
  const [first] = schedules;
  if (first === undefined || first.engine_up !== false || first.state === 'deleted') return [];
  return [`  ${paint('warn', 'Nothing is up')}: it fires only while \`headswap up\` runs.`];
}
