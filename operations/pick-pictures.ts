import { readFile } from 'node:fs/promises';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { createEgress, type Egress } from '../egress/fetch-checked.ts';
import { fetchPreview } from '../egress/preview.ts';
import { picturesOf } from '../ledger/pictures.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Context } from './context.ts';

const AT_ONCE = 6;
const TIMEOUT_MS = 5_000;
const TOTAL_MS = 60_000;
const SIDE = 168;
const QUALITY = 72;
/** A picture may come from anybody: one of more pixels than this is not opened. */
const MOST_PIXELS = 40_000_000;

/** Small pictures as data URIs by their URL: from the copies beside the outputs, else fetched. One that cannot be had is left out. */
export async function pickPictures(
  ctx: Context,
  ledger: Ledger,
  batch: string,
  urls: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const kept = new Map((await picturesOf(ledger.db, batch)).map((picture) => [picture.url, picture.file]));
  const egress = createEgress();
  const limit = pLimit(AT_ONCE);
  const until = performance.now() + TOTAL_MS;
  try {
    const found = await Promise.all(
      [...new Set(urls)].map((url) =>
        limit(async (): Promise<[string, string] | null> => {
          const bytes =
            (await copyOf(ctx, kept.get(url) ?? null)) ??
            (performance.now() > until ? null : await fetched(ctx, egress, url));
          const uri = bytes === null ? null : await small(bytes);
          return uri === null ? null : [url, uri];
        }),
      ),
    );
    return new Map(found.filter((pair) => pair !== null));
  } finally {
    await egress.close();
  }
}

async function copyOf(ctx: Context, key: string | null): Promise<Uint8Array | null> {
  const path = key === null ? null : ctx.store().pathOf(key);
  return path === null ? null : readFile(path).catch(() => null);
}

async function fetched(ctx: Context, egress: Egress, url: string): Promise<Uint8Array | null> {
  if (!URL.canParse(url)) return null;
  const allowPrivate = ctx.config.allowPrivateHosts || new URL(url).host === ctx.emulatorHost();
  const found = await fetchPreview(egress, url, { allowPrivate, timeoutMs: TIMEOUT_MS }).catch(() => null);
  return found?.kind === 'picture' ? found.bytes : null;
}

/** Small enough that a sheet of hundreds of people stays a file that can be mailed; without the camera's notes. */
async function small(bytes: Uint8Array): Promise<string | null> {
  try {
    const picture = sharp(bytes, { limitInputPixels: MOST_PIXELS })
      .rotate()
      .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: QUALITY });
    return `data:image/jpeg;base64,${(await picture.toBuffer()).toString('base64')}`;
  } catch {
    return null;
  }
}
