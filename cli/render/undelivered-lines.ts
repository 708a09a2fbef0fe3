/** Messages that did not reach their receivers, for `status`. Pure. */
import type { StatusNotice } from '../../operations/status.ts';
import { clockTime, counted } from '../numbers-in-words.ts';
import { printable } from '../printable.ts';
import type { StatusShape } from './status-lines.ts';

const SHOWN = 5;

export function undeliveredLines(
  notices: readonly StatusNotice[],
  { paint, nowMs, offsetMinutes }: StatusShape,
): string[] {
  if (notices.length === 0) return [];
  const head = `${counted(notices.length, 'notification')} did not arrive; the work does not depend on them.`;
  return [
    '',
    `${paint('warn', head)} \`headswap doctor --notify\` sends a sample.`,
    ...notices.slice(0, SHOWN).map((notice) => {
      const time = clockTime(Date.parse(notice.since), nowMs, offsetMinutes);
      const state = notice.given_up ? 'given up' : `${counted(notice.tries, 'try', 'tries')} so far`;
      return `  ${time} ${printable(notice.batch)}, ${notice.event}, to ${printable(notice.receiver)}: ${printable(notice.error)} (${state})`;
    }),
  ];
}
