import { Type, type TSchema } from 'typebox';
import { DURATION_PATTERN } from './duration.ts';
import type { Face, Resolution } from './manifest-item.ts';
import { DefaultsSchema, FacesSchema } from './manifest.ts';
import type { RawSettings } from './item-fields.ts';
import { NOTICE_EVENTS, type NoticeEvent } from './notice.ts';
import { REQUIREMENTS, type Requirement } from './requirement.ts';
import type { ProductionWindow } from './production-window.ts';
import type { Secret } from './secret.ts';

/** Built-in values of headswap.yaml, as it would spell them (contract section 5). */
export const CONFIG_DEFAULTS = {
  base_url: 'https://openapi.akool.com',
  auth: 'api-key',
  limits: { create_per_second: 2, analyze_per_second: 2, poll_per_second: 10, open_tasks: 10, open_analyses: 10 },
  polling: { first: '5s', factor: 1.5, max: '30s', stalled_after: '3h' },
  request_timeout: '60s',
  // oxlint-disable-next-line unicorn/no-thenable -- the contract's word
  uncertain: { wait: '30m', then: 'hold' },
  ledger: 'sqlite:.headswap/ledger.db',
  storage: 'file:./out',
  web: { port: 8787, host: '127.0.0.1' },
  allow_private_hosts: false,
} as const;

/** The built-in account of the emulated vendor; nobody may define one of this name. */
export const EMULATOR_ACCOUNT = 'emulator';
const ACCOUNT_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$';

/** Credits of one paid task: a fixed price, or one that grows with the length of the video. */
export type Price =
  | { readonly kind: 'per-task'; readonly credits: number }
  | { readonly kind: 'per-started'; readonly everyMs: number; readonly credits: number };

export interface AccountConfig {
  readonly name: string;
  readonly baseUrl: string;
  readonly auth: 'api-key' | 'bearer';
  /** Null when no key is configured, or its variable or file is not there: commands that need one say so. */
  readonly apiKey: Secret | null;
  readonly clientId: Secret | null;
  readonly clientSecret: Secret | null;
  readonly limits: {
    readonly createPerSecond: number;
    readonly analyzePerSecond: number;
    readonly pollPerSecond: number;
    readonly openTasks: number;
    readonly openAnalyses: number;
    readonly maxUncertain: number;
  };
  readonly polling: {
    readonly firstMs: number;
    readonly factor: number;
    readonly maxMs: number;
    readonly stalledAfterMs: number;
  };
  readonly requestTimeoutMs: number;
  readonly prices: Readonly<Partial<Record<Resolution, Price>>>;
  /** Production windows; none: creates are always allowed. */
  readonly windows: readonly ProductionWindow[];
  readonly uncertain: {
    readonly waitMs: number;
    readonly afterwards: 'hold' | 'pay-again';
    readonly maxPayAgain: number;
  };
}

/** Paths are as written: relative ones belong to the folder of headswap.yaml. */
export type LedgerConfig =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: Secret; readonly shown: string };
export interface StorageConfig {
  readonly kind: 'file';
  readonly folder: string;
}

/** A receiver of notifications. Its address may hold a secret, so it shows nowhere. */
export interface NotifyTarget {
  /** Names it in `status`, `doctor` and the ledger. */
  readonly name: string;
  readonly kind: 'webhook' | 'slack';
  /** Null when its variable is not set: then nothing is sent there, and `doctor --notify` says so. */
  readonly url: Secret | null;
  /** `whsec_...`; signs webhooks. */
  readonly secret: Secret | null;
  readonly events: readonly NoticeEvent[];
}

/** One setting with where it came from, for `doctor --verbose`. Secrets show as `[secret]`. */
export interface ConfigSetting {
  readonly path: string;
  readonly value: string;
  /** `built-in`, `headswap.yaml:4`, `environment AKOOL_API_KEY`, `flag --port`. */
  readonly origin: string;
}

export const METRICS_PATTERN = '^(\\[[0-9a-fA-F:]+\\]|[A-Za-z0-9.-]+):[0-9]{1,5}$';

