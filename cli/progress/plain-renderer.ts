/**
 * Progress where nothing may be redrawn (a file, a pipe, CI, a dumb terminal): whole lines, the time first in each. Up to 50
 * items every change has its line; above that one line sums up 30 seconds, and only what needs a person comes at once.
 */
import type { EventLine, EventLineOf } from '../../schemas/events.ts';
import { amount, span, stamp } from '../numbers-in-words.ts';
import { printable } from '../printable.ts';
import type { ProgressPorts, ProgressRenderer } from './renderer.ts';
import { emptySnapshot, fold, runningOf, type Snapshot } from './snapshot.ts';

export const EVERY_CHANGE_UP_TO_ITEMS = 50;
const SUM_UP_GAP_MS = 30_000;

export function plainRenderer(ports: ProgressPorts): ProgressRenderer {
  let snapshot = emptySnapshot;
  let summedUpAtMs = ports.nowMs();
  let unsaid = false;

  const write = (text: string) => ports.write(`${stamp(ports.nowMs(), ports.offsetMinutes)} ${text}\n`);
  const sumUp = () => {
    const text = sumUpText(snapshot);
    if (text !== null) write(text);
    summedUpAtMs = ports.nowMs();
    unsaid = false;
  };

  return {
    show(line: EventLine) {
      const isFirst = snapshot.totals === null && line.type === 'progress';
      snapshot = fold(snapshot, line);
      const items = snapshot.totals?.items ?? 0;
      const text = changeText(line, items);
      if (text !== null) write(text);
      if (isFirst) sumUp();
      else if (line.type === 'progress' || line.type === 'item') unsaid = true;
    },
    tick() {
      if (unsaid && ports.nowMs() - summedUpAtMs >= SUM_UP_GAP_MS) sumUp();
    },
    say: (text) => write(text),
    settle() {
      if (unsaid) sumUp();
    },
    close() {
      if (unsaid) sumUp();
    },
  };
}

/** What one line has to say by itself; null for what only the sums tell. */
export function changeText(line: EventLine, items: number): string | null {
  switch (line.type) {
    case 'item':
      return items > EVERY_CHANGE_UP_TO_ITEMS && line.state !== 'uncertain' ? null : itemText(line);
    case 'gate':
      return line.state === 'closed'
        ? `gate closed: ${line.name}: ${printable(line.reason)}; reopens: ${printable(line.reopens)}`
        : `gate open again: ${line.name}`;
    case 'pace':
      return items > EVERY_CHANGE_UP_TO_ITEMS ? null : paceText(line);
    case 'error':
      return `error ${line.code}: ${printable(line.message)} Next: ${printable(line.next)}`;
    // The plan was printed in full before.
    case 'plan':
    case 'progress':
    case 'summary':
      return null;
    default:
      return line satisfies never;
  }
}

function itemText(line: EventLineOf<'item'>): string {
  const charged = line.charged > 0 ? ` charged=${amount(line.charged)}` : '';
  const file = line.file === null ? '' : ` file=${printable(line.file)}`;
  const reason = line.reason === null ? '' : ` ${line.reason.code}: ${printable(line.reason.message)}`;
  return `item ${printable(line.id)} ${line.state}${charged}${file}${reason}`;
}

function paceText(line: EventLineOf<'pace'>): string {
  const rate = line.per_second === null ? '' : ` ${amount(line.per_second)}/s`;
  const open = line.open === null ? '' : ` at most ${amount(line.open)} open`;
  return `pace ${line.kind}${rate}${open}: ${printable(line.reason)}`;
}

function sumUpText({ totals, credits, secondsLeft }: Snapshot): string | null {
  if (totals === null) return null;
  const counts = (['waiting', 'uncertain', 'failed', 'skipped', 'cancelled'] as const).map(
    (key) => `${key}=${totals[key]}`,
  );
  const spent = credits === null ? [] : [`spent=${credits.charged}`];
  const left = secondsLeft === null ? [] : [`left=${span(secondsLeft).replaceAll(' ', '')}`];
  return [
    'progress',
    `done=${totals.done}/${totals.items}`,
    `running=${runningOf(totals)}`,
    ...counts,
    ...spent,
    ...left,
  ].join(' ');
}
