/** One item as one row, which says the essential without a script. */
import { h, type ComponentChild } from 'preact';
import type { ReportItem } from '../../schemas/report.ts';
import { chargedOf, sumOfCredits } from '../charges.ts';
import { secondsOf } from '../stage-times.ts';
import { hrefOfPath, proseOf, readableCredits } from './readable.ts';
import { STATE_WORDS } from './state-words.ts';

/** The relative link to a stored output, null when there is none from here. */
export type LinkTo = (file: string) => string | null;

export function ItemRow({ item, linkTo }: { item: ReportItem; linkTo: LinkTo }): ComponentChild {
  const { word, tone } = STATE_WORDS[item.state];
  const credits = chargedOf(item);
  return h(
    'tr',
    { id: item.id, role: 'row', 'data-s': item.state, 'data-c': credits, 'data-t': Math.round(secondsOf(item)) },
    [
      h('th', { role: 'rowheader', class: 'c-id' }, [
        h('button', { type: 'button', class: 'tog', 'aria-expanded': 'false', 'aria-label': `Details of ${item.id}` }),
        h('a', { href: `#${encodeURIComponent(item.id)}` }, item.id),
        item.note === '' ? null : h('small', null, item.note),
      ]),
      h('td', { role: 'cell', class: 'c-swap' }, [...pictures(item), h('span', null, item.rule)]),
      h('td', { role: 'cell', class: 'c-state' }, h('span', { class: `st ${tone}` }, word)),
      h('td', { role: 'cell', class: 'c-why' }, whatToKnow(item)),
      h('td', { role: 'cell', class: 'c-num' }, creditsCell(item, credits)),
      h('td', { role: 'cell', class: 'c-out' }, output(item, linkTo)),
    ],
  );
}

/** What is not settled is not called free: its hold is named instead. */
function creditsCell(item: ReportItem, credits: number): ComponentChild {
  const open = item.attempts.filter(({ state }) => state === 'sending' || state === 'bound' || state === 'uncertain');
  const held = sumOfCredits(open.map((attempt) => attempt.held));
  if (open.length > 0)
    return [
      credits === 0 ? '' : readableCredits(credits),
      h('small', null, held === 0 ? 'not known yet' : `holds ${readableCredits(held)}`),
    ];
  if (item.attempts.some(({ state, charged }) => state === 'settled' && charged === null)) return 'not told';
  return item.attempts.length === 0 && credits === 0 ? '–' : readableCredits(credits);
}

/** Only local copies: a picture elsewhere would tell its host who reads this page, and when. */
function pictures(item: ReportItem): ComponentChild[] {
  const local = item.mappings.flatMap(({ obj_id: objId, face, preview }) => {
    const person = item.people.find((one) => one.obj_id === objId)?.preview ?? null;
    return [
      { path: person, alt: `person ${objId} in ${item.id}, assigned to ${face}` },
      { path: preview, alt: `face ${face}` },
    ];
  });
  return local
    .slice(0, 4)
    .map(({ path, alt }) =>
      path === null
        ? null
        : h('img', { src: hrefOfPath(path), alt, width: 28, height: 28, loading: 'lazy', decoding: 'async' }),
    );
}

function whatToKnow(item: ReportItem): ComponentChild[] {
  if (item.reason !== null) {
    const { code, message, next } = item.reason;
    return [
      h('span', { class: 'code' }, code),
      ` ${message}`,
      next === '' || item.state === 'done'
        ? ''
        : h(
            'small',
            null,
            proseOf(next).map((part) => (part.command ? h('code', null, part.text) : part.text)),
          ),
    ];
  }
  if (item.held_by === 'budget') return ['held by the budget; nothing was sent'];
  if (item.held_by === 'stalled') return ['takes much longer than usual; paid, and still watched'];
  return item.reused_from === null ? [] : [`paid before: reused from ${item.reused_from}, no charge`];
}

function output(item: ReportItem, linkTo: LinkTo): ComponentChild {
  const file = item.output?.file ?? null;
  if (file === null) return '';
  const name = file.split('/').at(-1) ?? file;
  const href = linkTo(file);
  return href === null ? name : h('a', { href, type: item.output?.media ?? undefined }, name);
}