export interface Config {
  readonly accounts: Readonly<Record<string, AccountConfig>>;
  /** The account that is used when neither flag nor manifest names one. */
  readonly defaultAccount: string;
  readonly defaults: RawSettings;
  readonly faces: readonly Face[];
  readonly ledger: LedgerConfig;
  readonly storage: StorageConfig;
  readonly web: {
    readonly port: number;
    readonly host: string;
    /** Where the vendor sends callbacks, without a slash at its end; null: it is told of no address. */
    readonly publicUrl: string | null;
  };
  /** Where `up` and `worker` serve Prometheus metrics, `host:port`; null: nowhere. */
  readonly metrics: string | null;
  /** What every face must have. */
  readonly require: readonly Requirement[];
  readonly ignoreQuery: readonly string[];
  readonly allowPrivateHosts: boolean;
  readonly notify: readonly NotifyTarget[];
  readonly settings: readonly ConfigSetting[];
}

const duration = (description: string, example: string): TSchema =>
  Type.Optional(
    Type.String({
      title: 'duration (500ms, 5s, 30m, 2h)',
      description,
      pattern: DURATION_PATTERN,
      default: example,
      examples: [example],
    }),
  );
const secret = (description: string, example: string): TSchema =>
  Type.Optional(
    Type.String({
      description: `${description} Never shown. \${NAME} takes it from the environment.`,
      maxLength: 10_000,
      examples: [example],
    }),
  );
const rate = (description: string, value: number): TSchema =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000, description, default: value }));
const count = (description: string, value: number | null): TSchema =>
  Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description, ...(value === null ? {} : { default: value }) }),
  );
const closed = { additionalProperties: false } as const;

const PriceSchema = Type.Union(
  [
    Type.Number({ minimum: 0 }),
    Type.Object(
      {
        per_started: Type.String({
          title: 'duration (5s)',
          pattern: DURATION_PATTERN,
          description: 'The price is for each started stretch of this length.',
          examples: ['5s'],
        }),
        credits: Type.Number({ minimum: 0, description: 'Credits for each stretch.' }),
      },
      closed,
    ),
  ],
  {
    description: 'Credits per task, or per started stretch of the video.',
    examples: [6, { per_started: '5s', credits: 10 }],
  },
);

