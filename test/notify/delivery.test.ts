import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine } from '../../operations/doctor.ts';
import { planBatch } from '../../operations/plan-batch.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { readStatus } from '../../operations/status.ts';
import type { Notice } from '../../schemas/notice.ts';
import { following, makePlace, sheet, type Place } from '../operations/operations-harness.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const SECRET = `whsec_${Buffer.from('a key of thirty two bytes or so!').toString('base64')}`;
let hook: Receiver;
beforeEach(async () => {
  hook = await startReceiver();
});
afterEach(() => hook.close());

const notify = (more = '') => `notify:\n  - { name: studio, url: "${hook.url}", secret: ${SECRET}${more} }\n`;
const notices = () => hook.got.map(({ body }) => JSON.parse(body) as Notice);

async function run(place: Place, file: string) {
  const ctx = await place.open();
  return runBatch(ctx, await planBatch(ctx, { file }), following());
}

describe('messages to receivers', () => {
  it('tells once that a batch finished, signed, without a face or a source URL', async () => {
    const place = await makePlace({ config: notify() });
    place.write('spring.csv', sheet(3));
    await run(place, 'spring.csv');
    expect(notices().map(({ type }) => type)).toEqual(['batch.finished']);
    const [{ headers, body } = { headers: {}, body: '' }] = hook.got;
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    expect(notices()[0]?.data).toMatchObject({
      batch: 'spring',
      round: 1,
      state: 'finished',
      credits: { charged: 45 },
      next: 'headswap report spring',
    });
    expect(body).not.toMatch(/https?:|media\.example|\.jpg|\.mp4/u);
    // Nothing happened since, so nobody is told again.
    await run(place, 'spring.csv');
    expect(hook.got).toHaveLength(1);
    // A new row is a new round, and a message of its own.
    place.write('spring.csv', sheet(4));
    await run(place, 'spring.csv');
    expect(notices().map(({ data }) => data.round)).toEqual([1, 2]);
  }, 60_000);

  it('tells of failures', async () => {
    const place = await makePlace({
      emulator: { faults: [{ on: 'create', at: [1], do: { kind: 'fail' } }] },
      config: notify(),
    });
    place.write('mixed.csv', sheet(3));
    await run(place, 'mixed.csv');
    expect(notices()).toMatchObject([
      {
        type: 'batch.finished-with-failures',
        data: { text: 'Finished: 2 of 3 done, 1 failed, 0 cancelled.', next: 'headswap resume mixed --dry-run' },
      },
    ]);
  }, 60_000);

  it('tells of picks, and Slack in its own form', async () => {
    const place = await makePlace({
      config: `notify:\n  - { kind: slack, url: "${hook.url}", events: [finished, waiting-for-picks] }\n`,
    });
    place.write('mixed.csv', `${sheet(2)}crowd,https://media.example.com/plates/crowd.mp4,pick\n`);
    await run(place, 'mixed.csv');
    expect(hook.got.map(({ body }) => (JSON.parse(body) as { text: string }).text)).toEqual([
      expect.stringMatching(/^\*mixed\*: 1 item waits for a person to pick/u),
    ]);
    expect(hook.got[0]?.headers['webhook-id']).toBeUndefined();
  }, 60_000);

  it('loses next to no time to a receiver that hangs, and status says what did not arrive', async () => {
    hook.answer = 'hang';
    const place = await makePlace({ config: notify() });
    place.write('spring.csv', sheet(3));
    const startedAtMs = performance.now();
    const result = await run(place, 'spring.csv');
    const tookMs = performance.now() - startedAtMs;
    expect(result.exit).toBe(0);
    // The send alone would have taken ten seconds.
    expect(tookMs).toBeLessThan(9_500);
    const ctx = await place.open();
    const status = await readStatus(ctx, {});
    expect(status.undelivered).toMatchObject([
      { batch: 'spring', event: 'finished', receiver: 'studio', tries: 1, given_up: false },
    ]);
    expect(JSON.stringify(status)).not.toContain('secret-path');
    // The next worker tries again, with the same id.
    hook.answer = 204;
    place.write('other.csv', sheet(1, 1).replaceAll('clip0', 'clip9'));
    await run(place, 'other.csv');
    expect(new Set(notices().map(({ data }) => data.batch))).toEqual(new Set(['spring', 'other']));
    const ofSpring = hook.got.filter(({ body }) => body.includes('"spring"'));
    expect(new Set(ofSpring.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await readStatus(ctx, {})).undelivered).toBeUndefined();
  }, 60_000);

  it('keeps a receiver in a private network out unless that is allowed', async () => {
    const place = await makePlace();
    place.write(
      'headswap.yaml',
      `accounts:\n  default: { base_url: "${place.emulator.url}", api_key: k }\n${notify()}`,
    );
    const found = await examine(place.options(), { notify: true });
    expect(found.checks.find(({ name }) => name === 'notify')).toMatchObject({
      state: 'fail',
      exit: 8,
      cure: expect.stringContaining('allow_private_hosts') as string,
    });
    expect(hook.got).toHaveLength(0);
  }, 30_000);

  it('sends a sample on request, and says who does not take it', async () => {
    const place = await makePlace({ config: notify() });
    const good = await examine(place.options(), { notify: true });
    expect(good.checks.filter(({ name }) => name === 'notify')).toMatchObject([
      { state: 'ok', detail: expect.stringContaining('studio') as string },
    ]);
    expect(notices()[0]?.type).toBe('test');
    hook.answer = 500;
    const bad = await examine(place.options(), { notify: true });
    expect(bad.checks.filter(({ name }) => name === 'notify')).toMatchObject([
      { state: 'fail', detail: expect.stringContaining('HTTP 500') as string },
    ]);
    expect(JSON.stringify([good, bad])).not.toContain('secret-path');
  }, 40_000);
});
