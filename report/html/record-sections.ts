/** What was reused and why, whose faces were used, what happened on the way, and how to do it again. */
import { h, type ComponentChild } from 'preact';
import type { Report } from '../../schemas/report.ts';
import { eventLines } from '../event-wording.ts';
import { shellWord } from '../needs-you.ts';
import { hrefOfPath, plural, readableTime, webAddress } from './readable.ts';

const EVENTS_SHOWN = 200;

export function ReusedSection({ report }: { report: Report }): ComponentChild {
  const reused = report.items.filter((item) => item.reused_from !== null);
  if (reused.length === 0) return null;
  const sources = Map.groupBy(reused, (item) => (item.reused_from ?? '').split('/')[0] ?? '');
  return h('section', { 'aria-labelledby': ':reused' }, [
    h('h2', { id: ':reused' }, 'Reused'),
    h(
      'p',
      null,
      `${plural(reused.length, 'item')} cost nothing: the same video, faces and settings were paid for before, and the output was linked or copied after its hash was checked.`,
    ),
    h(
      'ul',
      { class: 'few' },
      [...sources].map(([source, items]) =>
        h('li', null, [
          `${items.length} from ${source}: `,
          ...items
            .slice(0, 12)
            .flatMap((item, n) => [n === 0 ? '' : ', ', h('a', { href: `#${encodeURIComponent(item.id)}` }, item.id)]),
          items.length > 12 ? ` and ${items.length - 12} more` : '',
        ]),
      ),
    ),
  ]);
}

export function FacesSection({ report }: { report: Report }): ComponentChild {
  const mappings = report.items.flatMap((item) => item.mappings);
  const faces = [
    ...Map.groupBy(mappings, (mapping) => (mapping.img_url === '' ? mapping.face : mapping.img_url)).values(),
  ].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, count: group.length }];
  });
  if (faces.length === 0) return null;
  return h('section', { 'aria-labelledby': ':faces' }, [
    h('h2', { id: ':faces' }, 'Faces and consent'),
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Table of faces' },
      h('table', { class: 'small wide' }, [
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['Face', 'Consent', 'Valid until', 'Used'].map((name) => h('th', { scope: 'col' }, name)),
          ),
        ),
        h(
          'tbody',
          null,
          faces.map((face) =>
            h('tr', null, [
              h('th', { scope: 'row', class: 'c-face' }, [
                face.preview === null
                  ? null
                  : h('img', { src: hrefOfPath(face.preview), alt: '', width: 28, height: 28, loading: 'lazy' }),
                faceName(face.face, face.img_url),
              ]),
              h('td', null, face.consent === '' ? 'none on record' : face.consent),
              h('td', null, validity(face.until, report.generated_at)),
              h('td', null, plural(face.count, 'time')),
            ]),
          ),
        ),
      ]),
    ),
  ]);
}

function faceName(name: string, url: string): ComponentChild {
  const href = webAddress(url);
  return href === null ? name : h('a', { href, rel: 'noreferrer noopener' }, name);
}

/** Consents that end within 30 days, or have ended, are said. */
function validity(until: string, generatedAt: string): string {
  if (until === '') return 'not limited';
  const days = Math.ceil((Date.parse(until) - Date.parse(generatedAt)) / 86_400_000);
  if (Number.isNaN(days)) return until;
  if (days < 0) return `${until}: ended before this report was made`;
  return days <= 30 ? `${until}: ends in ${plural(days, 'day')}` : until;
}

export function EventsSection({ report }: { report: Report }): ComponentChild {
  const lines = eventLines(report.events);
  if (lines.length === 0) return null;
  const rest = lines.length - EVENTS_SHOWN;
  return h('section', { 'aria-labelledby': ':events' }, [
    h('h2', { id: ':events' }, 'What happened on the way'),
    h(
      'ol',
      { class: 'events' },
      lines
        .slice(0, EVENTS_SHOWN)
        .map((line) =>
          h('li', null, [
            h('time', { dateTime: line.at }, readableTime(line.at).slice(0, 19)),
            h('p', null, [
              line.times > 1 ? `${line.text} (${line.times} times, last below)` : line.text,
              h('small', null, [line.detail, line.by === '' || line.by === 'fleet' ? '' : ` (${line.by})`]),
            ]),
          ]),
        ),
    ),
    rest > 0 ? h('p', { class: 'soft' }, `${rest} more in report.json`) : null,
  ]);
}

export function ReproduceSection({ report }: { report: Report }): ComponentChild {
  const { batch } = report;
  return h('footer', { class: 'end' }, [
    h('h2', null, 'Reproduce'),
    h(
      'dl',
      { class: 'facts' },
      [
        ['Manifest', `${batch.manifest.file}, ${plural(batch.manifest.rows, 'row')}`],
        ['Digest', `sha256 ${batch.manifest.sha256}`],
        ['Again', `headswap run ${shellWord(batch.manifest.file)}`],
        ['Made', `${readableTime(report.generated_at)} by headswap ${report.tool_version}`],
      ].map(([name, value]) => h('div', null, [h('dt', null, name), h('dd', null, value)])),
    ),
  ]);
}
