import Type from 'typebox';

/**
 * A fault plan: what the emulated vendor gets wrong, and when. Plain data, so it can stand in a YAML or JSON file, in an
 * option, or in a request to `/_emulator/faults`. The kinds are explained in this folder's README.
 */

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 1 });
const Ms = Type.Number({ minimum: 0 });

export const FAULT_POINTS = [
  'analyze',
  'analysis-detail',
  'create',
  'task-detail',
  'balance',
  'token',
  'output',
  'preview',
  'callback',
  'any',
] as const;
export type FaultPoint = (typeof FAULT_POINTS)[number];

/** How a connection ends: an orderly end, a reset, or never. */
const Cut = Type.Union([Type.Literal('close'), Type.Literal('reset'), Type.Literal('hang')]);
export type Cut = Type.Static<typeof Cut>;

const kind = <K extends string, P extends Type.TProperties>(name: K, properties: P) =>
  Type.Object({ kind: Type.Literal(name), ...properties }, closed);

export const Limits = Type.Object(
  {
    /** Requests per second; more are answered 1005. Null: no limit. */
    createPerSecond: Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()])),
    analyzePerSecond: Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()])),
    pollPerSecond: Type.Optional(Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()])),
    /** Unfinished tasks of a team; one more create is answered 1005. */
    openTasks: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    openAnalyses: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
    /** How a limit is told: code 1005 with HTTP 200, or HTTP 429. */
    tell: Type.Optional(Type.Union([Type.Literal('code'), Type.Literal('429')])),
    /** `Retry-After` as sent, for either way. */
    retryAfter: Type.Optional(Type.String()),
  },
  closed,
);
export type Limits = Type.Static<typeof Limits>;

/** Changes the account; the request itself then goes on under the new conditions. */
const StateAction = Type.Union([
  kind('key', { refuse: Type.Union([Type.Integer(), Type.Null()]) }),
  kind('expire-tokens', {}),
  kind('balance', { credits: Type.Number() }),
  kind('limits', { limits: Limits }),
]);

/** Changes what becomes of the accepted analysis or task. */
const WorkAction = Type.Union([
  /** Ends in status 4. `reason` null: without a reason. */
  kind('fail', {
    reason: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    errorCode: Type.Optional(Type.Integer()),
  }),
  /** Stays in `status` for `ms` longer, without `ms` for ever. */
  kind('stall', { ms: Type.Optional(Ms), status: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2)])) }),
  /** An analysis numbers its people in another order. */
  kind('reorder', {}),
  kind('people', { count: Type.Integer({ minimum: 0 }) }),
  /** `detected_objects` contradicts the list. */
  kind('detected', { count: Type.Integer({ minimum: 0 }) }),
]);

/** Changes the answer. `accept: true`: the request is processed (and charged) all the same. */
const AnswerAction = Type.Union([
  kind('throttle', {
    with: Type.Optional(Type.Union([Type.Literal('code'), Type.Literal('429')])),
    retryAfter: Type.Optional(Type.String()),
  }),
  kind('code', {
    code: Type.Integer(),
    msg: Type.Optional(Type.String()),
    httpStatus: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    accept: Type.Optional(Type.Boolean()),
  }),
  kind('drop-answer', { cut: Type.Optional(Cut) }),
  kind('drop-before', { cut: Type.Optional(Cut) }),
  kind('http', {
    status: Type.Integer({ minimum: 200, maximum: 599 }),
    body: Type.Optional(Type.String()),
    type: Type.Optional(Type.String()),
    location: Type.Optional(Type.String()),
    accept: Type.Optional(Type.Boolean()),
  }),
  kind('half-json', { accept: Type.Optional(Type.Boolean()) }),
  /** Success without `_id`, or with a number there. */
  kind('no-id', { as: Type.Optional(Type.Union([Type.Literal('missing'), Type.Literal('number')])) }),
  kind('slow', { delayMs: Ms, before: Type.Optional(Type.Boolean()) }),
  /** The right answer, `bytesPerSecond` at a time. */
  kind('drip', { bytesPerSecond: Type.Number({ exclusiveMinimum: 0 }) }),
  /** A body of so many bytes. */
  kind('flood', { bytes: Count }),
  /** Answers that contradict the documentation. */
  kind('odd', {
    statusAsText: Type.Optional(Type.Boolean()),
    extraKeys: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Integer()),
    msg: Type.Optional(Type.String()),
    /** Status 3 without a URL. */
    emptyUrl: Type.Optional(Type.Boolean()),
    /** `data` is empty. */
    emptyData: Type.Optional(Type.Boolean()),
  }),
]);

/** For `output` and `preview`. */
const MediaAction = Type.Union([
  kind('gone', { status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599 })) }),
  kind('redirect', { to: Type.Optional(Type.String()) }),
  kind('html', {}),
  /** Cut after `bytes`. `resumable`: with an ETag, and from where `Range` asks. */
  kind('truncate', { bytes: Type.Optional(Count), resumable: Type.Optional(Type.Boolean()) }),
  kind('zero', {}),
  kind('svg', {}),
]);

/** For `callback`. */
const CallbackAction = Type.Union([
  kind('never', {}),
  kind('late', { ms: Ms }),
  kind('duplicate', { times: Count }),
  /** Sent at acceptance, before the create is answered. */
  kind('early', {}),
  /** One more with status 2 at acceptance. */
  kind('interim', {}),
  /** Signed for the client id, encrypted with another secret. */
  kind('forged', {}),
]);

export const FaultAction = Type.Union([StateAction, WorkAction, AnswerAction, MediaAction, CallbackAction]);
export type FaultAction = Type.Static<typeof FaultAction>;
export type StateAction = Type.Static<typeof StateAction>;
export type WorkAction = Type.Static<typeof WorkAction>;
export type AnswerAction = Type.Static<typeof AnswerAction>;
export type MediaAction = Type.Static<typeof MediaAction>;
export type CallbackAction = Type.Static<typeof CallbackAction>;

/** All given conditions must hold. Ordinals are 1-based and count the requests this rule could meet. */
export const FaultRule = Type.Object(
  {
    on: Type.Enum(FAULT_POINTS),
    /** Part of the source video's URL. */
    match: Type.Optional(Type.String({ minLength: 1 })),
    at: Type.Optional(Type.Array(Count)),
    from: Type.Optional(Count),
    to: Type.Optional(Count),
    every: Type.Optional(Count),
    /** Share of requests, chosen by the seed. */
    fraction: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    /** Applies at most so often. */
    times: Type.Optional(Count),
    /** Milliseconds since the emulator (or, for a rule added later, the rule) began. */
    afterMs: Type.Optional(Ms),
    untilMs: Type.Optional(Ms),
    do: FaultAction,
  },
  closed,
);
export type FaultRule = Type.Static<typeof FaultRule>;

export const FaultPlan = Type.Object({ faults: Type.Array(FaultRule) }, closed);
export type FaultPlan = Type.Static<typeof FaultPlan>;
