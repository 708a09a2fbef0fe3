/** Outer elements of Matroska and WebM files (RFC 9559, RFC 8794). */
import { notVideo, type ContainerCheck } from './container-verdict.ts';
import type { ByteSource } from './output-store.ts';

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const CLUSTER = 0x1f43b675;
const DOC_TYPE = 0x4282;
const MAX_ELEMENTS = 200_000;

const broken = (reason: string) => notVideo('broken', reason);
const truncated = (reason: string) => notVideo('truncated', reason);

interface Element {
  readonly id: number;
  /** First byte after id and size. */
  readonly start: number;
  /** Null: unknown, up to the end (live recordings). */
  readonly bytes: number | null;
}

export async function checkWebm(file: ByteSource): Promise<ContainerCheck> {
  const header = await elementAt(file, 0);
  if (header?.id !== EBML || header.bytes === null) return broken('its header is damaged');
  if (!(await isMatroska(file, header.start, header.bytes)))
    return broken('its header names neither webm nor matroska');
  const segment = await elementAt(file, header.start + header.bytes);
  if (segment === null) return truncated('it ends after its header');
  if (segment.id !== SEGMENT) return broken('it has no segment');
  const end = segment.bytes === null ? file.bytes : segment.start + segment.bytes;
  if (end > file.bytes) return truncated(`${end - file.bytes} bytes are missing at its end`);
  return checkClusters(file, segment.start, end);
}

/** At least one cluster, and every child of a segment of known length fits into it. */
async function checkClusters(file: ByteSource, start: number, end: number): Promise<ContainerCheck> {
  let clusters = 0;
  let offset = start;
  for (let count = 0; offset < end && count < MAX_ELEMENTS; count += 1) {
    const element = await elementAt(file, offset);
    if (element === null) return truncated('it ends in the middle of an element');
    if (element.id === CLUSTER) clusters += 1;
    if (element.bytes === null) break;
    offset = element.start + element.bytes;
    if (offset > end) return truncated('it ends in the middle of an element');
  }
  return clusters === 0 ? truncated('it holds no media (cluster)') : { kind: 'video', media: 'video/webm' };
}

async function isMatroska(file: ByteSource, start: number, bytes: number): Promise<boolean> {
  for (let offset = start; offset < start + bytes;) {
    const element = await elementAt(file, offset);
    if (element === null || element.bytes === null) return false;
    if (element.id === DOC_TYPE) {
      const name = Buffer.from(await file.read(element.start, Math.min(16, element.bytes))).toString('latin1');
      return /^(webm|matroska)\0*$/.test(name);
    }
    offset = element.start + element.bytes;
  }
  return false;
}

async function elementAt(file: ByteSource, offset: number): Promise<Element | null> {
  const head = await file.read(offset, 12);
  const idLength = lengthOf(head[0], 4);
  const sizeLength = idLength === null ? null : lengthOf(head[idLength], 8);
  if (idLength === null || sizeLength === null || head.length < idLength + sizeLength) return null;
  const id = head.subarray(0, idLength).reduce((value, byte) => value * 256 + byte, 0);
  const first = (head[idLength] ?? 0) & ((1 << (8 - sizeLength)) - 1);
  const rest = head.subarray(idLength + 1, idLength + sizeLength);
  const unknown = first === (1 << (8 - sizeLength)) - 1 && rest.every((byte) => byte === 0xff);
  const bytes = rest.reduce((value, byte) => value * 256 + byte, first);
  if (!unknown && bytes > Number.MAX_SAFE_INTEGER) return null;
  return { id, start: offset + idLength + sizeLength, bytes: unknown ? null : bytes };
}

/** How many bytes a number takes, from the leading zeros of its first byte. */
function lengthOf(byte: number | undefined, most: number): number | null {
  if (byte === undefined || byte === 0) return null;
  const length = Math.clz32(byte) - 23;
  return length <= most ? length : null;
}
