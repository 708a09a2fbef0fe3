/**
 * The page's one script, as text: it runs in the reader's browser. It builds elements, never markup, so that no text of a
 * manifest or of the vendor can become code; and it makes players and pictures only when an item is opened.
 */
export const PAGE_SCRIPT = `(() => {
'use strict';
const $ = (id) => document.getElementById(id);
const data = JSON.parse($(':data').textContent);
const body = $(':rows');
const rows = [...body.rows];
const details = new Map(rows.map((row, n) => [row.id, data[n]]));
const place = new Map(rows.map((row, n) => [row, n]));

function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) if (value !== undefined && value !== null) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== ''));
  return node;
}
// Commands stand between backquotes.
const prose = (text) => text.split('\`').map((part, n) => (n % 2 === 1 ? el('code', {}, part) : part));
const out = (href, text) => (href ? el('a', { href, rel: 'noreferrer noopener' }, text) : undefined);
const num = (value) => (value === undefined ? 'unknown' : value.toLocaleString('en-GB', { maximumFractionDigits: 2 }));
const time = (ms) => new Date(ms).toISOString().replace('T', ' ').slice(0, 19) + ' UTC';
const facts = (pairs) => el('dl', { class: 'facts' }, ...pairs.filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
const picture = (one, alt, none) => (one && one.pic ? el('img', { src: one.pic, alt, width: 84, height: 84 }) : el('span', { class: 'ph' }, (one && out(one.url, none)) || none));

function player(id, item) {
  if (!item.play) return el('p', { class: 'none' }, item.out ? 'The file is kept elsewhere: ' + (item.out.file || 'only at the vendor') : 'No output');
  // Only for an opened item: its first picture and length are read, from beside the page.
  return el('video', { preload: 'metadata', controls: '', playsinline: '', 'aria-label': 'Output of ' + id, src: item.play });
}
function swaps(id, item) {
  const people = item.people || [];
  const map = item.map || [];
  const ids = [...new Set([...people.map((p) => p.id), ...map.map((m) => m.id)])].sort((a, b) => a - b);
  if (ids.length === 0) return [];
  return [el('h4', {}, 'People'), el('div', { class: 'swaps' }, ...ids.map((n) => {
    const person = people.find((p) => p.id === n);
    const face = map.find((m) => m.id === n);
    const who = 'person ' + n;
    const consent = face && [face.consent && 'consent ' + face.consent, face.until && 'until ' + face.until].filter(Boolean).join(', ');
    return el('figure', {},
      picture(person, who + ' in ' + id + (face ? ', assigned to ' + face.face : ', kept as is'), who),
      face ? '\\u2192' : undefined,
      face ? picture(face, 'face ' + face.face, 'face') : undefined,
      el('figcaption', {}, who + (face ? ' becomes ' + face.face : ' stays as is'), consent ? el('small', {}, consent) : undefined));
  }))];
}
function tries(item) {
  if (!item.tries) return [];
  const lines = item.tries.flatMap((t) => [
    [t.n, t.state + (t.by ? ', asked for by ' + t.by : ''), t.task || 'none', num(t.held), num(t.charged)],
    ...(t.lost ? [['', t.lost, '', '', '']] : []),
    ...(t.orphans || []).map((o) => ['', 'found later', o.task, '', num(o.charged)]),
  ]);
  return [el('h4', {}, 'Attempts'), el('table', {},
    el('thead', {}, el('tr', {}, ...['No', 'State', 'Task', 'Held', 'Charged'].map((name) => el('th', { scope: 'col' }, name)))),
    el('tbody', {}, ...lines.map((cells) => el('tr', {}, ...cells.map((cell) => el('td', {}, String(cell)))))))];
}
function times(item) {
  if (!item.times) return [];
  const first = item.times[0][1];
  return [el('h4', {}, 'Timeline'), facts(item.times.map(([what, at]) => [what, time(at) + (at > first ? ' (+' + Math.round((at - first) / 100) / 10 + ' s)' : '')]))];
}
function detailRow(row) {
  const item = details.get(row.id);
  const output = item.out || {};
  const left = el('div', {}, player(row.id, item), ...swaps(row.id, item));
  const right = el('div', {},
    item.vendor ? el('h4', {}, 'The vendor says') : undefined, item.vendor ? el('q', {}, item.vendor) : undefined,
    item.next ? el('h4', {}, 'Next') : undefined, item.next ? el('p', {}, ...prose(item.next)) : undefined,
    el('h4', {}, 'Facts'),
    facts([['Source', out(item.src, 'source video') || item.video], ['Row', item.row], ['Project', item.project], ['People found', item.found === undefined ? '' : String(item.found)],
      ['Resolution', item.res], ...Object.entries(item.x || {}), ['Reused from', item.reused], ['Size', output.size],
      ['sha256', output.sha], ['Vendor link', out(output.url, 'as collected; it ends soon after')]]),
    ...tries(item), ...times(item));
  const cell = el('td', { role: 'cell', 'aria-colspan': 6 }, el('div', { class: 'det' }, left, right));
  return el('tr', { class: 'more', role: 'row', id: ':more:' + row.id }, cell);
}
function toggle(row, open) {
  const button = row.querySelector('.tog');
  const next = row.nextElementSibling;
  const shown = next !== null && next.className === 'more';
  if (open === shown) return;
  if (shown) next.remove();
  else row.after(detailRow(row));
  button.setAttribute('aria-expanded', String(!shown));
}

body.addEventListener('click', (event) => {
  const button = event.target.closest('.tog');
  if (button) toggle(button.closest('tr'));
});

let state = '';
let words = [];
let haystacks = null;
function text(row) {
  haystacks ||= new Map();
  if (!haystacks.has(row)) haystacks.set(row, (row.textContent + ' ' + JSON.stringify(details.get(row.id))).toLowerCase());
  return haystacks.get(row);
}
function filter() {
  let shown = 0;
  for (const row of rows) {
    const fits = (state === '' || row.dataset.s === state) && words.every((word) => text(row).includes(word));
    row.hidden = !fits;
    const more = row.nextElementSibling;
    if (more && more.className === 'more') more.hidden = !fits;
    if (fits) shown += 1;
  }
  $(':n').textContent = shown === rows.length ? shown.toLocaleString('en-GB') + ' items' : shown.toLocaleString('en-GB') + ' of ' + rows.length.toLocaleString('en-GB') + ' items';
}
const chips = [...document.querySelectorAll('.chips button')];
function choose(next) {
  state = next;
  for (const chip of chips) chip.setAttribute('aria-pressed', String(chip.dataset.s === state));
  filter();
}
for (const chip of chips) chip.addEventListener('click', () => choose(chip.dataset.s));
$(':q').addEventListener('input', (event) => {
  words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  filter();
});
const compare = {
  sheet: () => 0,
  id: (a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }),
  state: (a, b) => a.dataset.s.localeCompare(b.dataset.s),
  credits: (a, b) => b.dataset.c - a.dataset.c,
  seconds: (a, b) => b.dataset.t - a.dataset.t,
};
$(':o').addEventListener('change', (event) => {
  const by = compare[event.target.value];
  for (const row of rows) toggle(row, false);
  rows.sort((a, b) => by(a, b) || place.get(a) - place.get(b));
  body.append(...rows);
});

function reveal() {
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id); } catch { /* a stray percent sign is taken as written */ }
  const row = $(id);
  if (!row || !details.has(id)) return;
  if (row.hidden) { $(':q').value = ''; words = []; choose(''); }
  toggle(row, true);
  row.scrollIntoView({ block: 'start' });
  row.querySelector('.tog').focus({ preventScroll: true });
}
addEventListener('hashchange', reveal);
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link && link.getAttribute('href') === location.hash) reveal();
});
for (const copy of document.querySelectorAll('.copy')) {
  if (!navigator.clipboard) continue;
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(copy.previousElementSibling.textContent);
    copy.textContent = 'Copied';
    setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
  });
}
// After the browser's own jump to the anchor, which takes the focus away.
addEventListener('load', () => setTimeout(reveal));
})();`;
