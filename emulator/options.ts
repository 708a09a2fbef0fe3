import Type from 'typebox';

import { FaultRule, Limits } from './fault-plan.ts';

const closed = { additionalProperties: false } as const;
const SpanMs = Type.Union([
  Type.Number({ minimum: 0 }),
  Type.Tuple([Type.Number({ minimum: 0 }), Type.Number({ minimum: 0 })]),
]);
const Price = Type.Union([
  Type.Number({ minimum: 0 }),
  Type.Object(
    { perStartedSeconds: Type.Number({ exclusiveMinimum: 0 }), credits: Type.Number({ minimum: 0 }) },
    closed,
  ),
]);

const TeamOptions = Type.Object(
  {
    apiKey: Type.String({ minLength: 1 }),
    clientId: Type.Optional(Type.String({ minLength: 1 })),
    /** Defaults to the API key, which the vendor says is the same secret. 16, 24 or 32 bytes, or callbacks are not sent. */
    clientSecret: Type.Optional(Type.String({ minLength: 1 })),
    /** Credits at the start; a book that already exists wins. */
    credits: Type.Optional(Type.Number()),
  },
  closed,
);

/** The key the emulator accepts unless told otherwise: no secret, and 32 bytes so that callbacks can be sealed. */
export const DEFAULT_API_KEY = 'emulator-key-not-a-secret-000000';
export const DEFAULT_CLIENT_ID = 'ZW11bGF0b3ItY2xpZW50LTE=';

/** Everything about an emulator that is plain data (also `--options JSON`). */
export const EmulatorSettings = Type.Object(
  {
    /** Decides every draw by chance. Default 1. */
    seed: Type.Optional(Type.Integer()),
    /** Credits of the first team. Default 10,000. */
    credits: Type.Optional(Type.Number()),
    /** One team with the default key when left out. Queries see their own team's records only. */
    teams: Type.Optional(Type.Array(TeamOptions, { minItems: 1 })),
    /** Milliseconds an analysis, a task takes; two numbers: seeded in between. Defaults 300 and 1,500. */
    analysisMs: Type.Optional(SpanMs),
    taskMs: Type.Optional(SpanMs),
    /** Credits charged per resolution. Default 6 for 480p, 15 for 720p. */
    prices: Type.Optional(Type.Object({ '480p': Price, '720p': Price }, closed)),
    /** Credits locked per open task. Default 100. */
    hold: Type.Optional(Type.Number({ minimum: 0 })),
    /** Whether failed tasks are charged (not known of the vendor). Default false. */
    chargeFailed: Type.Optional(Type.Boolean()),
    limits: Type.Optional(Limits),
    /** People found, by a part of the video's URL; before the file name is asked. */
    people: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 0 }))),
    /** Videos outside 3 to 20 s: refused at once, analysis ends in status 4, or let through. Default `async`. */
    durationGate: Type.Optional(Type.Union([Type.Literal('sync'), Type.Literal('async'), Type.Literal('off')])),
    /** Milliseconds an analysis can be used. Default: for ever. */
    analysisTtlMs: Type.Optional(Type.Number({ minimum: 0 })),
    /** Milliseconds an output can be fetched after completion. Default 7 days. */
    outputTtlMs: Type.Optional(Type.Number({ minimum: 0 })),
    /** Whether the plan has the feature: otherwise creates are answered with the account sentence. Default true. */
    supported: Type.Optional(Type.Boolean()),
    callbacks: Type.Optional(
      Type.Object(
        {
          /** Default true: callbacks go to every `webhookUrl`. */
          send: Type.Optional(Type.Boolean()),
          /** Milliseconds after completion. Default 0. */
          delayMs: Type.Optional(Type.Number({ minimum: 0 })),
          /** Waits before further tries, until one is answered exactly 200. Default none. */
          retryMs: Type.Optional(Type.Array(Type.Number({ minimum: 0 }))),
          /** `type` inside the message; the real value is unknown. */
          type: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
    /** Scheme and host of output links. Default: the host the request was sent to. */
    publicUrl: Type.Optional(Type.String()),
    faults: Type.Optional(Type.Array(FaultRule)),
    /** File of the book. With one, everything survives a restart; without, it is kept in memory. */
    bookPath: Type.Optional(Type.String()),
  },
  closed,
);
export type EmulatorSettings = Type.Static<typeof EmulatorSettings>;
export type Price = Type.Static<typeof Price>;
export type Settled = ReturnType<typeof settle>;

/** Fills in the defaults. */
export function settle(settings: EmulatorSettings) {
  const teams = settings.teams ?? [{ apiKey: DEFAULT_API_KEY, clientId: DEFAULT_CLIENT_ID }];
  return {
    seed: settings.seed ?? 1,
    teams: teams.map((team, index) => ({
      uid: 101_400 + index,
      id: `6805fb69e92d9edc7ca0b4${(9 + index).toString(16).padStart(2, '0')}`,
      apiKey: team.apiKey,
      clientId: team.clientId ?? DEFAULT_CLIENT_ID,
      clientSecret: team.clientSecret ?? team.apiKey,
      credits: team.credits ?? (index === 0 ? settings.credits : undefined) ?? 10_000,
    })),
    analysisMs: settings.analysisMs ?? 300,
    taskMs: settings.taskMs ?? 1_500,
    prices: settings.prices ?? { '480p': 6, '720p': 15 },
    hold: settings.hold ?? 100,
    chargeFailed: settings.chargeFailed ?? false,
    limits: settings.limits ?? {},
    people: settings.people ?? {},
    durationGate: settings.durationGate ?? ('async' as const),
    analysisTtlMs: settings.analysisTtlMs ?? Infinity,
    outputTtlMs: settings.outputTtlMs ?? 7 * 86_400_000,
    supported: settings.supported ?? true,
    callbacks: {
      send: settings.callbacks?.send ?? true,
      delayMs: settings.callbacks?.delayMs ?? 0,
      retryMs: settings.callbacks?.retryMs ?? [],
      type: settings.callbacks?.type ?? 'headswap',
    },
    publicUrl: settings.publicUrl ?? null,
    faults: settings.faults ?? [],
    bookPath: settings.bookPath ?? null,
  };
}
