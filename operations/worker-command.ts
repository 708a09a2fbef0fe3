import { configuredTarget, connectClient } from '../engine/connect.ts';
import { EngineUnreachable } from '../engine/engine-errors.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { QueueKind } from '../schemas/names.ts';
import type { Context } from './context.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { scheduleWork } from './schedule-work.ts';
import { servedAccounts } from './served-accounts.ts';

export interface RunningWorkerCommand {
  readonly address: string;
  readonly accounts: readonly string[];
  stop(): Promise<void>;
}

/** A worker against the Temporal that TEMPORAL_* names. OperationError exit 8 when none is configured or reached, 4 without a key. */
export async function startWorkerCommand(
  ctx: Context,
  how: { readonly queues: readonly QueueKind[] | null },
): Promise<RunningWorkerCommand> {
  if (!ctx.temporalConfigured) {
    throw new OperationError(EXIT.unreachable, {
      code: 'S101',
      message: 'no TEMPORAL_* variable names a Temporal server',
      charged: NOTHING_CHARGED,
      next: 'set TEMPORAL_ADDRESS (or TEMPORAL_PROFILE); on one machine `headswap up` brings engine and worker',
    });
  }
  try {
    const target = await configuredTarget(ctx.options.env);
    await (await connectClient(target)).connection.close();
    const ledger = await ctx.ledger();
    const accounts = await servedAccounts(
      ctx,
      ledger,
      ctx.options.flags.account === undefined ? null : await ctx.account(null),
    );
    // A worker without any account would only hold the workflows.
    if (accounts.length === 0) await ctx.account(null);
    const worker = await ctx.options.starters.startWorker({
      config: {
        storage: ctx.storage,
        ignoreQuery: ctx.config.ignoreQuery,
        allowPrivateHosts: ctx.config.allowPrivateHosts,
        require: ctx.config.require,
        metrics: ctx.config.metrics,
        notify: ctx.config.notify,
      },
      ledger,
      engine: target,
      // On a cluster `web` receives them.
      callbackBase: ctx.config.web.publicUrl,
      accounts,
      ...(how.queues === null ? {} : { queues: how.queues }),
      stateDir: ctx.stateDir,
      baseDir: ctx.baseDir,
      operator: ctx.operator,
      driver: `${target.address}/${target.namespace}`,
      allowedHost: null,
      schedules: scheduleWork(ctx, `${target.address}/${target.namespace}`),
      log: ctx.options.log,
    });
    return {
      address: target.address,
      accounts: accounts.map((account) => account.settings.name),
      stop: () => worker.shutdown(),
    };
  } catch (error) {
    if (!(error instanceof EngineUnreachable)) throw error;
    throw new OperationError(
      EXIT.unreachable,
      { code: 'S101', message: error.message, charged: NOTHING_CHARGED, next: error.cure },
      { cause: error },
    );
  }
}
