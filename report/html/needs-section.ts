/** What waits for a person, with the exact command for each. */
import { h, type ComponentChild } from 'preact';
import type { Report, ReportItem } from '../../schemas/report.ts';
import type { NeedKind } from '../needs-you.ts';
import { plural } from './readable.ts';

const SHOWN = 5;

/** Title, what it means for the money, and which items it is about. */
const KINDS: Partial<Record<NeedKind, { title: string; says: string; mine: (item: ReportItem) => boolean }>> = {
  uncertain: {
    title: 'uncertain',
    says: 'The task was sent and its answer was lost: it may or may not have been charged. It is not sent again by itself. Look into the vendor console, then settle it with --task-id, --not-created or --pay-again.',
    mine: (item) => item.state === 'uncertain',
  },
  'paid-but-lost': {
    title: 'paid but lost',
    says: 'The task was charged and its output link is gone. Ask the vendor for the file or a refund with the task id; resuming pays for it once more.',
    mine: (item) => item.state === 'failed' && item.reason?.code === 'N102',
  },
  budget: {
    title: 'held by the budget',
    says: 'Nothing was sent for these. They go on with a higher budget.',
    mine: (item) => item.held_by === 'budget' && item.state !== 'needs-pick',
  },
  pick: {
    title: 'waiting for a pick',
    says: 'Analysed, not paid. Write the numbers of the people into the row, then run the manifest again.',
    mine: (item) => item.state === 'needs-pick',
  },
  stalled: {
    title: 'taking much longer than usual',
    says: 'Paid and still watched; collected if they end. Skipping one closes the batch without it, and it is still collected.',
    mine: (item) => item.held_by === 'stalled',
  },
  failed: {
    title: 'failed',
    says: 'The command says for each what a new try would cost and whether it makes sense; it changes nothing yet.',
    mine: (item) => item.state === 'failed' && item.reason?.code !== 'N102',
  },
  'gate-credits': {
    title: 'waiting for credits',
    says: 'The account is out of credits. Top up: the work goes on by itself.',
    mine: () => false,
  },
  'gate-unpaid': {
    title: 'waiting for a payment',
    says: 'The vendor waits for a payment. Pay, then resume.',
    mine: () => false,
  },
  'gate-authorisation': {
    title: 'waiting for a good key',
    says: 'The vendor refused the key. Nothing new is sent; downloads went on.',
    mine: () => false,
  },
  'gate-plan': {
    title: 'not in the plan',
    says: 'The account or its plan does not include this. Nothing was charged for what was refused.',
    mine: () => false,
  },
  'gate-disk': {
    title: 'waiting for disk space',
    says: 'The output folder is full or cannot be written. Free space: the work goes on by itself.',
    mine: () => false,
  },
  'gate-refused-alike': {
    title: 'held: creates were refused alike',
    says: 'The first creates were all refused for one reason and none was charged. Correct the cause, then resume.',
    mine: () => false,
  },
  'gate-pause': {
    title: 'paused',
    says: 'An operator paused the batch. Paid tasks are still collected.',
    mine: () => false,
  },
  'gate-stopped': {
    title: 'stopped',
    says: 'Nothing drives the batch. What was paid is collected when it goes on.',
    mine: () => false,
  },
};

export function NeedsSection({ report }: { report: Report }): ComponentChild {
  const { needs_you: needs } = report;
  return h('section', { class: 'needs', 'aria-labelledby': ':needs' }, [
    h('h2', { id: ':needs' }, 'Needs you'),
    needs.length === 0
      ? h('p', { class: 'calm' }, 'Nothing. Everything that can be done by itself was done.')
      : h(
          'ul',
          { class: 'needlist' },
          needs.map((need) => h(Need, { need, items: report.items })),
        ),
  ]);
}

function Need({ need, items }: { need: Report['needs_you'][number]; items: readonly ReportItem[] }): ComponentChild {
  const kind = KINDS[need.kind as NeedKind];
  const mine = kind === undefined ? [] : items.filter(kind.mine);
  const title = `${plural(need.count, 'item')} ${kind?.title ?? need.kind.replaceAll('-', ' ')}`;
  return h('li', null, [
    h('h3', null, title),
    h('p', null, kind?.says ?? ''),
    h('p', { class: 'cmd' }, [
      h('code', null, need.command),
      h('button', { type: 'button', class: 'copy', hidden: true }, 'Copy'),
    ]),
    mine.length === 0 ? null : h('ul', { class: 'few' }, fewItems(mine)),
  ]);
}

function fewItems(items: readonly ReportItem[]): ComponentChild[] {
  const shown = items
    .slice(0, SHOWN)
    .map((item) =>
      h('li', null, [
        h('a', { href: `#${encodeURIComponent(item.id)}` }, item.id),
        item.reason === null ? '' : ` ${item.reason.message}`,
        item.reason !== null && item.reason.vendor !== '' ? h('q', null, item.reason.vendor) : '',
      ]),
    );
  const rest = items.length - SHOWN;
  return rest > 0 ? [...shown, h('li', { class: 'soft' }, `and ${rest} more, in the list below`)] : shown;
}
