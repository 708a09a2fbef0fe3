/** Help that leads with what people type, and the daily verbs that a bare `headswap` prints. */
import { COMMANDS, type CommandEntry } from './command-table.ts';

/** One example: what to type, and what for. */
export type Example = readonly [typed: string, why: string];

/** Two examples above the usage, for `addHelpText('before', ...)`. */
export function examples(first: Example, second: Example): string {
  const width = Math.max(first[0].length, second[0].length);
  const line = ([typed, why]: Example) => `  $ ${typed.padEnd(width)}   # ${why}`;
  return `${line(first)}\n${line(second)}\n`;
}

const entryLine = (entry: CommandEntry) => `  ${entry.name.padEnd(11)} ${entry.summary}`;

/** What a bare `headswap` prints. */
export function overview(): string {
  const daily = COMMANDS.filter((entry) => entry.group === 'Daily').map(entryLine);
  return [
    'headswap: batches of paid head-swap tasks; nothing paid twice, no row lost.',
    '',
    ...daily,
    '',
    'New here:  headswap demo       the whole flow, no key, no money',
    'Then:      headswap init       a manifest to fill in',
    'All:       headswap --help     every command and flag',
  ].join('\n');
}
