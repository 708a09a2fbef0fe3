/**
 * `report.json` (contract section 8). Text that was never given is `""`; what does not exist yet or cannot be known is
 * null. Times are ISO 8601 in UTC. Fields may be added here, never renamed or removed.
 */
import { Type, type Static, type TSchema } from 'typebox';
import { ATTEMPT_STATES, BATCH_STATES, ITEM_STATES } from './states.ts';

export const REPORT_SCHEMA_VERSION = 1;

const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
const Credits = Type.Number();
const Time = Type.String({ description: 'ISO 8601, UTC' });

/** One key per item state; see `totalsOf` for the law the counts obey. */
export const TotalsSchema = Type.Object({
  items: Count,
  done: Count,
  failed: Count,
  skipped: Count,
  cancelled: Count,
  waiting: Count,
  uncertain: Count,
  pending: Count,
  by_state: Type.Object(
    Object.fromEntries(ITEM_STATES.map((state) => [state, Count])) as Record<
      (typeof ITEM_STATES)[number],
      typeof Count
    >,
  ),
});
export type Totals = Static<typeof TotalsSchema>;

export const CreditsSchema = Type.Object({
  estimated: orNull(Credits),
  budget: orNull(Credits),
  held: Type.Number({ description: 'locked by tasks that are not settled yet' }),
  charged: Credits,
  unexplained: orNull(
    Type.Number({ description: 'balance moved but no attempt of this batch says why; null when it cannot be known' }),
  ),
  balance_before: orNull(Credits),
  balance_after: orNull(Credits),
});
export type ReportCredits = Static<typeof CreditsSchema>;

export const ReasonSchema = Type.Object({
  code: Type.String(),
  message: Type.String(),
  vendor: Type.String({ description: "the vendor's own words, or empty" }),
  charged: Type.Number({ description: 'credits this item cost so far' }),
  next: Type.String({ description: 'the next step: a command or plain words' }),
});

const TaskSchema = Type.Object({
  task_id: Type.String(),
  charged: orNull(Credits),
  seen_at: orNull(Time),
  url: orNull(Type.String()),
});

const UncertainSchema = Type.Object({
  since: Time,
  awaited_until: orNull(
    Type.String({ description: 'its callback is, or was, awaited until then; null: none can come' }),
  ),
  awaiting: Type.Boolean({ description: 'that wait still runs' }),
  may_cost: orNull(Credits),
  balance_before: orNull(Credits),
});

const AttemptSchema = Type.Object({
  n: Type.Integer({ minimum: 1 }),
  state: Type.Enum([...ATTEMPT_STATES]),
  task_id: orNull(Type.String()),
  held: orNull(Credits),
  charged: orNull(Credits),
  sent_at: orNull(Time),
  settled_at: orNull(Time),
  approved_by: Type.String({ description: 'who asked for a further paid attempt, or empty' }),
  uncertain: orNull(UncertainSchema),
  orphans: Type.Array(TaskSchema, {
    description: 'tasks found for this attempt besides its own: a late answer to an abandoned create',
  }),
});
export type ReportAttempt = Static<typeof AttemptSchema>;

const MappingSchema = Type.Object({
  obj_id: Type.Integer(),
  face: Type.String(),
  img_url: Type.String(),
  consent: Type.String(),
  until: Type.String(),
  preview: orNull(Type.String({ description: 'local picture of the face, relative to the report' })),
});

const PersonSchema = Type.Object({
  obj_id: Type.Integer(),
  preview_url: orNull(Type.String()),
  preview: orNull(Type.String({ description: 'local picture of the person, relative to the report' })),
});

const OutputSchema = Type.Object({
  url: orNull(Type.String({ description: "the vendor's link as collected; it dies" })),
  file: orNull(Type.String({ description: 'our own copy, a path under the storage root' })),
  bytes: orNull(Count),
  sha256: orNull(Type.String()),
  media: orNull(Type.String()),
});

const ItemSchema = Type.Object({
  id: Type.String(),
  row: Type.Object({ file: Type.String(), line: Type.Integer() }),
  video: Type.String(),
  project: Type.String(),
  note: Type.String(),
  x: Type.Record(Type.String(), Type.String()),
  rule: Type.String(),
  people_found: orNull(Count),
  state: Type.Enum([...ITEM_STATES]),
  held_by: orNull(Type.Enum(['budget', 'stalled'], { description: 'what keeps an open item from moving by itself' })),
  reason: orNull(ReasonSchema),
  mappings: Type.Array(MappingSchema),
  people: Type.Array(PersonSchema),
  resolution: Type.String(),
  attempts: Type.Array(AttemptSchema),
  output: orNull(OutputSchema),
  reused_from: orNull(Type.String({ description: 'batch/item whose paid work this is' })),
  timeline: Type.Array(Type.Object({ state: Type.String(), at: Time })),
});
export type ReportItem = Static<typeof ItemSchema>;

const ReportEventSchema = Type.Object({
  at: Time,
  type: Type.String(),
  by: Type.String(),
  detail: Type.String(),
});
export type ReportEvent = Static<typeof ReportEventSchema>;

const NeedSchema = Type.Object({
  kind: Type.String(),
  count: Count,
  command: Type.String(),
});

export const ReportSchema = Type.Object(
  {
    schema_version: Type.Literal(REPORT_SCHEMA_VERSION),
    generated_at: Time,
    tool_version: Type.String(),
    batch: Type.Object({
      id: Type.String(),
      name: Type.String(),
      project: Type.String(),
      account: Type.String(),
      state: Type.Enum([...BATCH_STATES]),
      created_at: Time,
      finished_at: orNull(Time),
      operator: Type.String(),
      rounds: Count,
      manifest: Type.Object({ file: Type.String(), sha256: Type.String(), rows: Count }),
    }),
    totals: TotalsSchema,
    credits: CreditsSchema,
    checks: Type.Object(
      {
        lost: Count,
        paid_twice: Count,
        paid_again_on_request: Count,
      },
      { description: 'rows without an item; charged tasks nobody asked for; further charged tasks a person asked for' },
    ),
    analyses: Type.Object({ submitted: Count, reused: Count }),
    needs_you: Type.Array(NeedSchema),
    items: Type.Array(ItemSchema),
    events: Type.Array(ReportEventSchema),
  },
  { $id: 'report.schema.json', title: 'headswap report', description: 'What became of a batch, item by item.' },
);
export type Report = Static<typeof ReportSchema>;
