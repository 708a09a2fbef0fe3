import { openBatchGates, openRound } from '../ledger/operator-steps.ts';
import { allBatches } from '../ledger/status-queries.ts';
import { gatesOfBatch } from '../ledger/gates.ts';
import type { GateRow } from '../ledger/tables.ts';
import type { Context } from './context.ts';
import { useEngine } from './engine-use.ts';
import { ensureSchedules } from './schedules.ts';

export interface RunningUp {
  readonly address: string;
  /** Where callbacks are received; null when public_url is not set. */
  readonly callbacks: string | null;
  /** Batches taken up after a crash. */
  readonly takenUp: readonly string[];
  /** Batches left alone because somebody stopped or paused them. */
  readonly left: readonly { readonly batch: string; readonly state: string }[];
  readonly accounts: readonly string[];
  /** Schedules that fire while this runs. */
  readonly schedules: readonly string[];
  stop(): Promise<void>;
}

/** Engine and worker until `stop`. Takes up what a crash left running, and names it. OperationError exit 8. */
export async function startUp(ctx: Context): Promise<RunningUp> {
  const engine = await useEngine(ctx, 'up');
  try {
    const ledger = await ctx.ledger();
    // Opens the vendor of a rehearsal, so that its batches can be polled.
    const asked = ctx.rehearsal ? await ctx.account(null) : null;
    const takenUp: string[] = [];
    const left: { batch: string; state: string }[] = [];
    const open = (await allBatches(ledger.db)).filter(
      (batch) => batch.state !== 'finished' && batch.state !== 'cancelled',
    );
    const nowMs = await ledger.now();
    for (const batch of open) {
      // A command beside this one drives it, and was asked to.
      if (engine.takenOverAtMs === null && batch.driver_until > nowMs) continue;
      const at = { batch: batch.id, account: batch.account };
      const held = (await gatesOfBatch(ledger.db, batch.id, batch.account)).filter((gate) => gate.scope === 'batch');
      if (batch.state !== 'running' && !held.some(isOrphaned)) {
        left.push({ batch: batch.id, state: batch.state });
        continue;
      }
      await ledger.write(async (tx, now) => {
        if (held.some(isOrphaned)) await openBatchGates(tx, at, ['stopped'], ctx.operator, 'up', now);
        await openRound(tx, at, { after: null, by: ctx.operator, detail: 'up' }, now);
      });
      takenUp.push(batch.id);
    }
    await engine.startWorker(ledger, asked);
    for (const batch of open.filter((row) => takenUp.includes(row.id))) {
      await engine.drive(ledger, {
        id: batch.id,
        account: batch.account,
        lanes: batch.lanes,
        requestTimeoutMs: ctx.accountConfig(ctx.rehearsal ? null : batch.account).requestTimeoutMs,
      });
    }
    const schedules = await ensureSchedules(engine, ledger);
    const accounts = ctx.rehearsal ? ['emulator'] : Object.keys(ctx.config.accounts);
    const callbacks = engine.callbacksUrl();
    return {
      address: engine.target.address,
      callbacks,
      takenUp,
      left,
      accounts,
      schedules,
      stop: () => engine.leave(),
    };
  } catch (error) {
    await engine.leave();
    throw error;
  }
}

/** Held by whoever found it without a driver, not by a person. */
function isOrphaned(gate: GateRow): boolean {
  return gate.name === 'stopped' && (JSON.parse(gate.memo) as { orphaned?: boolean }).orphaned === true;
}
