/**
 * `node scripts/kill-points.ts [--times 20] [--database sqlite|postgres|both] [--victim worker|engine|both|all] [--no-callbacks]`:
 * kills the worker, the engine or both at each of the 14 named lines, so many times, and prints what that cost as a table for
 * docs/reliability.md. Exit 1 when anything was lost, paid twice or left unexplained.
 */
import { parseArgs } from 'node:util';
import { freshDatabase } from '../test/ledger/postgres-server.ts';
import { KILL_POINTS, killTour, type Victim } from '../test/faults/kill-tour.ts';

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '20' },
    database: { type: 'string', default: 'both' },
    victim: { type: 'string', default: 'all' },
    callbacks: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const times = Number(values.times);
const databases = values.database === 'both' ? ['sqlite', 'postgres'] : [values.database];
const victims: Victim[] = values.victim === 'all' ? ['worker', 'engine', 'both'] : [values.victim as Victim];

console.log(
  '| database | killed | faults | lost | paid twice | unexplained credits | bound by callback | uncertain | stuck | seconds |',
);
console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
let bad = false;
for (const database of databases) {
  for (const victim of victims) {
    const sum = { faults: 0, lost: 0, paidTwice: 0, unexplained: 0, bound: 0, uncertain: 0, stuck: 0, ms: 0 };
    for (let time = 0; time < times; time += 1) {
      const { faults, audit, boundByCallback, stuck, tookMs } = await killTour({
        callbacks: values.callbacks,
        faults: KILL_POINTS.map((point) => ({ point, victim })),
        ...(database === 'postgres' ? { ledgerUrl: await freshDatabase() } : {}),
        onFault: ({ point }, took) => process.stderr.write(`${database} ${victim} ${point} ${Math.round(took)} ms\n`),
      });
      sum.faults += faults;
      sum.lost += audit.lost + audit.untold + audit.badOutputs;
      sum.paidTwice += audit.paidTwice;
      sum.unexplained += audit.unexplained;
      sum.bound += boundByCallback;
      sum.uncertain += audit.uncertain;
      sum.stuck += stuck.length;
      sum.ms += tookMs;
      bad ||= audit.counters.length > 0;
    }
    const { faults, lost, paidTwice, unexplained, bound, uncertain, stuck, ms } = sum;
    bad ||= lost + paidTwice + unexplained + stuck > 0;
    const rest = [bound, uncertain, stuck, Math.round(ms / 1_000)];
    const cells = [database, victim, faults, lost, paidTwice, unexplained, ...rest];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
process.exitCode = bad ? 1 : 0;
