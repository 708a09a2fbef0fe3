/** The contact sheet: who gets which face, by eye, on one page that needs nothing but itself. */
import { createHash } from 'node:crypto';
import { h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { PickFace, PickItem, PickPerson, PicksFacts } from './picks-facts.ts';
import { SHEET_SCRIPT } from './sheet-script.ts';
import { SHEET_NOSCRIPT, SHEET_STYLE } from './sheet-style.ts';

const hashSource = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const FILTERS = ['all', 'open', 'suggested', 'conflicts'] as const;

const KEYS: readonly (readonly [string, string])[] = [
  ['arrows', 'to another person (left, right) or video (up, down)'],
  ['first letter', 'this face; again for the next face that begins so'],
  ['1 to 9', 'face by its number'],
  ['K', 'keep this person as is'],
  ['Backspace or 0', 'not sure: no choice'],
  ['S', 'same cast as the video before, as a suggestion'],
  ['=', 'suggest this cast for every open video with as many people'],
  ['Enter', 'confirm the suggestions of this video and go on'],
  ['N', 'next open person'],
  ['Shift and letter', 'a face whose first letter is K, S or N'],
  ['Ctrl and Enter', 'download picks.csv'],
  ['?', 'these keys'],
];

export function picksSheet(facts: PicksFacts): string {
  const style = `${SHEET_STYLE}\n${faceStyle(facts.faces)}`;
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src ${hashSource(style)} ${hashSource(SHEET_NOSCRIPT)}`,
    `script-src ${hashSource(SHEET_SCRIPT)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const body = renderToString(
    h('body', null, [
      h('header', null, [
        h('h1', null, `Who gets which face: ${facts.batch}`),
        h(Tools, { facts }),
        h('p', { id: ':say', class: 'soft', role: 'status', 'aria-live': 'polite' }, ''),
        h('div', { id: ':copybox', hidden: true }, [
          h('textarea', { id: ':text', 'aria-label': 'picks.csv as text', readOnly: true, spellcheck: false }),
        ]),
      ]),
      h('main', null, [
        facts.items.length === 0 ? h('p', null, 'Nothing waits for a choice.') : null,
        ...facts.items.map((item, n) => h(Video, { item, n, faces: facts.faces })),
      ]),
      h(Help, null),
    ]),
  );
  const data = {
    batch: facts.batch,
    most: facts.most,
    require: facts.consentRequired,
    faces: facts.faces.map(({ name, consent, consentText }) => ({ name, consent, consentText })),
    items: facts.items.map(({ id, check, people }) => ({
      id,
      check,
      people: people.map(({ person, suggestion, face }) => ({ person, suggestion, face })),
    })),
  };
  const title = renderToString(h('title', null, `Picks: ${facts.batch}`));
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `${title}<style>${style}</style><noscript><style>${SHEET_NOSCRIPT}</style></noscript></head>`,
    body.replace(/<\/body>$/, ''),
    `<script type="application/json" id=":data">${JSON.stringify(data).replaceAll('<', '\\u003c')}</script>`,
    `<script>${SHEET_SCRIPT}</script></body></html>\n`,
  ].join('\n');
}

/** Each face's picture once, however often it is offered. */
function faceStyle(faces: readonly PickFace[]): string {
  return faces
    .flatMap(({ picture }, n) => (picture === null ? [] : [`.f${n}{background-image:url(${picture})}`]))
    .join('\n');
}

function Tools({ facts }: { readonly facts: PicksFacts }) {
  const total = facts.items.length;
  return h('div', { class: 'tools' }, [
    h('span', { id: ':count' }, `0 of ${total} videos decided`),
    h('progress', { id: ':bar', max: Math.max(1, total), value: 0, 'aria-label': 'videos decided' }),
    ...FILTERS.map((name) =>
      h('button', { type: 'button', 'data-filter': name, 'aria-pressed': name === 'all' ? 'true' : 'false' }, name),
    ),
    h('button', { type: 'button', id: ':download' }, 'Download picks.csv'),
    h('button', { type: 'button', id: ':copy' }, 'Copy'),
    h('button', { type: 'button', id: ':print' }, 'Print'),
    h('button', { type: 'button', id: ':keys' }, 'Keys (?)'),
  ]);
}

function Video({
  item,
  n,
  faces,
}: {
  readonly item: PickItem;
  readonly n: number;
  readonly faces: readonly PickFace[];
}) {
  return h('section', { class: 'video', id: `v${n}`, 'aria-labelledby': `v${n}h`, 'data-state': 'open' }, [
    h('div', { class: 'head' }, [
      h('h2', { id: `v${n}h` }, item.id),
      h('span', { class: 'status', id: `v${n}s` }, 'open'),
      item.note === null ? null : h('span', { class: 'soft' }, item.note),
    ]),
    h('p', { class: 'why' }, `${item.video} (analysis ${item.check})`),
    h(
      'div',
      { class: 'people' },
      item.people.map((person, k) => h(Person, { item, person, id: `v${n}p${k}`, first: n === 0 && k === 0, faces })),
    ),
    h('p', { class: 'acts' }, [
      h('button', { type: 'button', 'data-same': n, tabIndex: -1 }, 'Same cast as the video before'),
      ' ',
      h('button', { type: 'button', 'data-confirm': n, tabIndex: -1 }, 'Confirm'),
    ]),
  ]);
}

interface PersonProps {
  readonly item: PickItem;
  readonly person: PickPerson;
  readonly id: string;
  readonly first: boolean;
  readonly faces: readonly PickFace[];
}

function Person({ item, person, id, first, faces }: PersonProps) {
  const name = `person ${person.person}`;
  const alt = `${name} in ${item.id}`;
  const tabIndex = first ? 0 : -1;
  return h('div', { class: 'person', id, role: 'group', tabIndex, 'aria-labelledby': `${id}w ${id}c` }, [
    person.preview === null
      ? h('div', { class: 'none' }, `no picture of ${name}`)
      : h('img', { src: person.preview, alt, width: 112, height: 112 }),
    h('p', { class: 'who', id: `${id}w` }, name),
    h('p', { class: 'soft', id: `${id}c` }, 'not decided'),
    h('div', { class: 'faces' }, [
      ...faces.map((face, n) =>
        h('button', { type: 'button', 'data-face': face.name, 'aria-pressed': 'false', tabIndex }, [
          h('span', { class: face.picture === null ? 'thumb' : `thumb f${n}`, 'aria-hidden': 'true' }),
          n < 9 ? `${n + 1} ${face.name} ` : `${face.name} `,
          h('span', { class: `badge ${face.consent}` }, face.consentText),
        ]),
      ),
      h('button', { type: 'button', class: 'word', 'data-face': 'keep', 'aria-pressed': 'false', tabIndex }, 'keep'),
      h('button', { type: 'button', class: 'word', 'data-face': '', 'aria-pressed': 'false', tabIndex }, 'not sure'),
    ]),
  ]);
}

function Help() {
  return h('dialog', { id: ':help', 'aria-labelledby': ':helph' }, [
    h('h2', { id: ':helph' }, 'Keys'),
    h(
      'dl',
      null,
      KEYS.flatMap(([key, does]) => [h('dt', null, key), h('dd', null, does)]),
    ),
    h('p', { class: 'soft' }, 'Choices stay in this browser until they are downloaded. The page spends nothing.'),
    h('form', { method: 'dialog' }, h('button', null, 'Close')),
  ]);
}
