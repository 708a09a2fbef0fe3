import type { CollectJob } from '../ledger/collect-steps.ts';
import type { FetchOptions } from '../egress/fetch-checked.ts';
import type { FetchFailure, FetchOutcome, Fetched } from '../egress/outcome.ts';
import { contentRangeOf, validatorOf } from '../egress/resumed-body.ts';
import { checkContainer } from '../storage/container-check.ts';
import { StorageError } from '../storage/output-store.ts';
import { servedAccount, type ActivityDependencies } from './dependencies.ts';

/** What came of one try to fetch an output. Messages are ours and free of URLs. */
export type Downloaded =
  | {
      readonly kind: 'stored';
      readonly task: string;
      readonly url: string;
      readonly key: string;
      readonly bytes: number;
      readonly sha256: string;
      readonly media: string;
    }
  /** 403, 404, 410, or no task to ask. */
  | { readonly kind: 'gone'; readonly message: string }
  /** The task's detail gave another link than the one that was gone. */
  | { readonly kind: 'renewed'; readonly task: string; readonly url: string }
  | { readonly kind: 'not-a-video'; readonly message: string }
  | { readonly kind: 'exists'; readonly message: string }
  | { readonly kind: 'store-unavailable'; readonly full: boolean; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** Outputs of up to 20 s of 720p are tens of megabytes. */
const LARGEST_OUTPUT = 4 * 1024 ** 3;
const IDLE_TIMEOUT_MS = 30_000;
const TOTAL_TIMEOUT_MS = 20 * 60_000;
const GONE = new Set([403, 404, 410]);

/**
 * Fetches an item's output into the store. A transfer that was cut goes on where it stopped at the next try, if the server
 * can; the part is named by the task, and the server's validator says whether the bytes are still the same.
 */
export async function download(deps: ActivityDependencies, job: CollectJob, key: string): Promise<Downloaded> {
  const { task } = job;
  if (task === null) return { kind: 'gone', message: 'no task of this item has an output' };
  // A ledger that was rebuilt knows the task and not its link: the journal keeps no URLs.
  if (task.url === null) {
    const url = await linkOf(deps, job, task.id);
    return url === null
      ? { kind: 'gone', message: 'the vendor names no link of the output' }
      : { kind: 'renewed', task: task.id, url };
  }
  try {
    const kept = job.tries > 0 ? await deps.store.partOf(key, task.id) : null;
    const fetched = await fetchFrom(deps, task.url, kept === null || kept.bytes === 0 ? null : kept);
    if (fetched.kind !== 'ok') return await afterFailure(deps, job, task, fetched);
    const goesOn = kept !== null && fetched.status === 206;
    // Other bytes by now, or a server that cannot go on in the middle: what was kept is of no use.
    if (kept !== null && !goesOn) await deps.store.dropParts(key, task.id);
    return await store(deps, task, fetched, { key, kept: goesOn ? kept : null });
  } catch (error) {
    if (error instanceof StorageError) return afterStorageError(error);
    throw error;
  }
}

interface Kept {
  readonly bytes: number;
  readonly validator: string;
}

/** Goes on after what was kept (206) where the server proves that the bytes are still the same; else the whole (200). */
async function fetchFrom(deps: ActivityDependencies, url: string, kept: Kept | null): Promise<FetchOutcome> {
  const get = (more: Pick<FetchOptions, 'range' | 'ifRange'>) =>
    deps.egress.fetchChecked(url, {
      allowPrivate: deps.allowPrivateHosts || new URL(url).host === deps.allowedHost,
      signal: deps.stopSignal,
      maxBytes: LARGEST_OUTPUT,
      timeoutMs: IDLE_TIMEOUT_MS,
      totalMs: TOTAL_TIMEOUT_MS,
      ...more,
    });
  if (kept === null) return get({});
  const rest = await get({ range: { start: kept.bytes }, ifRange: kept.validator });
  switch (rest.kind) {
    case 'ok':
      if (rest.status === 200 || isRestOf(rest, kept)) return rest;
      rest.body.destroy();
      return get({});
    case 'http':
      // 416: nothing comes after what was kept.
      return rest.status === 416 ? get({}) : rest;
    case 'network':
    case 'refused':
      return rest;
    default:
      return rest satisfies never;
  }
}

function isRestOf({ headers }: Fetched, kept: Kept): boolean {
  const start = contentRangeOf(headers['content-range'])?.start;
  return start === kept.bytes && (validatorOf(headers) ?? kept.validator) === kept.validator;
}

async function afterFailure(
  deps: ActivityDependencies,
  job: CollectJob,
  task: { readonly id: string; readonly url: string | null },
  failure: FetchFailure,
): Promise<Downloaded> {
  switch (failure.kind) {
    case 'http': {
      if (!GONE.has(failure.status))
        return { kind: 'failed', message: `the output link answered HTTP ${failure.status}` };
      const url = await linkOf(deps, job, task.id);
      if (url !== null && url !== task.url) return { kind: 'renewed', task: task.id, url };
      return { kind: 'gone', message: `the output link answers HTTP ${failure.status}, and the vendor names no other` };
    }
    case 'refused':
      return { kind: 'failed', message: `the output link may not be fetched: ${failure.reason}` };
    case 'network':
      return { kind: 'failed', message: `the output could not be fetched: ${failure.reason}` };
    default:
      return failure satisfies never;
  }
}

async function linkOf(deps: ActivityDependencies, job: CollectJob, task: string): Promise<string | null> {
  const detail = await servedAccount(deps, job.account).client.taskDetail(task);
  return detail.kind === 'ok' ? detail.value.outputUrl : null;
}

async function store(
  deps: ActivityDependencies,
  task: { readonly id: string; readonly url: string | null },
  fetched: Fetched,
  { key, kept }: { readonly key: string; readonly kept: Kept | null },
): Promise<Downloaded> {
  let media = 'video/mp4';
  const from = kept?.bytes ?? 0;
  const validator = kept?.validator ?? validatorOf(fetched.headers);
  try {
    const body = withPoint(fetched.body, () => deps.at('mid-download'));
    const stored = await deps.store.put(key, body, {
      ...(fetched.bytes === null ? {} : { expectedBytes: from + fetched.bytes }),
      ...(validator === null ? {} : { part: { name: task.id, validator, from } }),
      check: async (file) => {
        const verdict = await checkContainer(file);
        if (verdict.kind === 'video') media = verdict.media;
        return verdict.kind === 'video' ? null : verdict.reason;
      },
    });
    return {
      kind: 'stored',
      task: task.id,
      url: task.url ?? '',
      key,
      bytes: stored.bytes,
      sha256: stored.sha256,
      media,
    };
  } catch (error) {
    fetched.body.destroy();
    if (!(error instanceof StorageError))
      return { kind: 'failed', message: error instanceof Error ? error.message : 'the transfer broke' };
    return afterStorageError(error);
  }
}

/** The same bytes, with the kill point of fault tests once a first part of them is stored. */
async function* withPoint(body: AsyncIterable<Uint8Array>, reached: () => Promise<void>): AsyncIterable<Uint8Array> {
  let first = true;
  for await (const part of body) {
    yield part;
    if (first) await reached();
    first = false;
  }
}

function afterStorageError(error: StorageError): Downloaded {
  switch (error.code) {
    case 'disk-full':
    case 'unavailable':
      return { kind: 'store-unavailable', full: error.code === 'disk-full', message: error.message };
    case 'truncated':
    case 'refused':
      return { kind: 'not-a-video', message: error.message };
    case 'exists':
      return { kind: 'exists', message: error.message };
    case 'bad-key':
    case 'outside':
    case 'missing':
      return { kind: 'failed', message: error.message };
    default:
      return error.code satisfies never;
  }
}
