/**
 * `node scripts/simulate.ts [--seeds 200 | --faults 30000] [--from 1]`: runs seeds of the simulation (test/simulation) until so
 * many seeds were run or so many faults happened, and prints what came of them as tables for docs/reliability.md.
 * `--seed N`: runs one and shows what happens in it; `--calm` without faults. Exit 1 when an invariant broke.
 */
import { parseArgs } from 'node:util';
import type { FaultKind } from '../test/simulation/fault-dice.ts';
import { simulateSeed, type SeedResult } from '../test/simulation/simulate-seed.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    faults: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    calm: { type: 'boolean', default: false },
  },
});

if (values.seed === undefined) process.exitCode = (await runMany()) ? 0 : 1;
else process.exitCode = (await runOne(Number(values.seed))) ? 0 : 1;

async function runOne(seed: number): Promise<boolean> {
  const result = await simulateSeed({ seed, faults: !values.calm, show: (line) => console.log(line) });
  console.log(result.wrong.length === 0 ? 'all invariants hold' : result.wrong.join('\n'));
  return result.wrong.length === 0;
}

/** Sums of many seeds. */
interface Sums {
  seeds: number;
  items: number;
  done: number;
  creates: number;
  uncertain: number;
  boundAlone: number;
  byPolicy: number;
  readonly faults: Map<FaultKind, number>;
  readonly broken: SeedResult[];
}

async function runMany(): Promise<boolean> {
  const sums: Sums = {
    seeds: 0,
    items: 0,
    done: 0,
    creates: 0,
    uncertain: 0,
    boundAlone: 0,
    byPolicy: 0,
    faults: new Map(),
    broken: [],
  };
  const seeds = Number(values.seeds ?? (values.faults === undefined ? 200 : Infinity));
  const faults = Number(values.faults ?? Infinity);
  const startedAt = performance.now();
  // Ctrl-C: what was done until then is told.
  let stopped = false;
  process.once('SIGINT', () => (stopped = true));
  for (let seed = Number(values.from); !stopped && sums.seeds < seeds && faultsOf(sums) < faults; seed += 1) {
    const result = await simulateSeed({ seed, faults: !values.calm });
    add(sums, result);
    if (result.wrong.length > 0) console.log(`${result.wrong.join('\n')}\n  node scripts/simulate.ts --seed ${seed}`);
    if (seed % 100 === 0) console.error(`seed ${seed}: ${faultsOf(sums)} faults`);
  }
  print(sums, (performance.now() - startedAt) / 1_000);
  return sums.broken.length === 0;
}

function faultsOf(sums: Sums): number {
  return [...sums.faults.values()].reduce((sum, n) => sum + n, 0);
}

function add(sums: Sums, result: SeedResult): void {
  sums.seeds += 1;
  for (const name of ['items', 'done', 'creates', 'uncertain', 'boundAlone', 'byPolicy'] as const)
    sums[name] += result[name];
  for (const [kind, n] of result.faults) sums.faults.set(kind, (sums.faults.get(kind) ?? 0) + n);
  if (result.wrong.length > 0) sums.broken.push(result);
}

function print(sums: Sums, seconds: number): void {
  const groups = Map.groupBy(
    [...sums.faults].toSorted(([a], [b]) => a.localeCompare(b)),
    ([kind]) => groupOf(kind),
  );
  console.log('| faults | number | kinds |');
  console.log('| --- | ---: | --- |');
  for (const [group, kinds] of groups) {
    const all = kinds.reduce((sum, [, n]) => sum + n, 0);
    console.log(`| ${group} | ${all} | ${kinds.map(([kind, n]) => `${shortly(kind)} ${n}`).join(', ')} |`);
  }
  console.log(
    `\n${faultsOf(sums)} faults of ${sums.faults.size} kinds over ${sums.seeds} seeds: ${sums.items} items, ${sums.creates} ` +
      `tasks accepted, ${sums.done} items done; seeds in which an invariant broke: ${sums.broken.length}; uncertain ` +
      `${sums.uncertain}, of which without a person ${sums.boundAlone} bound and ${sums.byPolicy} paid again by policy; ${Math.round(seconds)} s`,
  );
}

/** `create: no id` is of `create`; kinds without a colon are about what becomes of accepted work. */
function groupOf(kind: FaultKind): string {
  if (kind.includes(':')) return kind.slice(0, kind.indexOf(':'));
  return kind.split(' ')[0] ?? kind;
}

function shortly(kind: FaultKind): string {
  return kind.includes(':') ? kind.slice(kind.indexOf(':') + 2) : kind.slice(kind.indexOf(' ') + 1);
}
