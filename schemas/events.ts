/**
 * Two closed lists: the JSON lines that `run`, `resume`, `watch` and `submit` print with `--json` (contract section 9), and
 * the types of the events the ledger keeps and the report shows.
 */
import { Type, type Static } from 'typebox';
import { EXIT } from './exit-codes.ts';
import { CreditsSchema, ReasonSchema, TotalsSchema } from './report.ts';
import { BATCH_STATES, ITEM_STATES } from './states.ts';

export const LINE_TYPES = ['plan', 'item', 'gate', 'pace', 'progress', 'error', 'summary'] as const;
export type LineType = (typeof LINE_TYPES)[number];

/** What the ledger's `events` table may say in `type`. The report's wording of each is in `report/event-wording.ts`. */
export const EVENT_TYPES = [
  'submitted',
  'round-opened',
  'round-ended',
  'manifest-changed',
  'driver-started',
  'driver-restarted',
  'driver-stopped',
  'gate-closed',
  'gate-opened',
  'pace-changed',
  'ceiling-changed',
  'paused',
  'stopped',
  'cancelled',
  'budget-set',
  'retried',
  'analysis-repeated',
  'uncertain',
  'settled-late',
  'wait-ended',
  'paid-again',
  'callback-refused',
  'resolved',
  'orphan-found',
  'ledger-rebuilt',
  'picked',
  'purged',
  'skipped',
  'stalled',
  'charge-above-estimate',
  'output-retried',
  'output-lost',
  'balance-read',
  'engine-replaced',
  'schedule-created',
  'schedule-changed',
  'schedule-run',
  'schedule-skipped',
  'schedule-missed',
  'schedule-refused',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

const orNullNumber = Type.Union([Type.Number(), Type.Null()]);
const head = <T extends LineType>(type: T) => ({
  at: Type.String({ description: 'ISO 8601, UTC' }),
  seq: Type.Integer({ minimum: 0, description: 'counts up by one within one command' }),
  batch: Type.String(),
  type: Type.Literal(type),
});

const PlanLine = Type.Object({
  ...head('plan'),
  counts: Type.Object({
    run: Type.Integer(),
    reuse: Type.Integer(),
    pick: Type.Integer(),
    repay: Type.Integer(),
    bad: Type.Integer(),
    skip: Type.Integer(),
    done: Type.Integer(),
  }),
  credits: Type.Object({ low: orNullNumber, high: orNullNumber, basis: Type.String() }),
});

const ItemLine = Type.Object({
  ...head('item'),
  id: Type.String(),
  state: Type.Enum([...ITEM_STATES]),
  reason: Type.Union([ReasonSchema, Type.Null()]),
  charged: Type.Number(),
  file: Type.Union([Type.String(), Type.Null()]),
});

const GateLine = Type.Object({
  ...head('gate'),
  name: Type.String(),
  state: Type.Enum(['closed', 'open']),
  reason: Type.String(),
  reopens: Type.String({ description: 'what opens it again, in words' }),
});

const PaceLine = Type.Object({
  ...head('pace'),
  kind: Type.Enum(['create', 'analyze', 'poll', 'open-tasks']),
  per_second: orNullNumber,
  open: Type.Union([Type.Integer(), Type.Null()]),
  reason: Type.String(),
});

const ProgressLine = Type.Object({
  ...head('progress'),
  totals: TotalsSchema,
  credits: CreditsSchema,
  seconds_left: orNullNumber,
});

const ErrorLine = Type.Object({
  ...head('error'),
  code: Type.String(),
  message: Type.String(),
  next: Type.String(),
});

/** Always the last line, also after errors and signals. */
const SummaryLine = Type.Object({
  ...head('summary'),
  state: Type.Union([Type.Enum([...BATCH_STATES]), Type.Literal('')], {
    description: 'empty when no batch was opened',
  }),
  totals: TotalsSchema,
  credits: CreditsSchema,
  report: Type.Union([Type.String(), Type.Null()]),
  exit_code: Type.Enum(Object.values(EXIT)),
});

export const EventsSchema = Type.Union([PlanLine, ItemLine, GateLine, PaceLine, ProgressLine, ErrorLine, SummaryLine], {
  $id: 'events.schema.json',
  title: 'headswap JSON lines',
  description: 'One object per line on stdout with --json.',
});
export type EventLine = Static<typeof EventsSchema>;
export type EventLineOf<T extends LineType> = Extract<EventLine, { type: T }>;
