import { SpanKind, trace } from '@opentelemetry/api';
import type { CreateOutcome } from '../akool/outcome.ts';
import type { PreparedCreate } from '../akool/client.ts';
import type { CreateRequest } from '../akool/wire.ts';
import type { ItemReason } from '../ledger/attempt-row.ts';
import { closeGate } from '../ledger/gates.ts';
import { readCreateJob, type CreateJob } from '../ledger/create-job.ts';
import { noteCalledBack } from '../ledger/uncertain-wait.ts';
import { releaseAttempt, type AfterRelease } from '../ledger/release-attempt.ts';
import { permitCreate, type Permit } from '../ledger/send-permit.ts';
import type { Mapping } from '../schemas/manifest-item.ts';
import type { UnboundTask } from '../schemas/workflow-inputs.ts';
import { consentRanOut } from './consent-now.ts';
import { refuseCreate, writeOutcome, type CreateDependencies } from './create-outcome.ts';
import { servedAccount, type ActivityDependencies, type ServedAccount } from './dependencies.ts';
import { HeldAnswers } from './held-answers.ts';
import { journalOutcome, journalReserve, NOT_CREATED } from './journal-lines.ts';

/** A permit older than this when it is heard of is not used: the process or the machine was suspended (design D6). */
const PERMIT_GOOD_FOR_MS = 2_000;

/**
 * Creates the paid task of one reserved attempt: the only place that spends money. Opens the connection, takes the permit
 * (which is the compare-and-set to *sending*), writes the first byte in the same tick, and writes the outcome down before
 * it returns. Starting it twice is harmless; it is never retried, and whatever it throws decides nothing.
 *
 * Returns a task id that could not be written down, for `bind` to write; null otherwise.
 */
export function createCreateTask(deps: ActivityDependencies, held = new HeldAnswers(deps.stopping)) {
  const atWork = new Set<number>();
  return async function createTask(attempt: number): Promise<UnboundTask | null> {
    // One at a time per attempt in a process, so that a row which names it as sender means this call and no other.
    if (atWork.has(attempt)) return null;
    atWork.add(attempt);
    try {
      return await create({ deps, held }, attempt);
    } finally {
      atWork.delete(attempt);
    }
  };
}

async function create(around: CreateDependencies, attempt: number): Promise<UnboundTask | null> {
  const { deps } = around;
  const job = await readCreateJob(deps.ledger.db, attempt);
  if (job === null || job.state !== 'reserved') return null;
  const account = servedAccount(deps, job.account);
  await deps.at('after-reserve');
  const ranOut = await consentRanOut(deps, job);
  if (ranOut !== null) {
    await withoutConsent(deps, job, ranOut);
    return null;
  }
  const connection = await account.client.prepareCreate();
  if (connection.kind === 'refused') {
    await refuseCreate(around, account, job, 'reserved', connection);
    return null;
  }
  const unwritten = await journalReserve(deps, job.journalled);
  if (unwritten !== null) {
    connection.discard();
    await holdUnjournalled(deps, job, unwritten);
    return null;
  }
  const permit = await takePermit(deps, account, job).catch(async (error: unknown) => {
    connection.discard();
    await takeBackUnheard(around, job);
    throw error;
  });
  if (permit.kind !== 'go') {
    connection.discard();
    await release(deps, job, permit);
    return null;
  }
  // Nothing is awaited between hearing of the permit and the first byte.
  if (tooOld(permit) || !connection.usable) {
    connection.discard();
    await takeBack(around, job);
    return null;
  }
  const outcome = await send(deps, connection, job);
  deps.wakeUps.poke();
  await deps.at('after-answer');
  const unbound = await writeOutcome(around, account, job, outcome);
  await deps.at('after-bind');
  deps.wakeUps.poke();
  return unbound;
}

/** A permit with both clocks of the moment it was given. */
type TimedPermit = Permit & { readonly wallMs: number; readonly steadyMs: number };

function takePermit(
  deps: ActivityDependencies,
  account: ServedAccount,
  job: CreateJob,
): Promise<TimedPermit | { readonly kind: 'given-up' }> {
  return deps.turns.take(
    { name: `create/${job.account}`, perSecond: account.settings.createPerSecond },
    () =>
      deps.ledger.write(async (tx, nowMs) => {
        const clocks = { wallMs: Date.now(), steadyMs: performance.now() };
        const permit = await permitCreate(tx, job.attempt, job.account, deps.owner, nowMs);
        if (permit.kind === 'go' && deps.callbackBase !== null) await noteCalledBack(tx, job.attempt);
        return { ...permit, ...clocks };
      }),
    deps.stopping,
  );
}

