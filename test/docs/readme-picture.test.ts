import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noPaint } from '../../cli/paint.ts';
import { emptySnapshot, type Snapshot } from '../../cli/progress/snapshot.ts';
import { terminalLines } from '../../cli/progress/terminal-lines.ts';
import { ITEM_STATES } from '../../schemas/states.ts';
import { ROOT } from './pages.ts';

it('shows in the README what the program shows', () => {
  const states = { done: 31, processing: 10, ready: 15 } as const;
  const none = Object.fromEntries(ITEM_STATES.map((state) => [state, 0]));
  const snapshot: Snapshot = {
    ...emptySnapshot,
    batch: 'spring',
    totals: {
      ...{ items: 56, done: 31, failed: 0, skipped: 0, cancelled: 0, waiting: 0, uncertain: 0, pending: 25 },
      by_state: { ...none, ...states } as NonNullable<Snapshot['totals']>['by_state'],
    },
    credits: {
      ...{ estimated: 705, budget: 1_200, held: 0, charged: 330, unexplained: null },
      ...{ balance_before: null, balance_after: null },
    },
    secondsLeft: 540,
  };
  const shape = { columns: 80, paint: noPaint, unicode: true, nowMs: 0, offsetMinutes: 0 };
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(terminalLines(snapshot, shape).join('\n'));
});
