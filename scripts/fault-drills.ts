/**
 * `node scripts/fault-drills.ts`: the drills of test/faults held for the full time (a worker suspended for 40 s, an engine
 * dead for 30 s, a ledger locked for a minute, ...), printed as a table for docs/reliability.md. Exit 1 when one did not go on
 * by itself.
 */
import { freshDatabase, postgresPrograms } from '../test/ledger/postgres-server.ts';
import {
  canMount,
  badGateway,
  deadEngine,
  fullDisk,
  lockedLedger,
  lostPostgres,
  newVersion,
  recycledWorker,
  suspendedWorker,
  type Drill,
} from '../test/faults/drills.ts';

const DRILLS: readonly (readonly [string, Drill, number])[] = [
  ['worker suspended', suspendedWorker, 40_000],
  ['engine dead', deadEngine, 30_000],
  ['ledger locked by another process', lockedLedger, 60_000],
  ['worker replaced (SIGTERM)', recycledWorker, 0],
  ['new version in mid-batch', newVersion, 0],
  ['every create answered 502', badGateway, 120_000],
  ...(postgresPrograms() === null ? [] : [['PostgreSQL away', overPostgres, 30_000] as const]),
  ...(canMount() ? [['disk full', fullDisk, 30_000] as const] : []),
];

async function overPostgres(heldForMs: number) {
  return lostPostgres(heldForMs, { ledgerUrl: await freshDatabase() });
}

console.log('| drill | held for | items done | lost | paid twice | uncertain | next create after |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
let bad = false;
for (const [name, drill, heldForMs] of DRILLS) {
  const { audit, items, nextCreateMs } = await drill(heldForMs);
  const done = audit.states['done'] ?? 0;
  const mayBeLost = drill === badGateway ? 10 : 0;
  bad ||= done + audit.uncertain < items || audit.uncertain > mayBeLost;
  bad ||= audit.paidTwice + audit.lost + audit.untold > 0;
  const next = nextCreateMs === null ? '-' : `${(nextCreateMs / 1_000).toFixed(1)} s`;
  const cells = [
    name,
    `${heldForMs / 1_000} s`,
    `${done}/${items}`,
    audit.lost + audit.untold,
    audit.paidTwice,
    audit.uncertain,
    next,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
process.exitCode = bad ? 1 : 0;
