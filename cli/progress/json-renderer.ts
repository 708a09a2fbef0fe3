/** Progress as JSON lines (contract section 9): the lines themselves, and the promise that a summary is the last of them. */
import type { EventLine } from '../../schemas/events.ts';
import type { ProgressRenderer } from './renderer.ts';

export function jsonRenderer(write: (text: string) => void): ProgressRenderer {
  let ended = false;
  return {
    show(line: EventLine) {
      // Whoever reads until the summary has gone by now; a line after it would be read as the next run's.
      if (ended) return;
      ended = line.type === 'summary';
      write(`${JSON.stringify(line)}\n`);
    },
    tick() {},
    say() {},
    settle() {},
    close() {},
  };
}
