import { Type, type TSchema } from 'typebox';
import {
  DATE_PATTERN,
  FACE_NAME_PATTERN,
  ID_PATTERN,
  listedItemFields,
  MAX_TEXT,
  ownFields,
  sharedItemFields,
  textField,
  urlField,
} from './item-fields.ts';
import { TOLERANCE_PATTERN } from './tolerance.ts';

/** The most items one matrix entry may become. */
export const MAX_MATRIX_ITEMS = 100_000;

export const FaceSchema = Type.Union(
  [
    urlField('A public http(s) URL of the reference image.', ['https://media.example.com/faces/bo.jpg']),
    Type.Object(
      {
        image: urlField('A public http(s) URL of the reference image.', ['https://media.example.com/faces/ana.jpg']),
        consent: Type.Optional(textField('The consent on file for this face.', ['C-2026-0142'])),
        until: Type.Optional(
          Type.String({
            title: 'date',
            description: 'Last day of the consent, YYYY-MM-DD.',
            pattern: DATE_PATTERN,
            examples: ['2027-03-31'],
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ],
  { title: 'face', description: 'A reference image: its URL, or its URL with the consent.' },
);

export const FacesSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  description: 'Named reference images. A name starts with a letter; upper and lower case are the same.',
  additionalProperties: FaceSchema,
  propertyNames: { pattern: FACE_NAME_PATTERN },
  maxProperties: 20_000,
  examples: [{ ana: { image: 'https://media.example.com/faces/ana.jpg', consent: 'C-2026-0142' } }],
});

export const BudgetSchema = Type.Object(
  {
    credits: Type.Optional(
      Type.Number({
        minimum: 0,
        description: 'The most this batch may cost over its life, in credits.',
        examples: [1200],
      }),
    ),
    per_item: Type.Optional(
      Type.Number({ minimum: 0, description: 'The most one item may cost, in credits.', examples: [40] }),
    ),
  },
  {
    additionalProperties: false,
    description: 'Ceilings in credits. The lowest of flag, manifest, project and day wins.',
  },
);

const DEFAULTS_TEXT = 'Fills what items leave out: any item field but id and video.';
export const DefaultsSchema = Type.Object(sharedItemFields, {
  ...ownFields,
  additionalProperties: false,
  description: DEFAULTS_TEXT,
});

const itemHead = {
  id: textField('The item: unique in its batch.', ['sh010'], { pattern: ID_PATTERN }),
  video: urlField('A public http(s) URL of the video. The vendor fetches it itself.', [
    'https://media.example.com/plates/sh010.mp4',
  ]),
};
const itemOptions = {
  ...ownFields,
  additionalProperties: false,
  title: 'item',
  description: 'One video with one swap rule.',
};
export const ItemEntrySchema = Type.Object({ ...itemHead, ...sharedItemFields }, itemOptions);
const ListedItemSchema = Type.Object({ ...itemHead, ...listedItemFields }, itemOptions);

const axis = Type.Array(textField('A value of the axis.', ['teaser']), { minItems: 1, maxItems: MAX_MATRIX_ITEMS });
export const MatrixEntrySchema = Type.Object(
  {
    id: textField('The items, with {axis} placeholders.', ['{clip}-{face}']),
    matrix: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      description:
        'Axes: lists of text. Every combination becomes an item; {axis} works in every text field of the entry.',
      properties: {
        exclude: Type.Array(Type.Record(Type.String(), textField('A value of the axis.', ['hero'])), {
          description: 'Combinations to leave out: those that match all keys given.',
          maxItems: 1_000,
        }),
      },
      additionalProperties: axis,
      minProperties: 1,
      maxProperties: 20,
      examples: [{ clip: ['teaser', 'hero'], face: ['ana', 'bo'], exclude: [{ clip: 'hero', face: 'bo' }] }],
    }),
    video: Type.String({
      description: 'A public http(s) URL, with {axis} placeholders.',
      maxLength: MAX_TEXT,
      examples: ['https://media.example.com/plates/{clip}.mp4'],
    }),
    ...sharedItemFields,
  },
  {
    ...ownFields,
    additionalProperties: false,
    title: 'matrix entry',
    description: 'One entry that becomes many items.',
  },
);

export const FromEntrySchema = Type.Object(
  {
    from: Type.String({
      description: "A CSV inside the manifest's folder, read under these defaults and faces.",
      maxLength: MAX_TEXT,
      examples: ['more-shots.csv'],
    }),
  },
  { additionalProperties: false, title: 'from entry', description: 'Items from a CSV. Stands alone in its entry.' },
);

const headFields = {
  version: Type.Literal(1, { description: 'The version of this format: 1.' }),
  batch: Type.Optional(
    textField("The batch's name, which is its identity.", ['spring-campaign-fr'], { pattern: ID_PATTERN }),
  ),
  project: Type.Optional(textField('The project that all items are booked on.', ['nordlys'])),
  account: Type.Optional(textField('The account of headswap.yaml that pays.', ['default'])),
  budget: Type.Optional(BudgetSchema),
  tolerate: Type.Optional(
    Type.Unsafe<string | number>({
      type: ['string', 'integer'],
      minimum: 0,
      maximum: 999_999_999,
      title: 'share (5%) or number of items',
      description: 'How many items may fail for causes of their own before nothing more is created.',
      pattern: TOLERANCE_PATTERN,
      examples: ['5%', 20],
    }),
  ),
  defaults: Type.Optional(DefaultsSchema),
  faces: Type.Optional(FacesSchema),
};

/** Everything but the entries' inside, which the reader checks one by one with the schema that fits (no `anyOf` noise). */
export const ManifestHeadSchema = Type.Object(
  { ...headFields, items: Type.Array(Type.Object({})) },
  { additionalProperties: false },
);

export const ManifestSchema: TSchema = Type.Object(
  {
    ...headFields,
    defaults: Type.Optional(
      Type.Object(listedItemFields, { ...ownFields, additionalProperties: false, description: DEFAULTS_TEXT }),
    ),
    items: Type.Array(Type.Union([ListedItemSchema, MatrixEntrySchema, FromEntrySchema]), {
      minItems: 1,
      description: 'The items, started in this order.',
    }),
  },
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'manifest.schema.json',
    title: 'headswap manifest',
    description: 'What to swap into what: one batch of videos.',
    additionalProperties: false,
  },
);
