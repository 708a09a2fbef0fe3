import pLimit from 'p-limit';
import { createEgress } from '../egress/fetch-checked.ts';
import type { Manifest } from '../schemas/manifest-item.ts';

export interface UnreachableUrl {
  readonly url: string;
  readonly problem: string;
}

const AT_ONCE = 8;
const TIMEOUT_MS = 10_000;
const LARGEST_VIDEO_BYTES = 5_000_000_000;

/** Asks for one byte of each distinct video and face from here. What the vendor can reach may differ; bodies are not read. */
export async function checkUrls(manifest: Manifest, allowPrivate: boolean): Promise<UnreachableUrl[]> {
  const faces = manifest.items.flatMap(({ swap }) => {
    if (swap.kind === 'only' || swap.kind === 'all') return [swap.face.url];
    return swap.kind === 'by-number' ? swap.people.flatMap(({ face }) => (face === null ? [] : [face.url])) : [];
  });
  const urls = [...new Set([...manifest.items.map((item) => item.video), ...faces])];
  const egress = createEgress();
  const limit = pLimit(AT_ONCE);
  try {
    const found = await Promise.all(
      urls.map((url) =>
        limit(async () => {
          const answer = await egress.fetchChecked(url, {
            maxBytes: LARGEST_VIDEO_BYTES,
            timeoutMs: TIMEOUT_MS,
            range: { start: 0, end: 0 },
            allowPrivate,
          });
          if (answer.kind !== 'ok')
            return { url, problem: answer.kind === 'http' ? `answers HTTP ${answer.status}` : answer.reason };
          answer.body.destroy();
          return null;
        }),
      ),
    );
    return found.filter((problem) => problem !== null);
  } finally {
    await egress.close();
  }
}
