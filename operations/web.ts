import type { Context } from './context.ts';
import { useEngine, type DrivenBatch } from './engine-use.ts';
import { serveCallbacks } from './serve-callbacks.ts';

export interface RunningWeb {
  /** Where it listens. */
  readonly url: string | null;
  /** Where the vendor is told to send callbacks; null: creates name no address. */
  readonly publicUrl: string | null;
  stop(): Promise<void>;
}

/** The receiver alone, beside an engine that is up. OperationError exit 8 without an engine, 2 when the port is taken. */
export async function startWeb(ctx: Context, how: { readonly host: string | null }): Promise<RunningWeb> {
  const engine = await useEngine(ctx, 'must-be-up');
  try {
    const ledger = await ctx.ledger();
    const { port, host, publicUrl } = ctx.config.web;
    const waker = { poke: () => undefined, drive: (batch: DrivenBatch) => engine.drive(ledger, batch) };
    const served = await serveCallbacks(ctx, ledger, waker, { port, host: how.host ?? host });
    return {
      url: served.url(),
      publicUrl,
      async stop() {
        await served.stop();
        await engine.leave();
      },
    };
  } catch (error) {
    await engine.leave();
    throw error;
  }
}
