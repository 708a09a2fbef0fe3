import { Readable } from 'node:stream';
import type { Egress } from '../../egress/fetch-checked.ts';
import { EgressError, networkFailed, type FetchOutcome } from '../../egress/outcome.ts';
import { outputOf, previewOf, type Media } from '../../emulator/media.ts';
import { statusAt } from '../../emulator/records.ts';
import type { FaultDice } from './fault-dice.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimVendor } from './sim-vendor.ts';

/** Outputs and previews of the vendor, as one process fetches them. */
export function simEgress(vendor: SimVendor, process: SimProcess, dice: FaultDice): Egress {
  return {
    async fetchChecked(url) {
      await process.sleep(dice.between(5, 120));
      return fetched(vendor, dice, new URL(url));
    },
    postChecked: () => Promise.reject(new Error('nothing is posted in a simulation')),
    close: () => Promise.resolve(),
  };
}

function fetched(vendor: SimVendor, dice: FaultDice, url: URL): FetchOutcome {
  if (vendor.down) return networkFailed('connect', 'no connection (ECONNREFUSED)');
  const [, , kind, name = '', file = ''] = url.pathname.split('/');
  if (kind === 'previews') {
    const person = vendor.state.anyAnalysis(name)?.people[Number.parseInt(file, 10)];
    if (person === undefined || dice.happens('preview: gone')) return gone(404);
    return whole(url, previewOf(person));
  }
  if (kind !== 'outputs') return gone(404);
  const task = vendor.state.anyTask(name.replace(/\.mp4$/u, ''));
  if (task === null || statusAt(task, vendor.nowMs()) !== 3) return gone(404);
  if (url.origin !== vendor.origin()) return gone(403);
  return output(url, outputOf(task), dice);
}

function output(url: URL, media: Media, dice: FaultDice): FetchOutcome {
  const fault = dice.oneOf([
    'download: no connection',
    'download: cut',
    'download: empty',
    'download: a web page',
    'download: 403',
    'download: 503',
  ]);
  switch (fault) {
    case null:
      return whole(url, media);
    case 'download: no connection':
      return networkFailed('connect', 'no connection (ECONNRESET)');
    case 'download: cut':
      return ok(url, media.bytes.length, Readable.from(cutAfterHalf(media.bytes)));
    case 'download: empty':
      return ok(url, null, Readable.from([]));
    case 'download: a web page':
      return ok(url, null, Readable.from([Buffer.from('<html><body>Sign in to continue</body></html>')]));
    case 'download: 403':
      return gone(403);
    case 'download: 503':
      return gone(503);
  }
}

async function* cutAfterHalf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes.subarray(0, bytes.length >> 1));
  throw new EgressError(networkFailed('closed', 'the connection broke'));
}

function whole(url: URL, media: Media): FetchOutcome {
  return ok(url, media.bytes.length, Readable.from([media.bytes]));
}

function ok(url: URL, bytes: number | null, body: Readable): FetchOutcome {
  return { kind: 'ok', status: 200, headers: {}, bytes, url: url.href, body };
}

function gone(status: number): FetchOutcome {
  return { kind: 'http', status, retryAfterMs: null };
}
