/** When things were done, and where the time went. Charts are SVG made here: they print, and need no script. */
import { h, type ComponentChild } from 'preact';
import type { Report } from '../../schemas/report.ts';
import { endsOverTime, slowestItems, STAGES, summarizeStages, type Stage } from '../stage-times.ts';
import { plural, readableDuration, readableTime } from './readable.ts';

const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  analysis: 'analysis',
  wait: 'waiting for a place, pace or credits',
  processing: 'at the vendor',
  download: 'collecting',
};

export function TimeSection({ report }: { report: Report }): ComponentChild {
  const stages = summarizeStages(report.items).filter((stage) => stage.items > 0);
  if (stages.length === 0) return null;
  return h('section', { 'aria-labelledby': ':time' }, [
    h('h2', { id: ':time' }, 'Time'),
    h(Ends, { report }),
    h('div', { class: 'two' }, [
      h('table', { class: 'small' }, [
        h('caption', null, 'Stages'),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['Stage', 'Items', 'Median', 'Longest'].map((name, n) =>
              h('th', { scope: 'col', class: n === 0 ? '' : 'c-num' }, name),
            ),
          ),
        ),
        h(
          'tbody',
          null,
          stages.map((one) =>
            h('tr', null, [
              h('th', { scope: 'row' }, [h('i', { class: `key ${one.stage}` }), STAGE_WORDS[one.stage]]),
              h('td', { class: 'c-num' }, String(one.items)),
              h('td', { class: 'c-num' }, readableDuration(one.medianMs)),
              h('td', { class: 'c-num' }, readableDuration(one.longestMs)),
            ]),
          ),
        ),
      ]),
      h(Slowest, { report }),
    ]),
  ]);
}

const CHART = { width: 1000, height: 90, buckets: 80 } as const;

function Ends({ report }: { report: Report }): ComponentChild {
  const { buckets, stretchMs } = endsOverTime(report.items, CHART.buckets);
  const most = buckets.reduce((max, one) => Math.max(max, one.done + one.failed), 0);
  const first = buckets[0];
  if (first === undefined || most === 0) return null;
  const step = CHART.width / CHART.buckets;
  const bars = buckets.flatMap((one, n) => {
    const done = (one.done / most) * CHART.height;
    const failed = (one.failed / most) * CHART.height;
    const at = { x: (n * step + 1).toFixed(1), width: (step - 2).toFixed(1) };
    return [
      one.done === 0
        ? null
        : h('rect', { class: 'good', ...at, y: (CHART.height - done).toFixed(1), height: done.toFixed(1) }),
      one.failed === 0
        ? null
        : h('rect', { class: 'bad', ...at, y: (CHART.height - done - failed).toFixed(1), height: failed.toFixed(1) }),
    ];
  });
  const end = new Date(first.fromMs + stretchMs * CHART.buckets).toISOString();
  const label = `Items ended over time, at most ${most} in ${readableDuration(stretchMs)}`;
  return h('figure', { class: 'ends' }, [
    h(
      'svg',
      { viewBox: `0 0 ${CHART.width} ${CHART.height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
      bars,
    ),
    h('figcaption', null, [
      h('span', null, readableTime(new Date(first.fromMs).toISOString())),
      h('span', null, label),
      h('span', null, readableTime(end)),
    ]),
  ]);
}

function Slowest({ report }: { report: Report }): ComponentChild {
  const slowest = slowestItems(report.items, 10);
  const longest = slowest[0]?.workMs ?? 0;
  if (longest === 0) return null;
  return h('table', { class: 'small' }, [
    h('caption', null, `Slowest ${plural(slowest.length, 'item')}, waiting left out`),
    h(
      'thead',
      null,
      h('tr', null, [
        h('th', { scope: 'col' }, 'Item'),
        h('th', { scope: 'col' }, 'Where'),
        h('th', { scope: 'col', class: 'c-num' }, 'Took'),
      ]),
    ),
    h(
      'tbody',
      null,
      slowest.map(({ item, times, workMs }) => {
        let x = 0;
        const parts = STAGES.filter((stage) => stage !== 'wait' && times[stage] > 0).map((stage) => {
          const width = (times[stage] / longest) * 200;
          const part = h('rect', { class: stage, x: x.toFixed(1), y: 0, width: width.toFixed(1), height: 8 });
          x += width;
          return part;
        });
        const label = STAGES.filter((stage) => stage !== 'wait')
          .map((stage) => `${STAGE_WORDS[stage]} ${readableDuration(times[stage])}`)
          .join(', ');
        return h('tr', null, [
          h('th', { scope: 'row' }, h('a', { href: `#${encodeURIComponent(item.id)}` }, item.id)),
          h(
            'td',
            null,
            h(
              'svg',
              { class: 'slow', viewBox: '0 0 200 8', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
              parts,
            ),
          ),
          h('td', { class: 'c-num' }, readableDuration(workMs)),
        ]);
      }),
    ),
  ]);
}
