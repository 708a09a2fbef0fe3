/** `plan` for people: what would happen to how many items at which cost, why, and what was not checked. Pure. */
import type { Plan, PlanAction, PlanItem } from '../../operations/plan-batch.ts';
import { amount, counted, credits, range, span } from '../numbers-in-words.ts';
import type { Paint } from '../paint.ts';
import { padded, printable } from '../printable.ts';
import { behindLines } from './ledger-lines.ts';

const IDS_NAMED = 8;

/** In the order of the table; `null` cost: never costs anything. */
const ROWS: readonly {
  readonly action: PlanAction;
  readonly label: (count: number) => string;
  readonly note: string;
}[] = [
  { action: 'run', label: () => 'will run', note: '' },
  { action: 'repay', label: () => 'will be paid again', note: '' },
  { action: 'reuse', label: () => 'reused, nothing to pay', note: '0' },
  { action: 'in_flight', label: () => 'paid and followed', note: '0' },
  { action: 'done', label: () => 'already done', note: '0' },
  { action: 'pick', label: (count) => (count === 1 ? 'needs a pick' : 'need a pick'), note: 'not included' },
  { action: 'ended', label: () => 'ended before, unchanged', note: '`resume` takes them up' },
  { action: 'skip', label: () => 'skipped by the manifest', note: '0' },
  { action: 'removed', label: () => 'no longer in the manifest', note: '0' },
  { action: 'later', label: () => 'beyond --first', note: 'asked for later' },
  { action: 'bad', label: (count) => (count === 1 ? 'bad row' : 'bad rows'), note: '0, kept as failed' },
];

export interface PlanShape {
  readonly paint: Paint;
  /** What to type to do it; null where the question follows at once. */
  readonly next: string | null;
  readonly checkedUrls: boolean;
  /** The account is the emulator: no credits are real. */
  readonly rehearsal: boolean;
}

export function planLines(plan: Plan, shape: PlanShape): string[] {
  const { paint } = shape;
  const balance = plan.balance === null ? '' : ` (balance ${amount(plan.balance)} when last read)`;
  return [
    ...(plan.detected === null ? [] : [printable(`${plan.manifest.file}: ${plan.detected}`)]),
    `Batch ${paint('strong', plan.batch)} on account ${plan.account}${balance}${knownText(plan)}`,
    ledgerLine(plan, paint),
    ...behindLines(plan.behindJournal, shape.rehearsal, paint),
    '',
    ...countLines(plan, paint),
    '',
    ...moneyLines(plan, shape),
    ...windowLines(plan, paint),
    ...plan.unreachable.map(
      ({ url, problem }) => `${paint('bad', 'not reached')}: ${printable(url)}: ${printable(problem)}`,
    ),
    shape.checkedUrls
      ? ''
      : 'Not checked: whether the vendor can read the videos (`headswap plan --check-urls` tries).',
    ...(shape.next === null ? [] : ['Nothing was spent. Next:', `  ${shape.next}`]),
  ].filter((line, index, lines) => line !== '' || lines[index - 1] !== '');
}

/** Nothing is created outside the account's production windows, so that a run begun now would wait. */
function windowLines({ window }: Plan, paint: Paint): string[] {
  if (window === null) return [];
  return [`${paint('warn', 'Waits at first')}: ${printable(window.reason)}; reopens: ${printable(window.reopens)}`];
}

function knownText({ known }: Plan): string {
  if (known === null) return ', new';
  return known.driver === null
    ? `, known: ${known.state}`
    : `, known: ${known.state}, driven by ${printable(known.driver)}`;
}

function ledgerLine({ ledger }: Plan, paint: Paint): string {
  if (!ledger.isNew) return `Ledger ${printable(ledger.location)}`;
  return `${paint('warn', 'New ledger')} ${printable(ledger.location)}: work paid elsewhere is not known here`;
}

function countLines(plan: Plan, paint: Paint): string[] {
  const width = Math.max(3, ...Object.values(plan.counts).map((count) => amount(count).length));
  return ROWS.filter(({ action }) => plan.counts[action] > 0).map(({ action, label, note }) => {
    const count = plan.counts[action];
    const cost = note === '' ? costOf(plan.items.filter((item) => item.action === action)) : note;
    const ids =
      action === 'repay' || action === 'bad' ? `: ${idList(plan.items.filter((item) => item.action === action))}` : '';
    const text = `  ${amount(count).padStart(width)}  ${padded(label(count), 26)} ${cost}${ids}`;
    return action === 'repay' ? paint('warn', text) : text;
  });
}

function costOf(items: readonly PlanItem[]): string {
  const known = items.filter((item) => item.credits !== null);
  const sum = known.reduce((total, item) => total + (item.credits ?? 0), 0);
  if (known.length === items.length) return `up to ${credits(sum)}`;
  return known.length === 0
    ? 'price unknown'
    : `up to ${credits(sum)}, and ${counted(items.length - known.length, 'item')} of unknown price`;
}

function idList(items: readonly PlanItem[]): string {
  const named = items.slice(0, IDS_NAMED).map(({ id }) => printable(id));
  return items.length > IDS_NAMED
    ? `${named.join(', ')} and ${amount(items.length - IDS_NAMED)} more`
    : named.join(', ');
}

function moneyLines(plan: Plan, { paint, rehearsal }: PlanShape): string[] {
  if (!plan.spends) return ['Cost: nothing will be paid for.'];
  const { low, high } = plan.credits;
  const known = low !== null && high !== null;
  const budget = plan.budget === null ? 'no budget set' : `budget ${credits(plan.budget)}`;
  const over =
    known && plan.budget !== null && high > plan.budget
      ? `; ${paint('warn', 'the budget will hold some of it back')}`
      : '';
  return [
    `Cost: ${known ? `${range(low, high)} credits` : paint('warn', 'price unknown')}, ${budget}${over}${rehearsal ? '; a rehearsal: no real credits' : ''}`,
    `Prices: ${rehearsal ? 'of the emulated vendor' : basisText(plan.credits.basis)}`,
    ...(plan.maxUncertainCredits === null
      ? []
      : [
          `Worst case on a crash: creates whose answer is lost would be held for you, at most ${credits(plan.maxUncertainCredits)}.`,
        ]),
    ...(plan.seconds === null ? [] : [`Time: about ${span(plan.seconds)}`]),
  ];
}

export function basisText(basis: Plan['credits']['basis']): string {
  switch (basis) {
    case 'rate-card':
      return 'from `prices` in headswap.yaml';
    case 'learnt':
      return 'learnt from what this ledger was charged before';
    case 'hold':
      return 'no price known; the credits locked per task are taken instead';
    case 'unknown':
      return 'not known yet; creates go out one at a time until the first charge is read';
    default:
      return basis satisfies never;
  }
}
