import { heartbeat } from '@temporalio/activity';
import pLimit from 'p-limit';
import {
  COLLECT_TOUCH_MS,
  failCollect,
  finishCollect,
  postponeCollect,
  renewLink,
  startCollect,
  touchCollect,
  type CollectJob,
} from '../ledger/collect-steps.ts';
import { closeGate } from '../ledger/gates.ts';
import { freeCollects } from '../ledger/sweep.ts';
import { reasonOf, type FailureCodeName } from '../schemas/failure-codes.ts';
import { servedAccount, type ActivityDependencies } from './dependencies.ts';
import { download, type Downloaded } from './download-output.ts';
import { outputKey } from '../schemas/output-version.ts';
import { waitMs } from './refusals.ts';

const DOWNLOADS_AT_ONCE = 4;
const HEARTBEAT_MS = 5_000;
/** A link counts as gone after this long of 403, 404 or 410, re-read from the task's detail each time (design D9). */
const GONE_AFTER_MS = 10 * 60_000;
const DISK_PROBE_MS = 5_000;

/**
 * Fetches, checks, hashes and stores the outputs of some items; one that fails is tried again later by its own row and
 * never holds up the others, nor creates anything anew.
 */
export function createCollectOutputs(deps: ActivityDependencies) {
  const limit = pLimit(DOWNLOADS_AT_ONCE);
  // The row lets the same process in again, for what an earlier activity of it left behind; at one time only one may be.
  const inHand = new Set<number>();
  const once = async (item: number): Promise<void> => {
    if (inHand.has(item)) return;
    inHand.add(item);
    const touch = setInterval(() => void stillMine(deps, item), COLLECT_TOUCH_MS);
    try {
      await collect(deps, item);
    } catch (error) {
      // Its row would name this process until somebody notices; best let go of it now.
      await deps.ledger.write((tx, nowMs) => freeCollects(tx, [item], nowMs)).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(touch);
      inHand.delete(item);
    }
  };
  return async function collectOutputs(items: readonly number[]): Promise<void> {
    const beat = setInterval(() => heartbeat(), HEARTBEAT_MS);
    try {
      await Promise.all(items.map((item) => limit(() => once(item))));
    } finally {
      clearInterval(beat);
      deps.wakeUps.poke();
    }
  };
}

/** A touch that is missed is made up for by the next. */
async function stillMine(deps: ActivityDependencies, item: number): Promise<void> {
  await deps.ledger.write((tx, nowMs) => touchCollect(tx, item, deps.owner, nowMs)).catch(() => undefined);
}

async function collect(deps: ActivityDependencies, item: number): Promise<void> {
  const job = await deps.ledger.write((tx, nowMs) => startCollect(tx, item, deps.owner, nowMs));
  if (job === null) return;
  const reused = await linkReused(deps, job);
  if (reused) return;
  const got = await download(deps, job, outputKey(job.output, job.version));
  await writeDown(deps, job, got);
}

/** An item that follows other work gets its own file at its own path, if that work's file is still what it was. */
async function linkReused(deps: ActivityDependencies, job: CollectJob): Promise<boolean> {
  const { source } = job;
  if (source === null) return false;
  if ((await deps.store.hash(source.file).catch(() => null)) !== source.sha256) return false;
  const key = outputKey(job.output, job.version);
  const stored =
    source.file === key
      ? { bytes: (await deps.store.head(key))?.bytes ?? 0, sha256: source.sha256 }
      : await deps.store.link(source.file, key);
  await deps.ledger.write((tx, nowMs) =>
    finishCollect(
      tx,
      job,
      {
        attempt: job.attempt,
        task: job.task?.id ?? '',
        url: job.task?.url ?? '',
        file: key,
        bytes: stored.bytes,
        sha256: stored.sha256,
        media: 'video/mp4',
      },
      job.attached ? `${source.batch}/${source.item}` : null,
      nowMs,
    ),
  );
  return true;
}