const { limits, polling } = CONFIG_DEFAULTS;
const AccountSchema = Type.Object(
  {
    base_url: Type.Optional(
      Type.String({
        title: 'http(s) URL',
        description: 'Address of the vendor. AKOOL_BASE_URL.',
        pattern: '^https?://[^\\s?#@]+$',
        default: CONFIG_DEFAULTS.base_url,
      }),
    ),
    api_key: secret('The key of the account. AKOOL_API_KEY.', '${AKOOL_API_KEY}'),
    api_key_file: Type.Optional(
      Type.String({
        description: 'A file that holds the key. AKOOL_API_KEY_FILE.',
        minLength: 1,
        examples: ['/run/secrets/akool'],
      }),
    ),
    auth: Type.Optional(
      Type.Unsafe<'api-key' | 'bearer'>({
        type: 'string',
        enum: ['api-key', 'bearer'],
        description: 'How requests are signed: the key itself, or a token fetched with client_id and client_secret.',
        default: 'api-key',
      }),
    ),
    client_id: secret('For bearer, and to read callbacks.', '${AKOOL_CLIENT_ID}'),
    client_secret: secret('Defaults to api_key, which the vendor says is the same secret.', '${AKOOL_CLIENT_SECRET}'),
    limits: Type.Optional(
      Type.Object(
        {
          create_per_second: rate('Paid tasks created per second at most.', limits.create_per_second),
          analyze_per_second: rate('Analyses submitted per second at most.', limits.analyze_per_second),
          poll_per_second: rate('Polls per second at most.', limits.poll_per_second),
          open_tasks: count('Paid tasks unfinished at the vendor at one time.', limits.open_tasks),
          open_analyses: count('Analyses unfinished at the vendor at one time.', limits.open_analyses),
          max_uncertain: count(
            'Unsettled uncertain creates at one time; more closes the gate. Default: open_tasks.',
            null,
          ),
        },
        { ...closed, description: 'Ceilings; the pace adapts below them.' },
      ),
    ),
    polling: Type.Optional(
      Type.Object(
        {
          first: duration('Wait before the first poll, until a duration is learnt.', polling.first),
          factor: Type.Optional(
            Type.Number({
              minimum: 1,
              maximum: 10,
              description: 'Each wait is this much longer than the one before.',
              default: polling.factor,
            }),
          ),
          max: duration('Longest wait between polls.', polling.max),
          stalled_after: duration(
            'A task that takes longer counts as waiting for a person; it is still watched.',
            polling.stalled_after,
          ),
        },
        closed,
      ),
    ),
    request_timeout: duration('How long one request to the vendor may take.', CONFIG_DEFAULTS.request_timeout),
    prices: Type.Optional(
      Type.Object(
        { '480p': Type.Optional(PriceSchema), '720p': Type.Optional(PriceSchema) },
        {
          ...closed,
          description: 'Prices by resolution. Without them they are learnt from the ledger, else unknown.',
          examples: [{ '480p': 6, '720p': 15 }],
        },
      ),
    ),
    windows: Type.Optional(
      Type.Array(
        Type.String({
          title: 'production window (Mon-Fri 20:00-06:00 Europe/Oslo)',
          maxLength: 200,
          examples: ['Mon-Fri 20:00-06:00 Europe/Oslo'],
        }),
        {
          description: 'Production windows: outside of them nothing is created; what runs is finished and collected.',
          maxItems: 50,
          examples: [['Mon-Fri 20:00-06:00 Europe/Oslo']],
        },
      ),
    ),
    uncertain: Type.Optional(
      Type.Object(
        {
          wait: duration(
            'How long a create without an answer waits for its callback. Runs only while a callback can come.',
            CONFIG_DEFAULTS.uncertain.wait,
          ),
          // oxlint-disable-next-line unicorn/no-thenable -- the contract's word
          then: Type.Optional(
            Type.Unsafe<'hold' | 'pay-again'>({
              type: 'string',
              enum: ['hold', 'pay-again'],
              description: 'After that: hold for a person, or pay again (up to max_pay_again times).',
              default: 'hold',
            }),
          ),
          max_pay_again: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 10,
              description:
                'How many creates of a batch may be paid again by themselves, over its life. Needed with pay-again.',
              examples: [1],
            }),
          ),
        },
        closed,
      ),
    ),
  },
  { ...closed, title: 'account', description: 'One vendor account.' },
);

