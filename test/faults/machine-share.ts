import { setImmediate as nextTurn } from 'node:timers/promises';

const SAMPLE_CPU_MS = 150;

/**
 * How much longer than on an idle core things take here just now, at least 1: the wall time of a piece of pure computing
 * over its CPU time. Promises in seconds are multiplied by it, so that they are about the program and not about whatever
 * else this machine does.
 */
export async function slowness(): Promise<number> {
  const wall = performance.now();
  const cpu = process.cpuUsage();
  let used = 0;
  while (used < SAMPLE_CPU_MS) {
    for (let sink = 0, i = 0; i < 200_000; i += 1) sink += Math.sqrt(i);
    await nextTurn();
    const { user, system } = process.cpuUsage(cpu);
    used = (user + system) / 1_000;
  }
  return Math.max(1, (performance.now() - wall) / used);
}
