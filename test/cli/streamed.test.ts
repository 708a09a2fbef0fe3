import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { FollowLine, FollowResult } from '../../operations/follow-batch.ts';
import { OperationError } from '../../operations/operation-error.ts';
import { ToldError } from '../../cli/errors/told-error.ts';
import { streamed } from '../../cli/streamed.ts';
import { EventsSchema, type EventLine } from '../../schemas/events.ts';
import { EXIT } from '../../schemas/exit-codes.ts';
import { fakeSession } from './fake-session.ts';
import { credits, itemLine, progressLine, totals } from './sample-lines.ts';
import { plan, planItem } from './sample-plan.ts';

const unnumbered = ({ seq: _seq, ...line }: EventLine) => line as FollowLine;
const outcome: FollowResult = {
  batch: 'spring-campaign-fr',
  how: 'ended',
  state: 'finished',
  totals: totals({ done: 47, failed: 2 }),
  credits: credits(886),
  exit: EXIT.someFailed,
  report: '/out/spring/report.html',
  notes: [],
};
const linesOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EventLine);

describe('with --json', () => {
  it('numbers the lines, and the last is the summary', async () => {
    const { session, stdout, stderr } = fakeSession({ json: true });
    const exit = await streamed(session, 'run', async (stream) => {
      stream.plan(plan([planItem('sh010', 'run', 15)]));
      stream.add(unnumbered(progressLine({ pending: 1 })));
      stream.add(unnumbered(itemLine('sh010', 'done', { charged: 15 })));
      return Promise.resolve({ exit: outcome.exit, outcome });
    });
    const lines = linesOf(stdout.text);
    expect(exit).toBe(6);
    expect(stderr.text).toBe('');
    expect(lines.map(({ type }) => type)).toEqual(['plan', 'progress', 'item', 'summary']);
    expect(lines.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
    expect(lines.filter((line) => !Value.Check(EventsSchema, line))).toEqual([]);
    expect(lines.at(-1)).toMatchObject({
      batch: 'spring-campaign-fr',
      state: 'finished',
      exit_code: 6,
      report: outcome.report,
    });
  });

  it('ends with the summary after an error too, and it tells what was known', async () => {
    const { session, stdout } = fakeSession({ json: true });
    const broken = streamed(session, 'run', async (stream) => {
      stream.add(unnumbered(progressLine({ done: 1, processing: 2 }, 15)));
      return Promise.reject(
        new OperationError(EXIT.unreachable, { code: 'S101', message: 'engine gone', next: 'look' }),
      );
    });
    await expect(broken).rejects.toBeInstanceOf(ToldError);
    const lines = linesOf(stdout.text);
    expect(lines.map(({ type }) => type)).toEqual(['progress', 'error', 'summary']);
    expect(lines.filter((line) => !Value.Check(EventsSchema, line))).toEqual([]);
    expect(lines.at(-1)).toMatchObject({
      exit_code: 8,
      credits: { charged: 15 },
      totals: { done: 1 },
      batch: 'spring-campaign-fr',
    });
  });

  it('and after a second Ctrl-C', async () => {
    const { session, stdout, hardStop } = fakeSession({ json: true });
    await streamed(session, 'run', async (stream) => {
      stream.add(unnumbered(itemLine('sh010', 'submitting')));
      hardStop();
      return Promise.resolve({ exit: EXIT.interrupted, outcome: null });
    });
    const lines = linesOf(stdout.text);
    expect(lines.map(({ type }) => type)).toEqual(['item', 'summary']);
    expect(lines.at(-1)).toMatchObject({ exit_code: 130 });
  });
});

describe('for people', () => {
  it('says what a second Ctrl-C makes uncertain: what is being sent then', async () => {
    const { session, hardStop, abort, stderr } = fakeSession();
    await streamed(session, 'run', async (stream) => {
      expect(hardStop()).toContain('nothing was being sent');
      stream.add(unnumbered(itemLine('sh010', 'submitting')));
      stream.add(unnumbered(itemLine('sh020', 'submitting')));
      stream.add(unnumbered(itemLine('sh010', 'queued')));
      abort.abort();
      expect(hardStop()).toContain('while 1 create was being sent (sh020)');
      expect(hardStop()).toContain('headswap resume spring-campaign-fr');
      return Promise.resolve({ exit: EXIT.interrupted, outcome: { ...outcome, how: 'stopped', state: 'stopped' } });
    });
    expect(stderr.text).toContain('Stopping: what is being sent is settled first');
  });

  it('prints the outcome on stdout and the progress on stderr', async () => {
    const { session, stdout, stderr } = fakeSession();
    await streamed(session, 'run', async (stream) => {
      stream.add(unnumbered(progressLine({ pending: 1 })));
      return Promise.resolve({ exit: outcome.exit, outcome });
    });
    expect(stdout.text).toMatchInlineSnapshot(`
      "spring-campaign-fr: finished. 49 items: done 47, failed 2
      spent 886 credits, price unknown before
      report: /out/spring/report.html
      "
    `);
    expect(stderr.text).toContain('progress done=0/1');
  });

  it('with --quiet prints the outcome only', async () => {
    const { session, stdout, stderr } = fakeSession({ quiet: true });
    await streamed(session, 'run', async (stream) => {
      stream.add(unnumbered(progressLine({ pending: 1 })));
      return Promise.resolve({ exit: outcome.exit, outcome });
    });
    expect(stderr.text).toBe('');
    expect(stdout.text).toContain('done 47');
  });
});
