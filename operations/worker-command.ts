import type { QueueKind } from '../schemas/names.ts';
import type { Context } from './context.ts';
/** A worker against the Temporal that TEMPORAL_* names. OperationError exit 8 when none is configured or reached. */
export declare function startWorkerCommand(
  ctx: Context,
  how: { readonly queues: readonly QueueKind[] | null },
): Promise<{ readonly address: string; readonly accounts: readonly string[]; stop(): Promise<void> }>;