function tooOld(permit: TimedPermit): boolean {
  return Date.now() - permit.wallMs > PERMIT_GOOD_FOR_MS || performance.now() - permit.steadyMs > PERMIT_GOOD_FOR_MS;
}

/** The first byte leaves in the tick that heard of the commit: nothing is awaited before `write`. */
async function send(deps: ActivityDependencies, connection: PreparedCreate, job: CreateJob): Promise<CreateOutcome> {
  const span = trace.getTracer('headswap-fleet').startSpan('vendor create', { kind: SpanKind.CLIENT });
  const answered = connection.write({
    video_url: job.videoUrl,
    mappings: (JSON.parse(job.mappings) as Mapping[]).map((m) => ({ obj_id: m.objId, img_url: m.url })),
    // Manifests allow listed models only; what a ledger of a later version holds is the vendor's to refuse.
    model_name: job.model as CreateRequest['model_name'],
    resolution: job.resolution,
    keep_original_sound: job.sound === 1,
    ...(job.template === null ? {} : { template_id: job.template }),
    ...(deps.callbackBase === null ? {} : { webhookUrl: `${deps.callbackBase}/callback/${job.token}` }),
  });
  deps.counters.count('headswap_creates_sent');
  await deps.at('after-first-byte');
  const outcome = await answered;
  span.setAttribute('headswap.outcome', outcome.kind).end();
  return outcome;
}

/** How long creates wait before the store is looked at again. */
const STORE_PROBE_MS = 15_000;

/** Without its line nothing is sent: the claim goes back, and creates wait until the store takes files again. */
async function holdUnjournalled(deps: ActivityDependencies, job: CreateJob, why: Error): Promise<void> {
  deps.log.warn('a create was not sent: the journal could not be written', { attempt: job.attempt });
  await deps.ledger.write(async (tx, nowMs) => {
    const after: AfterRelease = { kind: 'again', nextAtMs: 0 };
    if (!(await releaseAttempt(tx, job.attempt, 'reserved', { code: 'journal', after }, nowMs))) return;
    await closeGate(
      tx,
      { scope: 'account', owner: job.account },
      {
        name: 'disk',
        code: 'D105',
        reason: why.message,
        reopens: 'by itself when the store takes files again',
        probeAtMs: nowMs + STORE_PROBE_MS,
      },
      nowMs,
    );
  });
}

/** Never sent, and this item never will be as its row stands. */
async function withoutConsent(deps: ActivityDependencies, job: CreateJob, reason: ItemReason): Promise<void> {
  deps.log.warn('a create was not sent: a consent that is required is missing or over', { attempt: job.attempt });
  const why = { code: reason.code, after: { kind: 'fail-own', reason } } as const;
  await deps.ledger.write((tx, nowMs) => releaseAttempt(tx, job.attempt, 'reserved', why, nowMs));
  deps.wakeUps.poke();
}

/** Never sent: the claim goes back; its item may be claimed again when the gate opens. */
async function release(deps: ActivityDependencies, job: CreateJob, permit: { readonly kind: string }): Promise<void> {
  if (permit.kind === 'gone') return;
  const released = await deps.ledger.write((tx, nowMs) =>
    releaseAttempt(tx, job.attempt, 'reserved', { code: permit.kind, after: { kind: 'again', nextAtMs: 0 } }, nowMs),
  );
  if (released) journalOutcome(deps, job.journalled, NOT_CREATED);
}

async function takeBack({ deps, held }: CreateDependencies, job: CreateJob): Promise<void> {
  deps.log.warn('a create was taken back unsent: its permit was heard of too late', { attempt: job.attempt });
  const why = { code: 'permit-too-old', after: { kind: 'again', nextAtMs: 0 } } as const;
  await held.write(job.attempt, async () => {
    const released = await deps.ledger.write((tx, nowMs) => releaseAttempt(tx, job.attempt, 'sending', why, nowMs));
    if (released) journalOutcome(deps, job.journalled, NOT_CREATED);
  });
}

/**
 * The ledger went away while the permit was asked for: it may have been given, and nothing was sent for it. Read back rather
 * than guessed, since a row left *sending* would be called uncertain (fault row 19).
 */
async function takeBackUnheard({ deps, held }: CreateDependencies, job: CreateJob): Promise<void> {
  await held.write(job.attempt, async () => {
    const released = await deps.ledger.write(async (tx, nowMs) => {
      const row = await tx.selectFrom('attempts').select('owner').where('id', '=', job.attempt).executeTakeFirst();
      if (row?.owner !== deps.owner) return false;
      const why = { code: 'permit-unheard', after: { kind: 'again', nextAtMs: 0 } } as const;
      return releaseAttempt(tx, job.attempt, 'sending', why, nowMs);
    });
    if (released) journalOutcome(deps, job.journalled, NOT_CREATED);
  });
}
