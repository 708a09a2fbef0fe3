import { bindAttempt } from '../ledger/bind-attempt.ts';
import { driveAgain } from '../ledger/drive-again.ts';
import type { Resolution } from '../schemas/manifest-item.ts';
import type { UnboundTask } from '../schemas/workflow-inputs.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Writes down a task id that its own activity could not; retried without limit, idempotent. */
export function createBind(deps: ActivityDependencies) {
  return async function bind(task: UnboundTask): Promise<void> {
    const undriven = await deps.ledger.write(async (tx, nowMs) => {
      const item = await tx
        .selectFrom('attempts')
        .innerJoin('items', 'items.key', 'attempts.item')
        .select(['items.resolution', 'attempts.batch'])
        .where('attempts.id', '=', task.attempt)
        .executeTakeFirst();
      if (item === undefined) return null;
      const resolution = item.resolution as Resolution;
      await bindAttempt(
        tx,
        task.attempt,
        {
          taskId: task.taskId,
          hold: task.hold,
          createdAtMs: task.createdAtMs,
          firstPollAtMs: nowMs,
          resolution,
          by: 'answer',
        },
        nowMs,
      );
      return (await driveAgain(tx, item.batch, nowMs)) ? item.batch : null;
    });
    if (undriven !== null) await deps.drive(undriven);
    deps.wakeUps.poke();
  };
}
