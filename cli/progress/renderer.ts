/** What follows a batch on a screen. The four kinds (tty, plain, json, silent) read the same lines of contract section 9. */
import type { EventLine } from '../../schemas/events.ts';

export interface ProgressRenderer {
  /** Something changed. The renderer decides whether and when it shows. */
  show(line: EventLine): void;
  /** Time passed; called about once a second. Only here, and in `show` and `close`, is anything written. */
  tick(): void;
  /** A sentence between the progress, such as a detach or a retry. */
  say(text: string): void;
  /** Leaves what is drawn as it is: something else writes below it now, and later progress begins anew under that. */
  settle(): void;
  /** Ends all redraws and leaves the last state readable. Calling it twice is harmless. */
  close(): void;
}

export type RendererKind = 'tty' | 'plain' | 'json' | 'silent';

export interface RendererFacts {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly isTerminal: boolean;
  /** TERM=dumb cannot move the cursor; neither can a screen reader follow it, which is what HEADSWAP_PLAIN=1 is for. */
  readonly redraws: boolean;
}

export function chooseRenderer({ json, quiet, isTerminal, redraws }: RendererFacts): RendererKind {
  if (json) return 'json';
  if (quiet) return 'silent';
  return isTerminal && redraws ? 'tty' : 'plain';
}

/** Where a renderer writes, and how it knows the time: real streams and clocks in the program, made ones in tests. */
export interface ProgressPorts {
  write(text: string): void;
  nowMs(): number;
  /** Minutes east of UTC, for timestamps. */
  readonly offsetMinutes: number;
}

export const silentRenderer: ProgressRenderer = { show() {}, tick() {}, say() {}, settle() {}, close() {} };
