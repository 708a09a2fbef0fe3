import { expect, it } from 'vitest';
import { planBatch } from '../../operations/plan-batch.ts';
import { planResume, resumeBatch } from '../../operations/resume.ts';
import { runBatch } from '../../operations/run-batch.ts';
import { readStatus } from '../../operations/status.ts';
import { following, makePlace } from '../operations/operations-harness.ts';

const manifest = (items: number, tolerate: string) => `version: 1
batch: spring
tolerate: ${tolerate}
faces: { ana: https://media.example.com/faces/ana.jpg }
items:
${Array.from({ length: items }, (_, index) => `  - { id: sh${index}, video: https://media.example.com/plates/clip${index}.mp4, swap: ana }`).join('\n')}
`;

it('stops creating when more items fail than are tolerated, says what it saw, and resume goes on past it once', async () => {
  const faults = [{ on: 'create', at: [2, 4, 6, 8], do: { kind: 'fail', reason: 'face too small' } }] as const;
  const place = await makePlace({ emulator: { faults: [...faults] as never }, account: '    prices: { 720p: 15 }\n' });
  place.write(
    'headswap.yaml',
    (await import('node:fs'))
      .readFileSync(`${place.dir}/headswap.yaml`, 'utf8')
      .replace('open_tasks: 10', 'open_tasks: 2'),
  );
  place.write('spring.yaml', manifest(24, '10%'));
  const ctx = await place.open();
  const first = await runBatch(ctx, await planBatch(ctx, { file: 'spring.yaml' }), following());
  // 10 % of 24 is 2: the third fault stops it, and at most one more was under way.
  expect(first).toMatchObject({ how: 'ended', state: 'waiting', exit: 9 });
  const { failed } = first.totals;
  expect([3, 4]).toContain(failed);
  const creates = place.emulator.book.creates().length;
  expect(creates).toBeLessThanOrEqual(9);
  const status = await readStatus(ctx, { batch: 'spring' });
  expect(status.batches[0]?.gates).toMatchObject([
    {
      name: 'tolerance',
      reason: expect.stringMatching(
        /^3 of 24 items failed for causes of their own \(P105 3\); 10% is tolerated$/u,
      ) as string,
      reopens: 'headswap resume spring',
    },
  ]);
  expect(status.batches[0]?.needs_you).toContainEqual(
    expect.objectContaining({ kind: 'gate-tolerance', command: 'headswap resume spring' }),
  );
  // `run` does not pass it.
  const again = await runBatch(ctx, await planBatch(ctx, { file: 'spring.yaml' }), following());
  expect(again.exit).toBe(9);
  expect(place.emulator.book.creates()).toHaveLength(creates);
  const resumed = await resumeBatch(ctx, await planResume(ctx, { batch: 'spring' }), following());
  expect(resumed).toMatchObject({ state: 'finished' });
  expect(resumed.totals.done + resumed.totals.failed).toBe(24);
  expect(place.emulator.book.doublePaid()).toEqual([]);
}, 120_000);

it('is quiet below what is tolerated, and says what it does not understand', async () => {
  const place = await makePlace({ emulator: { faults: [{ on: 'create', at: [1], do: { kind: 'fail' } }] } });
  place.write('spring.yaml', manifest(4, '1'));
  const ctx = await place.open();
  const result = await runBatch(ctx, await planBatch(ctx, { file: 'spring.yaml' }), following());
  expect(result).toMatchObject({ state: 'finished', exit: 6, totals: { done: 3, failed: 1 } });
  place.write('odd.yaml', manifest(1, 'some').replace('spring', 'odd'));
  await expect(planBatch(ctx, { file: 'odd.yaml' })).rejects.toMatchObject({ exit: 3 });
}, 60_000);
