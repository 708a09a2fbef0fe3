import { createHash } from 'node:crypto';
import { BufferSource, Input, MP4 } from 'mediabunny';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { startEmulator, type RunningEmulator } from '../../emulator/start.ts';
import { FACE, FleetOfOne } from './fleet-of-one.ts';
import { HandClock } from './hand-clock.ts';

const DAY_MS = 86_400_000;
let emulator: RunningEmulator;
let fleet: FleetOfOne;
let clock: HandClock;

beforeEach(async () => {
  clock = new HandClock();
  emulator = await startEmulator({ clock, analysisMs: 0, taskMs: 0 });
  fleet = new FleetOfOne(emulator.url);
});
afterEach(async () => {
  await fleet.close();
  await emulator.close();
});

async function output(resolution: '480p' | '720p', face = FACE): Promise<{ id: string; url: string; bytes: Buffer }> {
  const id = await fleet.created({ resolution, mappings: [{ obj_id: 0, img_url: face }] });
  const url = (await fleet.finished(id)).outputUrl ?? '';
  return { id, url, bytes: Buffer.from(await (await fetch(url)).arrayBuffer()) };
}

describe('outputs', () => {
  beforeEach(() => fleet.analyse());

  test.each([
    ['480p', 854, 480],
    ['720p', 1280, 720],
  ] as const)('a %s output is an MP4 with a video track of ten seconds', async (resolution, width, height) => {
    const { bytes } = await output(resolution);
    const input = new Input({ source: new BufferSource(bytes), formats: [MP4] });
    const track = await input.getPrimaryVideoTrack();
    expect(track?.codec).toBe('av1');
    expect([track?.displayWidth, track?.displayHeight]).toEqual([width, height]);
    expect(await input.computeDuration()).toBeCloseTo(10, 1);
  });

  test('every task has bytes of its own, and the book has their digest', async () => {
    const [first, second] = [await output('720p'), await output('720p', `${FACE}?2`)];
    const digests = [first, second].map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
    expect(digests[0]).not.toBe(digests[1]);
    const booked = emulator.book.settlements().map(({ id, sha256, bytes }) => [id, sha256, bytes]);
    expect(booked).toEqual([first, second].map(({ id, bytes }, n) => [id, digests[n], bytes.length]));
  });

  test('a range is a part', async () => {
    const { url, bytes } = await output('480p');
    const part = await fetch(url, { headers: { range: 'bytes=100-' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 100-${bytes.length - 1}/${bytes.length}`);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100))).toBe(true);
    expect((await fetch(url, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
    expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe(String(bytes.length));
  });

  test('a link dies after seven days', async () => {
    const { url } = await output('480p');
    clock.advance(7 * DAY_MS - 1);
    expect((await fetch(url)).status).toBe(200);
    clock.advance(1);
    expect((await fetch(url)).status).toBe(403);
  });
});

test('previews are pictures', async () => {
  const { people } = await fleet.analyse('https://media.example.com/crowd-6p.mp4');
  expect(people).toHaveLength(6);
  for (const { previewUrl } of people) {
    const bytes = Buffer.from(await (await fetch(previewUrl)).arrayBuffer());
    expect((await sharp(bytes).metadata()).format).toBe('webp');
  }
});

test('sample inputs exist', async () => {
  expect((await fetch(`${emulator.url}/media/samples/videos/plate.mp4`)).headers.get('content-type')).toBe('video/mp4');
  expect((await fetch(`${emulator.url}/media/samples/faces/ana.webp`)).headers.get('content-type')).toBe('image/webp');
});

test('an output that is not there yet, or never was, is 404', async () => {
  expect((await fetch(`${emulator.url}/media/outputs/${'f'.repeat(24)}.mp4`)).status).toBe(404);
});
