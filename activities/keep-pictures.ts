import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import { fetchPreview } from '../egress/preview.ts';
import { missingPictures, recordPicture } from '../ledger/pictures.ts';
import type { ActivityDependencies } from './dependencies.ts';

const PICTURES_AT_ONCE = 6;
const TIMEOUT_MS = 5_000;
/** A round's end waits this long for pictures at most: they decorate the report, they decide nothing. */
const TOTAL_MS = 20_000;

/**
 * Keeps copies of the preview and face pictures of a batch beside its outputs, so that the report opens without asking
 * anybody. A dead or hostile picture is noted and not asked for again; nothing here can fail an item or a round.
 */
export function createKeepPictures(deps: ActivityDependencies) {
  return async function keepPictures(batch: string): Promise<void> {
    const until = performance.now() + TOTAL_MS;
    const limit = pLimit(PICTURES_AT_ONCE);
    const urls = await missingPictures(deps.ledger.db, batch);
    await Promise.all(
      urls.map((url) =>
        limit(async () => {
          if (performance.now() > until || deps.stopping()) return;
          const file = await keep(deps, batch, url);
          await deps.ledger.write((tx, nowMs) => recordPicture(tx, { batch, url, file, at: nowMs }));
        }),
      ),
    );
  };
}

/** The storage key of the copy; null when there is none to be had. */
async function keep(deps: ActivityDependencies, batch: string, url: string): Promise<string | null> {
  try {
    const allowPrivate = deps.allowPrivateHosts || new URL(url).host === deps.allowedHost;
    const found = await fetchPreview(deps.egress, url, {
      allowPrivate,
      timeoutMs: TIMEOUT_MS,
      signal: deps.stopSignal,
    });
    if (found.kind !== 'picture') return null;
    const name = createHash('sha256').update(found.bytes).digest('hex').slice(0, 20);
    const key = `${batch}/pictures/${name}.${found.extension}`;
    await deps.store.put(key, oneChunk(found.bytes));
    return key;
  } catch {
    return null;
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
