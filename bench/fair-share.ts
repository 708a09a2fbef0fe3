/**
 * A small batch started in the middle of a large one on the same account: `node bench/fair-share.ts [items] [per second]`,
 * default 2000 and 20. First 20 items alone, then 20 as soon as half of the large batch was created; prints how much longer
 * the second took, which is to be at most twice. The worker is a process of its own; the large batch is not run to its end.
 */
import { Fleet, rowsOver, type TestRow } from '../test/fleet/fleet-harness.ts';
import { WorkerChild } from '../test/faults/worker-child.ts';

const SMALL = 20;
const items = Number(process.argv[2] ?? 2_000);
const perSecond = Number(process.argv[3] ?? 20);

const fleet = await Fleet.start({
  emulator: { analysisMs: 100, taskMs: 1_000, credits: 1_000_000 },
  account: { createPerSecond: perSecond, openTasks: perSecond, analyzePerSecond: 100, openAnalyses: 50 },
  polling: { firstMs: 500, maxMs: 1_000 },
});
const worker = await WorkerChild.start(fleet);
const small = (name: string): TestRow[] =>
  Array.from({ length: SMALL }, (_, n) => ({ id: `s${n}`, video: `${name}-${n % 5}.mp4`, face: `f${n}` }));

/** Seconds from the batch's entry to its end. */
async function secondsOf(batch: string): Promise<number> {
  const begunAtMs = performance.now();
  await fleet.submit(batch, small(batch));
  const state = await fleet.ended(batch, 600_000);
  if (state !== 'finished') throw new Error(`${batch} ended ${state}`);
  return (performance.now() - begunAtMs) / 1_000;
}
const creates = () => fleet.emulator.book.creates().length;

const warmUp = await secondsOf('warm-up');
const alone = await secondsOf('alone');
const before = creates();
await fleet.submit('large', rowsOver(items, items / 10));
await fleet.until(() => Promise.resolve(creates() - before >= items / 2), 3_600_000);
const middle = creates();
const beside = await secondsOf('beside');
const meanwhile = creates() - middle - SMALL;
const paidTwice = fleet.emulator.book.doublePaid().length;
await worker.kill();
await fleet.stop();

const round = (value: number) => Number(value.toFixed(2));
console.log(
  JSON.stringify({
    large: items,
    small: SMALL,
    perSecond,
    warmUpSeconds: round(warmUp),
    aloneSeconds: round(alone),
    besideSeconds: round(beside),
    ratio: round(beside / alone),
    target: 2,
    largeCreatedMeanwhile: meanwhile,
    paidTwice,
  }),
);
