/**
 * Progress on a terminal: three lines at most, redrawn at most once a second. Each redraw is one write between the marks of
 * synchronized output (mode 2026, ignored where unknown), so that it never flickers half-drawn.
 */
import type { EventLine } from '../../schemas/events.ts';
import type { Paint } from '../paint.ts';
import type { ProgressPorts, ProgressRenderer } from './renderer.ts';
import { emptySnapshot, fold } from './snapshot.ts';
import { terminalLines } from './terminal-lines.ts';

const BEGIN = '\u001B[?2026h';
const END = '\u001B[?2026l';
const CLEAR_DOWN = '\u001B[0J';
const REDRAW_GAP_MS = 1_000;

export interface TtyPorts extends ProgressPorts {
  /** Asked at every redraw, because windows are resized. */
  columns(): number;
  readonly paint: Paint;
  readonly unicode: boolean;
}

export function ttyRenderer(ports: TtyPorts): ProgressRenderer {
  let snapshot = emptySnapshot;
  let drawn: readonly string[] = [];
  let drawnAtMs = Number.NEGATIVE_INFINITY;
  let stale = false;
  let closed = false;

  const home = () => (drawn.length === 0 ? '' : `\u001B[${drawn.length}A\r`);
  const linesNow = () =>
    terminalLines(snapshot, {
      columns: ports.columns(),
      paint: ports.paint,
      unicode: ports.unicode,
      nowMs: ports.nowMs(),
      offsetMinutes: ports.offsetMinutes,
    });
  const draw = (above = '') => {
    const lines = linesNow();
    ports.write(`${BEGIN}${home()}${CLEAR_DOWN}${above}${lines.map((line) => `${line}\n`).join('')}${END}`);
    drawn = lines;
    drawnAtMs = ports.nowMs();
    stale = false;
  };
  const drawIfDue = () => {
    if (!closed && stale && ports.nowMs() - drawnAtMs >= REDRAW_GAP_MS) draw();
  };

  return {
    show(line: EventLine) {
      snapshot = fold(snapshot, line);
      // Until the first sums there is nothing to draw, and a question may stand there.
      stale = snapshot.totals !== null;
      drawIfDue();
    },
    tick: drawIfDue,
    say(text) {
      if (closed || drawn.length === 0) ports.write(`${text}\n`);
      else draw(`${text}\n`);
    },
    settle() {
      if (stale) draw();
      drawn = [];
    },
    close() {
      if (closed) return;
      if (stale) draw();
      closed = true;
    },
  };
}