/** headswap.yaml. */
export const ConfigSchema: TSchema = Type.Object(
  {
    accounts: Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        description: 'Vendor accounts by name. `emulator` is built in and cannot be defined.',
        additionalProperties: AccountSchema,
        propertyNames: { pattern: ACCOUNT_NAME_PATTERN },
        maxProperties: 100,
        examples: [{ default: { api_key: '${AKOOL_API_KEY}' } }],
      }),
    ),
    defaults: Type.Optional(DefaultsSchema),
    faces: Type.Optional(FacesSchema),
    ledger: Type.Optional(
      Type.String({
        title: 'ledger address (sqlite:FILE or postgres://...)',
        description: 'Where facts are kept. HEADSWAP_LEDGER.',
        pattern: '^(sqlite:.+|postgres(ql)?://.+|\\$\\{[A-Za-z_][A-Za-z0-9_]*\\})$',
        default: CONFIG_DEFAULTS.ledger,
        examples: [CONFIG_DEFAULTS.ledger],
      }),
    ),
    storage: Type.Optional(
      Type.String({
        title: 'storage address (file:FOLDER)',
        description: 'Where outputs go. HEADSWAP_STORAGE.',
        pattern: '^(file|s3):.+$',
        default: CONFIG_DEFAULTS.storage,
        examples: [CONFIG_DEFAULTS.storage],
      }),
    ),
    metrics: Type.Optional(
      Type.String({
        title: 'address of the metrics endpoint (HOST:PORT)',
        description:
          "Where `up` and `worker` serve Prometheus metrics, Temporal's and our own. Nothing is served unless it is set; name a loopback address unless a scraper on another machine must reach it. HEADSWAP_METRICS.",
        pattern: METRICS_PATTERN,
        examples: ['127.0.0.1:9464'],
      }),
    ),
    web: Type.Optional(
      Type.Object(
        {
          port: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 65_535,
              description: 'Port of the callback receiver in `run`, `resume`, `up` and `web`.',
              default: CONFIG_DEFAULTS.web.port,
            }),
          ),
          host: Type.Optional(
            Type.String({
              description: 'Address of this machine it listens on; 0.0.0.0 for all, as a container needs.',
              pattern: '^[A-Za-z0-9.:_-]{1,253}$',
              default: CONFIG_DEFAULTS.web.host,
            }),
          ),
          public_url: Type.Optional(
            Type.Unsafe<string | null>({
              type: ['string', 'null'],
              title: 'http(s) URL',
              description: 'Address under which the vendor reaches the receiver; switches callbacks on.',
              pattern: '^https?://[^\\s?#@]+$',
              default: null,
              examples: ['https://hooks.example.com'],
            }),
          ),
        },
        closed,
      ),
    ),
    require: Type.Optional(
      Type.Array(Type.Unsafe<Requirement>({ type: 'string', enum: [...REQUIREMENTS] }), {
        description:
          'What every face that is used must have: rows without a consent, or past its `until`, are refused.',
        maxItems: REQUIREMENTS.length,
        examples: [['consent']],
      }),
    ),
    ignore_query: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
        description:
          'Further URL parameters that are signatures: two URLs that differ only there are the same work. A trailing * matches a prefix.',
        maxItems: 100,
        examples: [['token']],
      }),
    ),
    allow_private_hosts: Type.Optional(
      Type.Boolean({
        description:
          'URLs may point at private or loopback addresses (tests, emulator). HEADSWAP_ALLOW_PRIVATE_HOSTS=1.',
        default: false,
      }),
    ),
    notify: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.Optional(
              Type.String({
                pattern: ACCOUNT_NAME_PATTERN,
                description: 'How messages call this receiver. Default: its kind and place in the list.',
                examples: ['studio'],
              }),
            ),
            kind: Type.Optional(
              Type.Unsafe<'webhook' | 'slack'>({
                type: 'string',
                enum: ['webhook', 'slack'],
                description: 'A webhook signed in the Standard Webhooks way, or Slack-compatible JSON.',
                default: 'webhook',
              }),
            ),
            url: Type.String({
              title: 'http(s) URL',
              description: 'Where messages are sent. Never shown. ${NAME} takes it from the environment.',
              pattern: '^(https?://[^\\s#@]+|\\$\\{[A-Za-z_][A-Za-z0-9_]*\\})$',
              examples: ['${NOTIFY_URL}'],
            }),
            secret: secret('whsec_... that signs a webhook.', '${NOTIFY_SECRET}'),
            events: Type.Optional(
              Type.Array(Type.Unsafe<NoticeEvent>({ type: 'string', enum: [...NOTICE_EVENTS] }), {
                description: 'Which events are told. Left out: all.',
                minItems: 1,
                maxItems: NOTICE_EVENTS.length,
                examples: [['finished', 'finished-with-failures']],
              }),
            ),
          },
          { ...closed, title: 'receiver', description: 'A receiver of notifications.' },
        ),
        {
          description: 'Who is told, once for each batch and event.',
          maxItems: 20,
          examples: [[{ url: '${NOTIFY_URL}' }]],
        },
      ),
    ),
    temporal: Type.Optional(
      Type.Object(
        {},
        {
          ...closed,
          description: 'Empty: TEMPORAL_* variables and profiles decide; none set means the embedded engine.',
        },
      ),
    ),
  },
  {
    ...closed,
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'config.schema.json',
    title: 'headswap configuration',
    description: 'headswap.yaml: accounts, limits, where the ledger and the outputs are.',
  },
);
