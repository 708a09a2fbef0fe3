/** An item as one row of a CSV in the short form (contract section 6), complete in itself: faces as URLs in place. */
import type { SwapRule } from '../schemas/manifest-item.ts';
import { VERSION_PLACE } from '../schemas/output-version.ts';
import type { ItemFact } from './report-facts.ts';

/** Columns before `x_*`. `model` and `when_people_differ` have no place in sheets made by hand, but the reader takes them. */
export const SHORT_FORM = [
  'id',
  'video',
  'swap',
  'resolution',
  'keep_original_sound',
  'template_id',
  'output',
  'project',
  'note',
  'check',
  'model',
  'when_people_differ',
] as const;

/** Values by column name. */
export function shortFormCells(item: ItemFact): ReadonlyMap<string, string> {
  const { settings } = item;
  return new Map([
    ['id', item.id],
    ['video', item.video],
    ['swap', item.swap === null ? item.rule : swapCell(item.swap)],
    ['resolution', settings.resolution],
    ['keep_original_sound', String(settings.keepOriginalSound)],
    ['template_id', settings.templateId ?? ''],
    // A brace opens a placeholder; twice it is itself.
    [
      'output',
      item.outputKey.replaceAll(/\{version\}|[{}]/g, (found) => (found === VERSION_PLACE ? found : found + found)),
    ],
    ['project', item.project ?? ''],
    ['note', item.note ?? ''],
    ['check', item.check ?? ''],
    ['model', settings.model],
    ['when_people_differ', item.whenPeopleDiffer],
    ...Object.entries(item.x),
  ]);
}

/** The cell grammar, with URLs for faces. */
function swapCell(swap: SwapRule): string {
  switch (swap.kind) {
    case 'only':
      return swap.face.url;
    case 'all':
      return `all:${swap.face.url}`;
    case 'by-number':
      return swap.people.map(({ objId, face }) => `${objId}:${face?.url ?? 'keep'}`).join(' ');
    case 'pick':
    case 'skip':
      return swap.kind;
    default:
      return swap satisfies never;
  }
}
