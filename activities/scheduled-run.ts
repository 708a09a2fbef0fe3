import { Context, heartbeat } from '@temporalio/activity';
import { gatesOfBatch } from '../ledger/gates.ts';
import { isResting } from '../ledger/resting-items.ts';
import { itemCounts } from '../ledger/round.ts';
import { endRun } from '../ledger/schedule-steps.ts';
import { openRuns } from '../ledger/schedules.ts';
import { batchRow } from '../ledger/status-queries.ts';
import type { GateName } from '../schemas/states.ts';
import type { BegunRun, ManifestCheck, RunAsk, ScheduleWork } from '../schemas/schedule-work.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { drivingStates } from './parked-states.ts';

const HEARTBEAT_MS = 4_000;
/** Whoever drives renews its lease; without one for this long nobody does. */
const UNDRIVEN_MS = 30_000;

/** Begins a run: decides, reads the manifest, enters the round. */
export function createBeginScheduledRun(deps: ActivityDependencies) {
  return (ask: RunAsk): Promise<BegunRun> => beating(() => schedulesOf(deps).begin(ask));
}

export function createCheckScheduledManifest(deps: ActivityDependencies) {
  return (schedule: string): Promise<ManifestCheck> => beating(() => schedulesOf(deps).check(schedule));
}

/**
 * Looks at a run that goes on: *over* once its round ended (which it writes down), *undriven* when something of it can move
 * and nothing moves it.
 */
export function createFollowScheduledRun(deps: ActivityDependencies) {
  return (ask: RunAsk): Promise<'going' | 'undriven' | 'over'> =>
    deps.ledger.write(async (tx, nowMs) => {
      const runs = await openRuns(tx, ask.schedule);
      const run = runs.find(
        (row) =>
          row.state === 'running' && (ask.trigger === null ? row.due_at === ask.dueAtMs : row.name === ask.trigger),
      );
      const batch = await batchRow(tx, ask.schedule);
      if (run === undefined || batch === null) return 'over';
      if (batch.state === 'running') return batch.driver_until < nowMs - UNDRIVEN_MS ? 'undriven' : 'going';
      const gates = (await gatesOfBatch(tx, batch.id, batch.account)).map((gate) => gate.name as GateName);
      const driving = drivingStates(gates);
      const counts = await itemCounts(tx, batch.id);
      if (counts.some((row) => row.stalled === 0 && !isResting(row) && driving.some((state) => state === row.state))) {
        // The round ended while rows were being entered, and never saw them.
        await tx
          .updateTable('batches')
          .set({ state: 'running', finished_at: null })
          .where('id', '=', batch.id)
          .execute();
        return 'undriven';
      }
      await endRun(tx, run, batch, nowMs);
      return 'over';
    });
}

function schedulesOf({ schedules }: ActivityDependencies): ScheduleWork {
  if (schedules === undefined) throw new Error('this worker was started without what runs of schedules need');
  return schedules;
}

async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => heartbeat(), HEARTBEAT_MS);
  context.cancellationSignal.addEventListener('abort', () => clearInterval(timer));
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
