/** Every item as one row that says the essential without a script; the script adds details, search, filter and order. */
import { h, type ComponentChild } from 'preact';
import type { Report, ReportItem } from '../../schemas/report.ts';
import { ITEM_STATES } from '../../schemas/states.ts';
import { chargedOf } from '../charges.ts';
import { secondsOf } from '../stage-times.ts';
import { hrefOfPath, plural, readableCredits } from './readable.ts';
import { STATE_WORDS } from './state-words.ts';

/** The relative link to a stored output, null when there is none from here. */
export type LinkTo = (file: string) => string | null;

const COLUMNS: readonly (readonly [string, string, string | null])[] = [
  ['Item', 'c-id', 'order'],
  ['Swap', 'c-swap', null],
  ['State', 'c-state', 'state'],
  ['What to know', 'c-why', null],
  ['Credits', 'c-num', 'credits'],
  ['Output', 'c-out', null],
];

export function ItemsSection({ report, linkTo }: { report: Report; linkTo: LinkTo }): ComponentChild {
  const { items, totals } = report;
  const present = ITEM_STATES.filter((state) => totals.by_state[state] > 0);
  return h('section', { class: 'items', 'aria-labelledby': ':items' }, [
    h('h2', { id: ':items' }, 'Items'),
    h('div', { class: 'tools', hidden: true }, [
      h('label', { class: 'search' }, [
        h('span', null, 'Search '),
        h('input', { type: 'search', id: ':q', autocomplete: 'off', placeholder: 'id, face, note, task id' }),
      ]),
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Show only' }, [
        h('button', { type: 'button', 'aria-pressed': 'true', 'data-s': '' }, `all ${totals.items}`),
        ...present.map((state) =>
          h(
            'button',
            { type: 'button', 'aria-pressed': 'false', 'data-s': state, class: STATE_WORDS[state].tone },
            `${STATE_WORDS[state].word} ${totals.by_state[state]}`,
          ),
        ),
      ]),
      h('label', { class: 'order' }, [
        h('span', null, 'Order '),
        h(
          'select',
          { id: ':o' },
          [
            ['sheet', 'as in the sheet'],
            ['id', 'by id'],
            ['state', 'by state'],
            ['credits', 'by credits, most first'],
            ['seconds', 'by time taken, longest first'],
          ].map(([value, text]) => h('option', { value }, text)),
        ),
      ]),
      h('p', { class: 'soft', role: 'status', id: ':n' }, plural(items.length, 'item')),
    ]),
    h(
      'noscript',
      null,
      h(
        'p',
        { class: 'soft' },
        'Attempts, timelines, hashes and players of single items need JavaScript here; report.json beside this page holds the same facts.',
      ),
    ),
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Table of items' },
      h('table', null, [
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            COLUMNS.map(([name, cls]) => h('th', { scope: 'col', class: cls }, name)),
          ),
        ),
        h(
          'tbody',
          { id: ':rows' },
          items.map((item) => h(ItemRow, { item, linkTo })),
        ),
      ]),
    ),
  ]);
}

function ItemRow({ item, linkTo }: { item: ReportItem; linkTo: LinkTo }): ComponentChild {
  const { word, tone } = STATE_WORDS[item.state];
  const credits = chargedOf(item);
  return h('tr', { id: item.id, 'data-s': item.state, 'data-c': credits, 'data-t': Math.round(secondsOf(item)) }, [
    h('th', { scope: 'row', class: 'c-id' }, [
      h('a', { href: `#${encodeURIComponent(item.id)}` }, item.id),
      item.note === '' ? null : h('small', null, item.note),
    ]),
    h('td', { class: 'c-swap' }, [...pictures(item), h('span', null, item.rule)]),
    h('td', { class: 'c-state' }, h('span', { class: `st ${tone}` }, word)),
    h('td', { class: 'c-why' }, whatToKnow(item)),
    h('td', { class: 'c-num' }, item.attempts.length === 0 && credits === 0 ? '–' : readableCredits(credits)),
    h('td', { class: 'c-out' }, output(item, linkTo)),
  ]);
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
      next === '' || item.state === 'done' ? '' : h('small', null, next),
    ];
  }
  return item.reused_from === null ? [] : [`paid before: reused from ${item.reused_from}, no charge`];
}

function output(item: ReportItem, linkTo: LinkTo): ComponentChild {
  const file = item.output?.file ?? null;
  if (file === null) return '';
  const name = file.split('/').at(-1) ?? file;
  const href = linkTo(file);
  return href === null ? name : h('a', { href, type: item.output?.media ?? undefined }, name);
}
