/** Real, playable films of a few hundred bytes: AV1 still pictures made by sharp, put into a container by mediabunny. */
import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  MovOutputFormat,
  Output,
  WebMOutputFormat,
} from 'mediabunny';
import sharp from 'sharp';

const FORMATS = {
  mp4: () => new Mp4OutputFormat({ fastStart: 'in-memory' }),
  'mp4-index-last': () => new Mp4OutputFormat({ fastStart: false }),
  'mp4-fragmented': () => new Mp4OutputFormat({ fastStart: 'fragmented' }),
  mov: () => new MovOutputFormat({ fastStart: 'in-memory' }),
  webm: () => new WebMOutputFormat(),
} as const;
export type FilmKind = keyof typeof FORMATS;

/** `frames` pictures, a tenth of a second each, in one colour. */
export async function tinyFilm(kind: FilmKind, { frames = 10, colour = '#803020' } = {}): Promise<Buffer> {
  const target = new BufferTarget();
  const output = new Output({ format: FORMATS[kind](), target });
  const source = new EncodedVideoPacketSource('av1');
  output.addVideoTrack(source, { frameRate: 10 });
  await output.start();
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: colour } })
    .avif({ effort: 0, chromaSubsampling: '4:2:0' })
    .toBuffer();
  const data = payloadOf(picture);
  for (let n = 0; n < frames; n += 1) {
    const packet = new EncodedPacket(data, 'key', n / 10, 0.1);
    const meta = { decoderConfig: { codec: 'av01.0.00M.08', codedWidth: 64, codedHeight: 64 } };
    await source.add(packet, n === 0 ? meta : undefined);
  }
  await output.finalize();
  return Buffer.from(target.buffer!);
}

/** The `mdat` of an AVIF picture is one AV1 key frame. */
function payloadOf(avif: Buffer): Buffer {
  for (let offset = 0; offset < avif.length;) {
    const bytes = avif.readUInt32BE(offset);
    if (avif.toString('latin1', offset + 4, offset + 8) === 'mdat') return avif.subarray(offset + 8, offset + bytes);
    offset += bytes;
  }
  throw new Error('no mdat');
}
