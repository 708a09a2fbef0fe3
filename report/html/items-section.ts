/**
 * The list of items with its tools. Rows lay themselves out as grids, since only boxes that are not table boxes can be left
 * out of the layout while they are out of sight; the roles say that it is a table all the same.
 */
import { h, type ComponentChild } from 'preact';
import type { Report } from '../../schemas/report.ts';
import { ITEM_STATES } from '../../schemas/states.ts';
import { ItemRow, type LinkTo } from './item-row.ts';
import { plural } from './readable.ts';
import { STATE_WORDS } from './state-words.ts';

/** Name and class of the cells below it. */
const COLUMNS = [
  ['Item', 'c-id'],
  ['Swap', 'c-swap'],
  ['State', 'c-state'],
  ['What to know', 'c-why'],
  ['Credits', 'c-num'],
  ['Output', 'c-out'],
] as const;

/** Above this, rows out of sight are not laid out; below, nothing is gained and tools that read laid-out text would miss them. */
const MANY = 500;

export function ItemsSection({ report, linkTo }: { report: Report; linkTo: LinkTo }): ComponentChild {
  const { items, totals } = report;
  const present = ITEM_STATES.filter((state) => totals.by_state[state] > 0);
  return h('section', { class: 'items', 'aria-labelledby': ':items' }, [
    h('h2', { id: ':items' }, 'Items'),
    h('div', { class: 'tools' }, [
      h('label', { class: 'search' }, [
        h('span', null, 'Search '),
        h('input', { type: 'search', id: ':q', autocomplete: 'off', placeholder: 'id, face, note, task id' }),
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
      h('table', { role: 'table', 'aria-rowcount': items.length + 1 }, [
        h(
          'thead',
          { role: 'rowgroup' },
          h(
            'tr',
            { role: 'row' },
            COLUMNS.map(([name, cls]) => h('th', { role: 'columnheader', class: cls }, name)),
          ),
        ),
        h(
          'tbody',
          { id: ':rows', role: 'rowgroup', class: items.length > MANY ? 'many' : '' },
          items.map((item) => h(ItemRow, { item, linkTo })),
        ),
      ]),
    ),
  ]);
}
