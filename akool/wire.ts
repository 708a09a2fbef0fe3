import Type from 'typebox';

/**
 * The vendor's v4 head-swap API as JSON shapes: what is documented, so that client and emulator cannot drift apart. The
 * client sends these and reads answers tolerantly (`read.ts`); the emulator checks requests against them and answers in
 * them. Field names are the vendor's; note that `video_url` is the source in requests and the output in task answers.
 */

export const PATHS = {
  getToken: '/api/open/v3/getToken',
  balance: '/api/open/v3/faceswap/quota/info',
  analyze: '/api/open/v4/headswap/analyze',
  analysisDetail: '/api/open/v4/headswap/analyze/detail',
  create: '/api/open/v4/headswap/task/create',
  taskDetail: '/api/open/v4/headswap/task/detail',
} as const;

/** Body code of success, whatever the HTTP status. */
export const SUCCESS_CODE = 1000;

/** The sentence with which 1003 speaks about the account instead of the request. */
export const ACCOUNT_SENTENCE = 'Your current account does not support this feature.';

/** The only model the v4 pages list. */
export const PREMIUM_MODEL = 'akool-premium';

/** Status numbers of analyses and tasks; others may appear. */
export const STATUS = { queue: 1, processing: 2, completed: 3, failed: 4 } as const;

/** 24 hexadecimal characters; the first 8 are the second of creation. */
const Id = Type.String({ pattern: '^[0-9a-f]{24}$' });
const HttpUrl = Type.String({ pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/]', maxLength: 8192 });

export const AnalyzeRequest = Type.Object({ video_url: HttpUrl, type: Type.Literal('head') });
export type AnalyzeRequest = Type.Static<typeof AnalyzeRequest>;

const WireMapping = Type.Object({ obj_id: Type.Integer({ minimum: 0 }), img_url: HttpUrl });

export const CreateRequest = Type.Object({
  /** Character for character the URL of a completed analysis of the same team. */
  video_url: HttpUrl,
  mappings: Type.Array(WireMapping, { minItems: 1, maxItems: 5 }),
  model_name: Type.Literal(PREMIUM_MODEL),
  resolution: Type.Union([Type.Literal('480p'), Type.Literal('720p')]),
  template_id: Type.Optional(Type.String({ minLength: 1 })),
  /** Defaults to true at the vendor. */
  keep_original_sound: Type.Optional(Type.Boolean()),
  /** Final-state callback; the vendor keeps this casing for head swap only. */
  webhookUrl: Type.Optional(HttpUrl),
});
export type CreateRequest = Type.Static<typeof CreateRequest>;

export const TokenRequest = Type.Object({ clientId: Type.String(), clientSecret: Type.String() });
export type TokenRequest = Type.Static<typeof TokenRequest>;

export const AnalysisData = Type.Object({
  _id: Id,
  create_time: Type.Integer(),
  uid: Type.Integer(),
  team_id: Type.String(),
  video_url: Type.String(),
  type: Type.String(),
  status: Type.Integer(),
  task_id: Type.String(),
  progress: Type.Number(),
  /** These three are missing right after submit; `error_reason` reads `success` on success. */
  analysis_result: Type.Optional(
    Type.Object({
      detected_objects: Type.Integer(),
      media: Type.Array(
        Type.Object({ obj_id: Type.Integer(), img_url: Type.String(), media_type: Type.Optional(Type.String()) }),
      ),
      video_info: Type.Optional(
        Type.Object({
          width: Type.Integer(),
          height: Type.Integer(),
          fps: Type.Number(),
          frame_count: Type.Integer(),
        }),
      ),
    }),
  ),
  error_reason: Type.Optional(Type.String()),
  error_code: Type.Optional(Type.Integer()),
});
export type AnalysisData = Type.Static<typeof AnalysisData>;

export const CreatedData = Type.Object({
  _id: Id,
  create_time: Type.Integer(),
  uid: Type.Integer(),
  team_id: Type.String(),
  video_duration: Type.Number(),
  task_id: Type.String(),
  resolution: Type.String(),
  status: Type.Integer(),
  /** Credits locked until the task ends. */
  deduction_lock_duration: Type.Number(),
  model_name: Type.String(),
  file_name: Type.String(),
  video_url: Type.Null(),
});
export type CreatedData = Type.Static<typeof CreatedData>;

export const TaskData = Type.Object({
  _id: Id,
  uid: Type.Integer(),
  team_id: Type.String(),
  source_video_url: Type.String(),
  create_time: Type.Integer(),
  status: Type.Integer(),
  video_duration: Type.Number(),
  resolution: Type.String(),
  /** Credits finally billed (the unit is our reading of the sibling pages). */
  deduction_duration: Type.Number(),
  /** The output; null or empty while processing. */
  video_url: Type.Union([Type.String(), Type.Null()]),
  progress: Type.Number(),
  priority: Type.Optional(Type.Integer()),
  task_id: Type.String(),
  error_reason: Type.Optional(Type.String()),
  error_code: Type.Optional(Type.Integer()),
  file_name: Type.String(),
  model_name: Type.String(),
});
export type TaskData = Type.Static<typeof TaskData>;

export const BalanceData = Type.Object({ credit: Type.Number() });
export type BalanceData = Type.Static<typeof BalanceData>;

/** `data` is absent or empty on errors. */
export const Envelope = <T extends Type.TSchema>(data: T) =>
  Type.Object({ code: Type.Integer(), msg: Type.String(), data: Type.Optional(data) });

/** `token` stands beside `code`, not inside `data`. */
export const TokenAnswer = Type.Object({ code: Type.Integer(), token: Type.Optional(Type.String()) });
export type TokenAnswer = Type.Static<typeof TokenAnswer>;

/** What an unknown route answers: no `code`. */
export const NOT_FOUND_BODY = { status: 404, msg: 'Not Found' } as const;

export const CallbackEnvelope = Type.Object({
  signature: Type.String(),
  dataEncrypt: Type.String(),
  /** Printed as a number in samples and as text in tables: both are read. */
  timestamp: Type.Union([Type.Number(), Type.String()]),
  nonce: Type.Union([Type.String(), Type.Number()]),
});
export type CallbackEnvelope = Type.Static<typeof CallbackEnvelope>;

/** The decrypted callback. The `type` of head swap is not documented; nothing may depend on it. */
export const CallbackData = Type.Object({
  _id: Type.String(),
  status: Type.Integer(),
  type: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
  deduction_credit: Type.Optional(Type.Number()),
});
export type CallbackData = Type.Static<typeof CallbackData>;
