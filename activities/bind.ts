import { bindAttempt } from '../ledger/bind-attempt.ts';
import type { Resolution } from '../schemas/manifest-item.ts';
import type { UnboundTask } from '../schemas/workflow-inputs.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Writes down a task id that its own activity could not; retried without limit, idempotent. */
export function createBind(deps: ActivityDependencies) {
  return async function bind(task: UnboundTask): Promise<void> {
    await deps.ledger.write(async (tx, nowMs) => {
      const item = await tx
        .selectFrom('attempts')
        .innerJoin('items', 'items.key', 'attempts.item')
        .select('items.resolution')
        .where('attempts.id', '=', task.attempt)
        .executeTakeFirst();
      if (item === undefined) return;
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
    });
    deps.wakeUps.poke();
  };
}
