/**
 * The one way from operations to a screen while something is followed: numbers the lines, hands them to the renderer, and
 * keeps what a last word needs: the newest sums, and which creates are being sent.
 */
import type { FollowLine, FollowResult } from '../../operations/follow-batch.ts';
import type { Plan } from '../../operations/plan-batch.ts';
import type { ExitCode } from '../../schemas/exit-codes.ts';
import type { EventLine, EventLineOf } from '../../schemas/events.ts';
import type { ReportCredits } from '../../schemas/report.ts';
import { totalsOf } from '../../schemas/totals.ts';
import type { ErrorDescription } from '../errors/description.ts';
import type { ProgressRenderer } from './renderer.ts';
import { emptySnapshot, fold } from './snapshot.ts';

export interface LineStream {
  add(line: FollowLine): void;
  plan(plan: Pick<Plan, 'batch' | 'counts' | 'credits'>): void;
  /** Errors of a manifest come as one line each, the error itself after them. */
  error(error: ErrorDescription): void;
  /** The last line. `result` null: nothing was followed, or it broke off; what is known so far is told. */
  summary(result: Partial<FollowResult> | null, exit: ExitCode): void;
  say(text: string): void;
  settle(): void;
  tick(): void;
  close(): void;
  /** Items whose create is on its way now: what a hard stop makes uncertain. */
  sending(): readonly string[];
  batch(): string;
}

const NO_CREDITS: ReportCredits = {
  estimated: null,
  budget: null,
  held: 0,
  charged: 0,
  unexplained: null,
  balance_before: null,
  balance_after: null,
};

export function lineStream(renderer: ProgressRenderer, nowMs: () => number): LineStream {
  let seq = 0;
  let snapshot = emptySnapshot;
  const sending = new Set<string>();

  const show = (line: FollowLine) => {
    const numbered: EventLine = Object.assign({ at: line.at, seq: seq++ }, line);
    snapshot = fold(snapshot, numbered);
    renderer.show(numbered);
  };
  const head = () => ({ at: new Date(nowMs()).toISOString(), batch: snapshot.batch });

  return {
    add(line) {
      if (line.type === 'item') {
        if (line.state === 'submitting') sending.add(line.id);
        else sending.delete(line.id);
      }
      show(line);
    },
    plan({ batch, counts, credits }) {
      const line = { at: new Date(nowMs()).toISOString(), batch, type: 'plan', counts, credits } as const;
      show(line);
    },
    error({ code, message, next, problems }) {
      for (const problem of problems) {
        const place = `${problem.file}:${problem.line}:${problem.column}`;
        show({
          ...head(),
          type: 'error',
          code: problem.code,
          message: `${place} ${problem.message}`,
          next: problem.help ?? '',
        });
      }
      show({ ...head(), type: 'error', code, message, next });
    },
    summary(result, exit) {
      const line: Omit<EventLineOf<'summary'>, 'seq'> = {
        ...head(),
        type: 'summary',
        batch: result?.batch ?? snapshot.batch,
        state: result?.state ?? '',
        totals: result?.totals ?? snapshot.totals ?? totalsOf([]),
        credits: result?.credits ?? snapshot.credits ?? NO_CREDITS,
        report: result?.report ?? null,
        exit_code: exit,
      };
      show(line);
    },
    say: (text) => renderer.say(text),
    settle: () => renderer.settle(),
    tick: () => renderer.tick(),
    close: () => renderer.close(),
    sending: () => [...sending],
    batch: () => snapshot.batch,
  };
}
