/**
 * `node scripts/simulate.ts [--seeds 200] [--from 1] [--seed N]`: runs seeds of the simulation (test/simulation) and prints
 * what happened as a table for docs/reliability.md. `--seed N` runs one and shows its trace. Exit 1 when an invariant broke.
 */
import { parseArgs } from 'node:util';
import { simulateSeed } from '../test/simulation/simulate-seed.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    calm: { type: 'boolean', default: false },
  },
});

if (values.seed !== undefined) {
  const show = (line: string): void => console.log(line);
  const result = await simulateSeed({ seed: Number(values.seed), show, faults: !values.calm });
  console.log(result.wrong.length === 0 ? 'all invariants hold' : result.wrong.join('\n'));
  process.exitCode = result.wrong.length === 0 ? 0 : 1;
} else {
  const from = Number(values.from);
  const until = from + Number(values.seeds);
  const startedAt = performance.now();
  for (let seed = from; seed < until; seed += 1) {
    const t = performance.now();
    const result = await simulateSeed({ seed, faults: !values.calm });
    if (result.wrong.length > 0) console.log(`seed ${seed}: ${result.wrong.slice(0, 3).join(' | ')}`);
    if (process.stderr.isTTY || seed % 50 === 0)
      console.error(`${seed} ${Math.round(performance.now() - t)} ms, ${result.alarms} alarms, ${result.faults.size}`);
    if (result.wrong.length > 0) process.exitCode = 1;
  }
  console.log(`${Math.round((performance.now() - startedAt) / (until - from))} ms a seed`);
}
