import { Type, type TProperties, type TSchema } from 'typebox';
import { RESOLUTIONS } from './manifest-item.ts';

/** Letters of any script, digits, `. _ -`, not starting with a dot, at most 100 (contract section 6). */
export const ID_PATTERN = '^[\\p{L}\\p{M}\\p{N}_-][\\p{L}\\p{M}\\p{N}._-]{0,99}$';
/** A face's name starts with a letter, so that `0:ana` can never be a name. */
export const FACE_NAME_PATTERN = '^\\p{L}[\\p{L}\\p{M}\\p{N}._-]{0,99}$';
const URL_PATTERN = '^[hH][tT][tT][pP][sS]?://[^\\s/?#\\\\]+[^\\s\\\\]*$';
export const DATE_PATTERN = '^\\d{4}-\\d{2}-\\d{2}$';
/** Words of the swap grammar that no face may be called. */
export const RESERVED_FACE_NAMES = ['pick', 'skip', 'keep', 'all'] as const;
export const WHEN_PEOPLE_DIFFER = ['wait', 'fail'] as const;
export const MODELS = ['akool-premium'] as const;
/** Caps that keep one cell from filling a message, a log line or a ledger row. */
export const MAX_TEXT = 2_000;
export const MAX_URL = 4_096;

/** A text that YAML may spell without quotes although it looks like a number: taken as written. */
export function textField(
  description: string,
  examples: readonly unknown[],
  options: { pattern?: string } = {},
): TSchema {
  return Type.Union([Type.String({ maxLength: MAX_TEXT, ...options }), Type.Number()], {
    description: `${description} Taken as written: \`010\` stays \`010\`.`,
    examples: [...examples],
  });
}

export function urlField(description: string, examples: readonly string[]): TSchema {
  return Type.String({
    title: 'http(s) URL',
    description,
    examples: [...examples],
    pattern: URL_PATTERN,
    maxLength: MAX_URL,
  });
}

/** Fields that an item, a matrix entry and `defaults` share, all optional. Patterns are left to the reader: entries hold placeholders. */
export const sharedItemFields = {
  swap: Type.Optional(
    Type.Union(
      [
        Type.String({ maxLength: MAX_TEXT }),
        Type.Record(Type.String(), Type.Union([Type.String({ maxLength: MAX_URL }), Type.Number()]), {
          minProperties: 1,
          maxProperties: 200,
        }),
      ],
      {
        title: 'swap rule',
        description:
          'Who is put onto whom: a face or URL (the only person), a mapping from person number to face, `{all: face}`, `pick` (decide by eye) or `skip`. `keep` leaves a person as is.',
        examples: ['ana', { '0': 'ana', '1': 'keep' }, { all: 'ana' }, 'pick', 'skip'],
      },
    ),
  ),
  check: Type.Optional(
    textField(
      'The analysis that person numbers were read from. The item is refused when the video was analysed anew.',
      ['k7f3c'],
    ),
  ),
  resolution: Type.Optional(
    Type.String({
      description: `Resolution of the output: ${RESOLUTIONS.join(' or ')}. Default 720p.`,
      examples: [...RESOLUTIONS],
    }),
  ),
  model: Type.Optional(textField('The vendor model. Default akool-premium.', [...MODELS])),
  keep_original_sound: Type.Optional(
    Type.Union([Type.Boolean(), Type.String({ maxLength: MAX_TEXT })], {
      description: 'Whether the sound of the video is kept. Default true.',
      examples: [true, false],
    }),
  ),
  template_id: Type.Optional(textField('The vendor template, where one is used.', ['tpl_01'])),
  output: Type.Optional(
    Type.String({
      description:
        'Where the output goes, below the storage root. Placeholders: {batch} {id} {project} {resolution} {date} (UTC day of the run) {face} {version} (1, then 2 for a second paid version) {x_...}. Default {batch}/{id}.mp4.',
      examples: ['{batch}/{id}.mp4'],
      maxLength: MAX_TEXT,
    }),
  ),
  project: Type.Optional(textField('The project that the item is booked on.', ['nordlys'])),
  note: Type.Optional(textField('A remark for people, carried to the report.', ['crowd'])),
  when_people_differ: Type.Optional(
    Type.String({
      description: 'When the people found are not those the rule expects: wait for a pick, or fail. Default wait.',
      examples: [...WHEN_PEOPLE_DIFFER],
    }),
  ),
} satisfies TProperties;

const oneOf = (values: readonly string[], description: string): TSchema =>
  Type.Unsafe<string>({ type: 'string', enum: [...values], description, examples: [...values] });

/** The same with closed lists spelled out, for editors. The reader itself uses the open form: it is lenient about case, and has better words. */
export const listedItemFields = {
  ...sharedItemFields,
  resolution: Type.Optional(oneOf(RESOLUTIONS, `Resolution of the output: ${RESOLUTIONS.join(' or ')}. Default 720p.`)),
  model: Type.Optional(oneOf(MODELS, 'The vendor model. Default akool-premium.')),
  when_people_differ: Type.Optional(
    oneOf(
      WHEN_PEOPLE_DIFFER,
      'When the people found are not those the rule expects: wait for a pick, or fail. Default wait.',
    ),
  ),
} satisfies TProperties;

/** `x_*` fields: carried to the report, usable in `output`. */
export const ownFieldPattern = '^x_[\\p{L}\\p{M}\\p{N}._-]{1,60}$';
export const ownFields = {
  patternProperties: {
    [ownFieldPattern]: textField('Your own field: carried to the report and usable in `output` as {x_...}.', ['act 2']),
  },
};

/** A swap rule as written: one text (cell grammar), or the pairs of a mapping or of the long form. */
export type RawSwap =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pairs'; readonly pairs: readonly RawPair[] };
export interface RawPair {
  readonly key: string;
  readonly value: string;
}

/** Item fields as written, before any meaning is given to them; null where nothing was written. */
export interface RawSettings {
  readonly swap: RawSwap | null;
  readonly check: string | null;
  readonly resolution: string | null;
  readonly model: string | null;
  readonly keepOriginalSound: string | null;
  readonly templateId: string | null;
  readonly output: string | null;
  readonly project: string | null;
  readonly note: string | null;
  readonly whenPeopleDiffer: string | null;
  readonly x: Readonly<Record<string, string>>;
}

export const NO_SETTINGS: RawSettings = {
  swap: null,
  check: null,
  resolution: null,
  model: null,
  keepOriginalSound: null,
  templateId: null,
  output: null,
  project: null,
  note: null,
  whenPeopleDiffer: null,
  x: {},
};

/** The fields of `RawSettings` by the name that manifests and sheets use. */
export const SETTING_FIELDS = {
  swap: 'swap',
  check: 'check',
  resolution: 'resolution',
  model: 'model',
  keep_original_sound: 'keepOriginalSound',
  template_id: 'templateId',
  output: 'output',
  project: 'project',
  note: 'note',
  when_people_differ: 'whenPeopleDiffer',
} as const;
export type SettingName = keyof typeof SETTING_FIELDS;
export const SETTING_NAMES = Object.keys(SETTING_FIELDS) as SettingName[];
