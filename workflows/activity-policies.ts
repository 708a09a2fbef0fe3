import { proxyActivities, type ActivityInterfaceFor, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { queues } from '../schemas/names.ts';
import type { BatchInput } from '../schemas/workflow-inputs.ts';

/** Retried for ever at up to 10 s: the ledger or a worker is away, and only time helps. */
const PATIENT: NonNullable<ActivityOptions['retry']> = {
  initialInterval: '200ms',
  backoffCoefficient: 2,
  maximumInterval: '10s',
};

/**
 * The activities a batch uses, each on its own queue and by its own policy, as data.
 *
 * - `advance` heartbeats (5 s) and lasts about 20 s; a wake-up cancels it, which it obeys by returning early.
 * - `createTask` has **one** attempt and no heartbeat: the vendor has no idempotency key, so nothing may start it again on
 *   its own; it ends by itself within the request timeout plus 30 s, and what became of it stands in the ledger, never in
 *   the way it failed (design D6).
 * - The others may run again at any time: each is idempotent by compare-and-set.
 */
export function activitiesOf(input: BatchInput) {
  const on = (taskQueue: string, options: ActivityOptions): ActivityInterfaceFor<Activities> =>
    proxyActivities<Activities>({ taskQueue, ...options });
  const advanceQueue = queues.advance(input.ledger8);
  return {
    pass: on(advanceQueue, {
      startToCloseTimeout: '60s',
      heartbeatTimeout: '5s',
      cancellationType: 'TRY_CANCEL',
      retry: PATIENT,
    }),
    ledger: on(advanceQueue, { startToCloseTimeout: '60s', retry: PATIENT }),
    analyze: on(queues.analyze(input.ledger8, input.account), {
      startToCloseTimeout: input.requestTimeoutMs + 30_000,
      retry: { maximumAttempts: 1 },
    }),
    create: on(queues.create(input.ledger8, input.account), {
      startToCloseTimeout: input.requestTimeoutMs + 30_000,
      retry: { maximumAttempts: 1 },
    }),
    media: on(queues.media(input.ledger8), {
      startToCloseTimeout: '30m',
      heartbeatTimeout: '30s',
      retry: { maximumAttempts: 1 },
    }),
  };
}

/** The activities of a schedule's run. Reading a large manifest takes a while: it heartbeats. */
export function scheduleActivitiesOf(ledger8: string): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    taskQueue: queues.advance(ledger8),
    startToCloseTimeout: '15m',
    heartbeatTimeout: '20s',
    retry: PATIENT,
  });
}
