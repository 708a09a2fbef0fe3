import { gatesOfBatch } from '../ledger/gates.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { stopSpending } from '../ledger/operator-steps.ts';
import { beatReceiver, RECEIVER_BEAT_MS } from '../ledger/receiver-beat.ts';
import { stateCounts } from '../ledger/status-queries.ts';
import { batchesToWake } from '../ledger/webhook-events.ts';
import { EXIT } from '../schemas/exit-codes.ts';
import type { Context } from './context.ts';
import type { DrivenBatch } from './engine-use.ts';
import { NOTHING_CHARGED, OperationError } from './operation-error.ts';
import { CallbackIntake } from './receive-callback.ts';
import type { RunningReceiver } from './starters.ts';

export interface ServedCallbacks {
  /** Where this process listens; null while another process of the same ledger has the port. */
  readonly url: () => string | null;
  stop(): Promise<void>;
}

/** How whoever drives hears of callbacks. */
export interface CallbackWaker {
  /** The worker of this process, if any, looks into the ledger. */
  poke(): void;
  /** Signals the batch's workflow, and starts it where it had ended. */
  drive(batch: DrivenBatch): Promise<void>;
}

const WAKE_EVERY_MS = 2_000;
/** A pass that is under way looks several times a second: only what it leaves for so long needs a signal. */
const UNSEEN_MS = 1_500;
/** A batch that does not take what is there is signalled ever more rarely. */
const SIGNAL_AGAIN_MS = 10_000;
const SIGNAL_AT_LEAST_EVERY_MS = 600_000;
const TAKE_PORT_EVERY_MS = 5_000;

/**
 * Hosts the receiver until `stop`: stores what comes, lets waits for callbacks run, and wakes batches whose lanes sleep or
 * are closed. A second command on the same ledger leaves the port to the first and takes it when that one ends.
 * OperationError exit 2 when something else has the port.
 */
export async function serveCallbacks(
  ctx: Context,
  ledger: Ledger,
  waker: CallbackWaker,
  at: { readonly port: number; readonly host: string } = ctx.config.web,
): Promise<ServedCallbacks> {
  const { log, starters } = ctx.options;
  const intake = new CallbackIntake({ ledger, onNews: () => waker.poke(), log });
  let receiver: RunningReceiver | null = null;
  const listen = async (): Promise<void> => {
    receiver = await starters.startReceiver({
      port: at.port,
      host: at.host,
      store: (message) => intake.receive(message),
      health: () => health(ledger),
    });
    await ledger.write((tx, nowMs) => beatReceiver(tx, nowMs));
  };
  await listen().catch(async (error: unknown) => {
    if (await servedByAnother(at, ledger.ledger8)) return;
    throw cannotListen(at, error);
  });
  const signals = new Signals();
  const timers = [
    every(RECEIVER_BEAT_MS, log, async () => {
      if (receiver !== null) await ledger.write((tx, nowMs) => beatReceiver(tx, nowMs));
    }),
    every(WAKE_EVERY_MS, log, () => wake(ctx, ledger, waker, signals)),
    every(TAKE_PORT_EVERY_MS, log, async () => {
      if (receiver === null) await listen().catch(() => undefined);
    }),
  ];
  return {
    url: () => receiver?.url ?? null,
    async stop() {
      for (const stop of timers) stop();
      await receiver?.close();
      await intake.close();
    },
  };
}

async function health(ledger: Ledger): Promise<{ ok: boolean; ledger: string }> {
  const ok = await ledger.db
    .selectFrom('ledger_meta')
    .select('name')
    .limit(1)
    .executeTakeFirst()
    .then(
      () => true,
      () => false,
    );
  return { ok, ledger: ledger.ledger8 };
}

/** Messages that nobody has looked at: their batch is signalled, at first soon, then ever more rarely. */
async function wake(ctx: Context, ledger: Ledger, waker: CallbackWaker, signals: Signals): Promise<void> {
  const nowMs = await ledger.now();
  const batches = await batchesToWake(ledger.db, nowMs - UNSEEN_MS, nowMs);
  signals.forgetOthers(batches.map((batch) => batch.id));
  for (const batch of batches) {
    if (!signals.due(batch.id)) continue;
    if (!ctx.rehearsal && !Object.hasOwn(ctx.config.accounts, batch.account)) continue;
    await holdUnasked(ledger, batch);
    const { requestTimeoutMs } = ctx.accountConfig(ctx.rehearsal ? null : batch.account);
    await waker.drive({ ...batch, requestTimeoutMs });
  }
}

/** A batch whose round had ended is woken to bind and collect what a callback names; nobody asked it to spend. */
async function holdUnasked(ledger: Ledger, batch: { readonly id: string; readonly account: string }): Promise<void> {
  const row = await ledger.db.selectFrom('batches').select('state').where('id', '=', batch.id).executeTakeFirst();
  if (row === undefined || row.state === 'running') return;
  const held = (await gatesOfBatch(ledger.db, batch.id, batch.account)).some((gate) => gate.scope === 'batch');
  const spendable = (await stateCounts(ledger.db, batch.id)).some(
    ({ state }) => state === 'pending' || state === 'analyzing' || state === 'ready',
  );
  if (held || !spendable) return;
  const why = { by: 'callback', reason: 'woken by a callback after its round had ended', orphaned: false };
  await ledger.write((tx, nowMs) => stopSpending(tx, { batch: batch.id, account: batch.account }, why, nowMs));
}

class Signals {
  readonly #next = new Map<string, { atMs: number; gapMs: number }>();

  due(batch: string): boolean {
    const last = this.#next.get(batch);
    const nowMs = performance.now();
    if (last !== undefined && nowMs < last.atMs) return false;
    const gapMs = last === undefined ? SIGNAL_AGAIN_MS : Math.min(last.gapMs * 2, SIGNAL_AT_LEAST_EVERY_MS);
    this.#next.set(batch, { atMs: nowMs + gapMs, gapMs });
    return true;
  }

  forgetOthers(batches: readonly string[]): void {
    for (const batch of this.#next.keys()) if (!batches.includes(batch)) this.#next.delete(batch);
  }
}

/** Runs `job` again and again, one at a time; a failure is logged and tried again. Returns what ends it. */
function every(gapMs: number, log: Context['options']['log'], job: () => Promise<void>): () => void {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void job()
      .catch((error: unknown) => log('callbacks: a step failed', { error: String(error) }))
      .finally(() => (busy = false));
  }, gapMs);
  return () => clearInterval(timer);
}

/** Whether a receiver of this very ledger answers there. */
async function servedByAnother(
  at: { readonly port: number; readonly host: string },
  ledger8: string,
): Promise<boolean> {
  if (at.port === 0) return false;
  const host = at.host === '0.0.0.0' || at.host === '::' ? '127.0.0.1' : at.host;
  try {
    const answer = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${at.port}/health`, {
      signal: AbortSignal.timeout(2_000),
      redirect: 'error',
    });
    const said = (await answer.json()) as { readonly ledger?: unknown };
    return said.ledger === ledger8;
  } catch {
    return false;
  }
}

function cannotListen(at: { readonly port: number; readonly host: string }, error: unknown): OperationError {
  const said = error instanceof Error ? error.message : String(error);
  return new OperationError(
    EXIT.usage,
    {
      message: `the callback receiver cannot listen on ${at.host}:${at.port}: ${said}`,
      charged: NOTHING_CHARGED,
      next: 'set web.port in headswap.yaml (or --port) to a free port that public_url leads to, or remove public_url',
    },
    { cause: error },
  );
}
