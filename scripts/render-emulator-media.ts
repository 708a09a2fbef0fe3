/**
 * Renders the emulator's media into `emulator/assets/`: two MP4 files that really play and six person previews. Run by
 * hand when they should change; the results are committed, so that nothing needs sharp at run time.
 *
 *     node scripts/render-emulator-media.ts
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { BufferTarget, EncodedPacket, EncodedVideoPacketSource, Mp4OutputFormat, Output } from 'mediabunny';
import sharp from 'sharp';

const SECONDS = 10;
const HUES = [210, 20, 130, 285, 50, 340];
const folder = new URL('../emulator/assets/', import.meta.url);

await mkdir(folder, { recursive: true });
for (const [name, width, height] of [
  ['480p', 854, 480],
  ['720p', 1280, 720],
] as const) {
  await save(`output-${name}.mp4`, await renderVideo(width, height));
}
for (const [person, hue] of HUES.entries()) await save(`person-${person}.webp`, await renderPerson(hue, person));

/** One AV1 key frame a second, each the payload of a still AVIF picture. */
async function renderVideo(width: number, height: number): Promise<Uint8Array> {
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target });
  const source = new EncodedVideoPacketSource('av1');
  output.addVideoTrack(source, { frameRate: 1 });
  await output.start();
  for (let second = 0; second < SECONDS; second += 1) {
    const frame = mediaData(
      await sharp(Buffer.from(frameSvg(width, height, second)))
        .avif({ effort: 0, quality: 20, chromaSubsampling: '4:2:0' })
        .toBuffer(),
    );
    await source.add(new EncodedPacket(frame, 'key', second, 1), {
      decoderConfig: { codec: 'av01.0.05M.08', codedWidth: width, codedHeight: height },
    });
  }
  await output.finalize();
  if (target.buffer === null) throw new Error('the muxer gave no file');
  return new Uint8Array(target.buffer);
}

function frameSvg(width: number, height: number, second: number): string {
  // Plain rectangles on a grid of 64: a few hundred bytes a frame.
  const x = 64 * (1 + second);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <rect width="100%" height="100%" fill="#20304a"/><rect x="${x}" y="192" width="64" height="128" fill="#e8b04a"/></svg>`;
}

async function renderPerson(hue: number, person: number): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="160"><rect width="160" height="160" fill="hsl(${hue},35%,85%)"/>
    <circle cx="80" cy="62" r="${30 + person}" fill="hsl(${hue},45%,45%)"/><ellipse cx="80" cy="150" rx="58" ry="48" fill="hsl(${hue},45%,35%)"/></svg>`;
  return sharp(Buffer.from(svg)).webp({ quality: 60 }).toBuffer();
}

/** The payload of the `mdat` box of an AVIF file. */
function mediaData(avif: Buffer): Uint8Array {
  for (let at = 0; at < avif.length;) {
    const size = avif.readUInt32BE(at);
    if (avif.toString('latin1', at + 4, at + 8) === 'mdat') return avif.subarray(at + 8, at + size);
    at += size;
  }
  throw new Error('an AVIF file without mdat');
}

async function save(name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(new URL(name, folder), bytes);
  console.log(`${fileURLToPath(new URL(name, folder))}: ${bytes.length} bytes`);
}
