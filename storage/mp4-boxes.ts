/** Top-level boxes of ISO base media files (ISO/IEC 14496-12) and QuickTime. */
import { notVideo, type ContainerCheck, type ContainerMedia } from './container-verdict.ts';
import type { ByteSource } from './output-store.ts';

const MAX_BOXES = 200_000;
const broken = (reason: string) => notVideo('broken', reason);
const truncated = (reason: string) => notVideo('truncated', reason);

interface Box {
  readonly type: string;
  readonly bytes: number;
}

/** A whole file has an index (`moov`) and media (`mdat`), and its boxes fill it exactly; rubbish after both is let pass. */
export async function checkMp4(file: ByteSource): Promise<ContainerCheck> {
  const seen = new Set<string>();
  let media: ContainerMedia = 'video/quicktime';
  let offset = 0;
  for (let count = 0; offset < file.bytes && count < MAX_BOXES; count += 1) {
    const complete = seen.has('moov') && seen.has('mdat');
    const box = await boxAt(file, offset);
    if (box === null) {
      if (complete) break;
      return file.bytes - offset < 8 ? truncated('it ends in the middle of a box') : broken(`no box at byte ${offset}`);
    }
    if (offset + box.bytes > file.bytes) {
      const missing = offset + box.bytes - file.bytes;
      return truncated(`it ends in the middle of its "${box.type}" part: ${missing} bytes are missing`);
    }
    if (box.type === 'ftyp') media = await mediaOf(file, offset);
    seen.add(box.type);
    offset += box.bytes;
  }
  if (!seen.has('moov'))
    return seen.has('mdat') ? truncated('its index (moov) is missing') : broken('it has no index (moov)');
  if (!seen.has('mdat')) return truncated('it has an index but no media (mdat)');
  return { kind: 'video', media };
}

async function boxAt(file: ByteSource, offset: number): Promise<Box | null> {
  const head = Buffer.from(await file.read(offset, 16));
  if (head.length < 8) return null;
  const type = head.toString('latin1', 4, 8);
  if (!/^[\x20-\x7E\xA9]{4}$/.test(type)) return null;
  const size = head.readUInt32BE(0);
  if (size === 0) return { type, bytes: file.bytes - offset };
  if (size === 1) {
    if (head.length < 16) return null;
    const large = head.readBigUInt64BE(8);
    return large < 16n || large > BigInt(Number.MAX_SAFE_INTEGER) ? null : { type, bytes: Number(large) };
  }
  return size < 8 ? null : { type, bytes: size };
}

async function mediaOf(file: ByteSource, offset: number): Promise<ContainerMedia> {
  const brand = Buffer.from(await file.read(offset + 8, 4)).toString('latin1');
  return brand === 'qt  ' ? 'video/quicktime' : 'video/mp4';
}
