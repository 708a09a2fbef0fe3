/**
 * The contact sheet's one script, as text: it runs in the browser of whoever decides. It keeps choices in the browser's own
 * store and gives them back as a picks file; it asks nobody and spends nothing.
 */
export const SHEET_SCRIPT = `(() => {
'use strict';
const $ = (id) => document.getElementById(id);
const data = JSON.parse($(':data').textContent);
const keep = 'keep';
const videos = data.items.map((item, n) => ({ ...item, n, node: $('v' + n), people: item.people.map((p, k) => ({ ...p, k, key: JSON.stringify([item.id, p.person, item.check]), node: $('v' + n + 'p' + k) })) }));
const people = videos.flatMap((video) => video.people.map((p) => Object.assign(p, { video })));
const byNode = new Map(people.map((p) => [p.node, p]));
const store = 'headswap-picks:' + data.batch;
// key -> [face, confirmed]
const choices = new Map();
let kept = true;
for (const p of people) {
  if (p.face) choices.set(p.key, [p.face, true]);
  else if (p.suggestion) choices.set(p.key, [p.suggestion, false]);
}
try {
  const saved = JSON.parse(localStorage.getItem(store) || '{}');
  for (const p of people) if (Object.hasOwn(saved, p.key)) { if (saved[p.key] === null) choices.delete(p.key); else choices.set(p.key, saved[p.key]); }
} catch { kept = false; }
let current = people[0];
let filter = 'all';

function save() {
  try {
    localStorage.setItem(store, JSON.stringify(Object.fromEntries(people.map((p) => [p.key, choices.get(p.key) || null]))));
  } catch { if (kept) { kept = false; say('This browser keeps nothing: download the file before you close the page.'); } }
}
function stateOf(video) {
  const made = video.people.map((p) => choices.get(p.key));
  if (made.every((c) => c && c[1])) return 'decided';
  return made.some((c) => c && !c[1]) ? 'suggested' : 'open';
}
function conflictOf(video) {
  const names = video.people.map((p) => choices.get(p.key)).filter((c) => c && c[0] !== keep).map((c) => c[0]);
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice) return twice + ' stands for two people';
  if (names.length > data.most) return 'more than ' + data.most + ' people are replaced: keep some';
  for (const name of names) { const face = data.faces.find((f) => f.name === name); if (face && (face.consent === 'ended' || (face.consent === 'missing' && data.require))) return face.name + ': ' + face.consentText; }
  return '';
}
const WORDS = { open: 'open', suggested: 'suggested: Enter confirms', decided: 'decided' };
function show(video) {
  const state = stateOf(video);
  const conflict = conflictOf(video);
  video.node.dataset.state = state;
  video.node.dataset.conflict = conflict ? 'yes' : 'no';
  $('v' + video.n + 's').textContent = WORDS[state] + (conflict ? '. Look again: ' + conflict : '');
  for (const p of video.people) {
    const choice = choices.get(p.key);
    p.node.dataset.state = !choice ? 'open' : choice[1] ? 'decided' : 'suggested';
    for (const button of p.node.querySelectorAll('button')) {
      const on = (choice ? choice[0] : '') === button.dataset.face;
      button.setAttribute('aria-pressed', String(on && (!choice || choice[1])));
      button.classList.toggle('maybe', Boolean(on && choice && !choice[1]));
    }
    $('v' + video.n + 'p' + p.k + 'c').textContent = !choice ? 'not decided' : choice[1] ? choice[0] : choice[0] + '?';
  }
  const hidden = filter === 'conflicts' ? !conflict : filter !== 'all' && state !== filter;
  video.node.hidden = hidden && video !== current.video;
}
function count() {
  const done = videos.filter((video) => stateOf(video) === 'decided').length;
  $(':count').textContent = done + ' of ' + videos.length + (videos.length === 1 ? ' video decided' : ' videos decided');
  $(':bar').value = done;
}
function say(text) { $(':say').textContent = text; }
function go(p, focus = true) {
  if (!p) return;
  for (const one of [current, p]) for (const button of one.node.querySelectorAll('button')) button.tabIndex = one === p ? 0 : -1;
  const before = current.video;
  current.node.tabIndex = -1;
  current = p;
  p.node.tabIndex = 0;
  if (before !== p.video) show(before);
  p.video.node.hidden = false;
  if (focus) p.node.focus();
}
function set(p, face, confirmed = true) {
  if (face === '') choices.delete(p.key);
  else choices.set(p.key, [face, confirmed]);
}
function changed(video) { show(video); count(); save(); }
function nextOpen() {
  const start = people.indexOf(current);
  const at = (n) => people[(start + n) % people.length];
  for (let n = 1; n <= people.length; n++) { const c = choices.get(at(n).key); if (!c || !c[1]) return go(at(n)); }
  say('Every video is decided. Download picks.csv (Ctrl+Enter) and give it back.');
}
function choose(p, face, stay) {
  set(p, face);
  changed(p.video);
  if (!stay && face !== '') nextOpen();
}
function letter(typed) {
  const fit = data.faces.filter((f) => f.name.toLowerCase().startsWith(typed.toLowerCase()));
  if (fit.length === 0) return false;
  const now = choices.get(current.key);
  const at = fit.findIndex((f) => now && f.name === now[0]);
  // Several faces begin so: pressed again it goes to the next of them, so it stays here.
  choose(current, fit[fit.length === 1 ? 0 : (at + 1) % fit.length].name, fit.length > 1);
  if (fit.length > 1) say('person ' + current.person + ': ' + choices.get(current.key)[0] + '. Again for the next such face, N to go on.');
  return true;
}
function castFrom(from, to) {
  if (from.people.length !== to.people.length) return false;
  for (const [k, p] of to.people.entries()) { const c = choices.get(from.people[k].key); if (c) set(p, c[0], false); }
  return true;
}
function samePrevious() {
  const { video } = current;
  const from = videos.slice(0, video.n).findLast((one) => one.people.some((p) => choices.has(p.key)));
  if (!from) return say('No video before this one has a choice.');
  if (!castFrom(from, video)) return say(from.id + ' has ' + from.people.length + ' people, this one ' + video.people.length + ': choose here.');
  changed(video);
  say('Same cast as ' + from.id + ', suggested. Enter confirms.');
}
function sameForAll() {
  const { video } = current;
  let filled = 0;
  for (const other of videos) if (other !== video && stateOf(other) === 'open' && castFrom(video, other)) { filled += 1; show(other); }
  count();
  save();
  say('Cast of ' + video.id + ' suggested for ' + filled + ' open videos with as many people. Enter confirms each.');
}
function confirmVideo() {
  for (const p of current.video.people) { const c = choices.get(p.key); if (c) c[1] = true; }
  changed(current.video);
  nextOpen();
}
function step(by) {
  const seen = people.filter((p) => !p.video.node.hidden);
  go(seen[seen.indexOf(current) + by]);
}
function stepVideo(by) {
  const seen = videos.filter((video) => !video.node.hidden);
  const video = seen[seen.indexOf(current.video) + by];
  if (video) go(video.people[Math.min(current.k, video.people.length - 1)]);
}
const cell = (text) => { const safe = /^'*[=+\\-@\\t\\r\\n|%\\uFF1D\\uFF0B\\uFF0D\\uFF20]/.test(text) ? "'" + text : text; return /[",;\\t\\r\\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe; };
function csv() {
  const lines = people.map((p) => { const c = choices.get(p.key); return [p.video.id, String(p.person), '', c && !c[1] ? c[0] : p.suggestion, c && c[1] ? c[0] : '', p.video.check]; });
  return [['id', 'person', 'preview', 'suggestion', 'face', 'check'], ...lines].map((line) => line.map(cell).join(',')).join('\\r\\n') + '\\r\\n';
}
function download() {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(['\\uFEFF' + csv()], { type: 'text/csv' }));
  link.download = 'picks.csv';
  document.body.append(link);
  link.click();
  link.remove();
  say('picks.csv is downloaded. Give it back with: headswap picks apply ' + data.batch + ' --file picks.csv');
}
async function copy() {
  const box = $(':text');
  box.value = csv();
  $(':copybox').hidden = false;
  box.focus();
  box.select();
  try { await navigator.clipboard.writeText(box.value); say('Copied.'); } catch { say('Press Ctrl+C to copy.'); }
}
function help() { const box = $(':help'); if (box.open) box.close(); else box.showModal(); }

$(':download').addEventListener('click', download);
$(':copy').addEventListener('click', copy);
$(':print').addEventListener('click', () => print());
$(':keys').addEventListener('click', help);
for (const chip of document.querySelectorAll('[data-filter]')) chip.addEventListener('click', () => {
  filter = chip.dataset.filter;
  for (const other of document.querySelectorAll('[data-filter]')) other.setAttribute('aria-pressed', String(other === chip));
  for (const video of videos) show(video);
});
document.querySelector('main').addEventListener('focusin', (event) => {
  const node = event.target.closest('.person');
  if (node && byNode.get(node) !== current) go(byNode.get(node), false);
});
document.querySelector('main').addEventListener('click', (event) => {
  const button = event.target.closest('.person button');
  if (button) choose(byNode.get(button.closest('.person')), button.dataset.face, true);
  const same = event.target.closest('[data-same]');
  if (same) { go(videos[Number(same.dataset.same)].people[0], false); samePrevious(); }
  const yes = event.target.closest('[data-confirm]');
  if (yes) { go(videos[Number(yes.dataset.confirm)].people[0], false); confirmVideo(); }
});
document.addEventListener('keydown', (event) => {
  if (event.isComposing || $(':help').open || !current) return;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return download(); }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('textarea, input, select')) return;
  const inButton = event.target.closest('button, a');
  let did = true;
  const digit = /^[1-9]$/.test(event.key) ? data.faces[Number(event.key) - 1] : undefined;
  if (event.key === '?') help();
  else if (event.key === 'ArrowRight') step(1);
  else if (event.key === 'ArrowLeft') step(-1);
  else if (event.key === 'ArrowDown') stepVideo(1);
  else if (event.key === 'ArrowUp') stepVideo(-1);
  else if (event.key === 'Enter' && !inButton) confirmVideo();
  else if (event.key === 'Backspace' || event.key === '0') choose(current, '', true);
  else if (event.key === '=') sameForAll();
  else if (digit) choose(current, digit.name);
  else if (event.key === 'k') choose(current, keep);
  else if (event.key === 's') samePrevious();
  else if (event.key === 'n') nextOpen();
  else if (/^[\\p{L}]$/u.test(event.key)) did = letter(event.key);
  else did = false;
  if (did) event.preventDefault();
});
for (const video of videos) show(video);
count();
if (current) { go(current, false); if (!kept) say('This browser keeps nothing: download the file before you close the page.'); }
})();`;
