/** The top of the page: which batch, how it stands, in one sentence and one bar. */
import { h, type ComponentChild } from 'preact';
import type { Report } from '../../schemas/report.ts';
import { ENDED_ITEM_STATES, OPEN_ITEM_STATES } from '../../schemas/states.ts';
import { plural, readableCredits, readableDuration, readableTime } from './readable.ts';
import { STATE_WORDS, type Tone } from './state-words.ts';

export function Summary({ report }: { report: Report }): ComponentChild {
  const { batch } = report;
  const end = batch.finished_at ?? report.generated_at;
  const duration = readableDuration(Date.parse(end) - Date.parse(batch.created_at));
  return h('header', { class: 'top' }, [
    h('div', { class: 'title' }, [
      h('p', { class: 'over' }, 'Head-swap report'),
      h('h1', null, batch.name),
      h('span', { class: `pill ${batchTone(batch.state)}` }, batch.state),
    ]),
    h('p', { class: 'headline' }, headlineParts(report)),
    h(StateBar, { report }),
    h('p', { class: 'soft' }, [
      [batch.project, `account ${batch.account}`, `by ${batch.operator}`].filter((text) => text !== '').join(' · '),
      ' · ',
      h('time', { dateTime: batch.created_at }, readableTime(batch.created_at)),
      ` · ${batch.finished_at === null ? `open for ${duration}` : `took ${duration}`}`,
      batch.rounds > 1 ? ` · ${batch.rounds} rounds` : '',
    ]),
  ]);
}

function batchTone(state: Report['batch']['state']): Tone {
  if (state === 'finished') return 'good';
  if (state === 'running') return 'open';
  return state === 'cancelled' ? 'quiet' : 'wait';
}

/** The sentence of `headlineOf`, with its figures marked. A promise kept is said as calmly as it should be. */
function headlineParts({ totals, checks, credits }: Report): ComponentChild[] {
  const figure = (count: number, word: string, tone: Tone | 'plain') =>
    h('span', { class: `fig ${count === 0 ? 'zero' : tone}` }, [
      h('b', null, count.toLocaleString('en-GB')),
      ` ${word}`,
    ]);
  const optional = [
    [totals.skipped, 'skipped', 'quiet'],
    [totals.cancelled, 'cancelled', 'quiet'],
    [totals.waiting, 'waiting', 'wait'],
    [totals.pending, 'still open', 'open'],
  ] as const;
  const figures = [
    figure(totals.done, 'done', 'good'),
    figure(totals.failed, 'failed', 'bad'),
    ...optional.filter(([count]) => count > 0).map(([count, word, tone]) => figure(count, word, tone)),
    figure(checks.lost, 'lost', 'bad'),
    figure(checks.paid_twice, 'paid twice', 'bad'),
    figure(totals.uncertain, 'uncertain', 'unsure'),
  ];
  const spent = h('span', { class: 'fig' }, [
    'spent ',
    h('b', null, readableCredits(credits.charged)),
    credits.estimated === null ? ' credits' : ` of ${readableCredits(credits.estimated)} estimated`,
  ]);
  return [...figures.flatMap((part, index) => (index === 0 ? [part] : [', ', part])), '; ', spent];
}

/** Ends first, then what needs somebody, then what is on its way. */
const BAR_ORDER = [...ENDED_ITEM_STATES, 'uncertain', 'needs-pick', ...OPEN_ITEM_STATES.toReversed()] as const;
const BAR = { width: 1000, height: 12, gap: 2 } as const;

/** Presentation attributes, not styles: the page's policy allows no inline style. */
function StateBar({ report }: { report: Report }): ComponentChild {
  const { totals } = report;
  if (totals.items === 0) return null;
  const present = [...new Set(BAR_ORDER)].filter((state) => totals.by_state[state] > 0);
  const room = BAR.width - BAR.gap * (present.length - 1);
  // A single failed item among thousands must stay visible.
  const raw = present.map((state) => Math.max(6, (room * totals.by_state[state]) / totals.items));
  const scale = room / raw.reduce((a, b) => a + b, 0);
  let x = 0;
  const parts = present.map((state, index) => {
    const width = (raw[index] ?? 0) * scale;
    const part = h('rect', {
      class: STATE_WORDS[state].tone,
      x: x.toFixed(1),
      y: 0,
      width: width.toFixed(1),
      height: BAR.height,
    });
    x += width + BAR.gap;
    return part;
  });
  const label = present.map((state) => `${totals.by_state[state]} ${STATE_WORDS[state].word}`).join(', ');
  return h(
    'svg',
    {
      class: 'bar',
      viewBox: `0 0 ${BAR.width} ${BAR.height}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': `${plural(totals.items, 'item')}: ${label}`,
    },
    parts,
  );
}