async function writeDown(deps: ActivityDependencies, job: CollectJob, got: Downloaded): Promise<void> {
  switch (got.kind) {
    case 'stored': {
      await deps.at('after-rename');
      const reusedFrom = job.attached ? await ownerOfAttempt(deps, job.attempt) : null;
      await deps.ledger.write((tx, nowMs) =>
        finishCollect(
          tx,
          job,
          {
            attempt: job.attempt,
            task: got.task,
            url: got.url,
            file: got.key,
            bytes: got.bytes,
            sha256: got.sha256,
            media: got.media,
          },
          reusedFrom,
          nowMs,
        ),
      );
      deps.counters.count('headswap_outputs_collected');
      await deps.at('after-record');
      return;
    }
    case 'gone':
      return gone(deps, job, got.message);
    case 'store-unavailable':
      return storeUnavailable(deps, job, got);
    case 'not-a-video':
      return postpone(deps, job, 'D102', got.message, null);
    case 'exists':
      return postpone(deps, job, 'D103', got.message, null);
    case 'failed':
      return postpone(deps, job, 'N103', got.message, null);
    case 'renewed':
      await deps.ledger.write((tx, nowMs) => renewLink(tx, job.account, got.task, got.url, nowMs));
      return postpone(deps, job, 'N103', 'the link was renewed', job.goneSinceMs);
    default:
      got satisfies never;
  }
}

async function ownerOfAttempt(deps: ActivityDependencies, attempt: number): Promise<string | null> {
  const row = await deps.ledger.db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .select(['items.batch', 'items.id'])
    .where('attempts.id', '=', attempt)
    .executeTakeFirst();
  return row === undefined ? null : `${row.batch}/${row.id}`;
}

async function gone(deps: ActivityDependencies, job: CollectJob, message: string): Promise<void> {
  const where = { batch: job.batch, item: job.id };
  await deps.ledger.write(async (tx, nowMs) => {
    const since = job.goneSinceMs ?? nowMs;
    const code = job.attached ? 'D104' : 'N102';
    const reason = reasonOf(code, where, { message });
    if (nowMs - since >= GONE_AFTER_MS || job.task === null) return failCollect(tx, job, reason, nowMs);
    return postponeCollect(
      tx,
      job.item,
      { reason, nextAtMs: nowMs + waitMs(Math.min(job.tries, 4), deps.chance()), goneSinceMs: since },
      nowMs,
    );
  });
}

/** Concerns everybody who stores here: creates wait, nothing fails (faults 70, 71). */
async function storeUnavailable(
  deps: ActivityDependencies,
  job: CollectJob,
  got: { readonly full: boolean; readonly message: string },
): Promise<void> {
  await deps.ledger.write(async (tx, nowMs) => {
    const code = got.full ? 'D101' : 'D105';
    await closeGate(
      tx,
      { scope: 'account', owner: job.account },
      {
        name: 'disk',
        code,
        reason: got.message,
        reopens: 'by itself when the store takes files again',
        probeAtMs: nowMs + DISK_PROBE_MS,
      },
      nowMs,
    );
    const reason = reasonOf(code, { batch: job.batch, item: job.id });
    await postponeCollect(
      tx,
      job.item,
      { reason, nextAtMs: nowMs + DISK_PROBE_MS, goneSinceMs: job.goneSinceMs },
      nowMs,
    );
  });
}

async function postpone(
  deps: ActivityDependencies,
  job: CollectJob,
  code: FailureCodeName,
  message: string,
  goneSinceMs: number | null,
): Promise<void> {
  servedAccount(deps, job.account);
  deps.log.warn('an output could not be collected yet', { item: job.item, code });
  await deps.ledger.write((tx, nowMs) => {
    const reason = reasonOf(code, { batch: job.batch, item: job.id }, { message });
    return postponeCollect(
      tx,
      job.item,
      { reason, nextAtMs: nowMs + waitMs(Math.min(job.tries, 5), deps.chance()) / 2, goneSinceMs },
      nowMs,
    );
  });
}
