import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { quoted, type ValueFault } from './fault.ts';

export type TextEncoding = 'UTF-8' | 'UTF-8 with BOM' | 'UTF-16' | 'UTF-16 big-endian' | 'Windows-1252';

/** A text file on disk whose encoding and digest are known. Small files are held, large ones are read again as a stream. */
export interface SourceFile {
  /** As named by the user, for messages. */
  readonly name: string;
  readonly path: string;
  readonly encoding: TextEncoding;
  readonly sha256: string;
  readonly bytes: number;
  /** Whether a carriage return occurs at all: without one, the only line end is LF. */
  readonly hasCarriageReturn: boolean;
  /** The start of the text, at most about 64 thousand characters. */
  readonly head: string;
  /** The text in UTF-8, without byte order mark. Throws `SourceChanged` when the bytes are not those of the digest. */
  chunks(): AsyncIterable<Buffer>;
  text(): Promise<string>;
}

export class SourceChanged extends Error {
  override readonly name = 'SourceChanged';
}

const HELD_BYTES = 24 * 1024 * 1024;
const HEAD_BYTES = 128 * 1024;
const DECODERS = {
  'UTF-8': 'utf-8',
  'UTF-8 with BOM': 'utf-8',
  'UTF-16': 'utf-16le',
  'UTF-16 big-endian': 'utf-16be',
  'Windows-1252': 'windows-1252',
} as const;
const SPREADSHEET = /\.(xlsx|xlsm|xlsb|xls|ods|numbers|gsheet)$/iu;

/** Opens a manifest, sheet or faces file. Faults are about the file as a whole. */
export async function openSource(name: string, path: string): Promise<SourceFile | ValueFault> {
  if (SPREADSHEET.test(path)) return spreadsheet(name);
  const held = await readBytes(name, path);
  if ('code' in held) return held;
  const head = held.bytes?.subarray(0, HEAD_BYTES) ?? (await readHead(path));
  if (
    head.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004')) ||
    head.subarray(0, 4).equals(Buffer.from([0xd0, 0xcf, 0x11, 0xe0]))
  )
    return spreadsheet(name);
  const source =
    held.bytes === null ? () => createReadStream(path, { highWaterMark: 1 << 20 }) : () => [held.bytes as Buffer];
  const marked = encodingByMark(head);
  const scan = await scanBytes(source(), marked === null || marked === 'UTF-8 with BOM');
  const encoding = marked ?? (scan.isUtf8 ? 'UTF-8' : 'Windows-1252');
  if (scan.bytes === 0)
    return {
      code: 'M005',
      message: `${quoted(name)} is empty`,
      help: 'add a header and at least one row, or `headswap init` for a start',
    };
  if (marked === 'UTF-8 with BOM' && !scan.isUtf8)
    return notText(name, 'its byte order mark says UTF-8, but its bytes are not');
  const headText = new TextDecoder(DECODERS[encoding]).decode(head).slice(0, 65_536);
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/u.test(headText)) return notText(name, 'it holds control characters');
  return {
    name,
    path,
    encoding,
    sha256: scan.sha256,
    bytes: scan.bytes,
    hasCarriageReturn: scan.hasCarriageReturn,
    head: headText,
    chunks: () => decodeChunks(source(), encoding, scan.sha256, held.bytes === null),
    text: async () => {
      const parts: Buffer[] = [];
      for await (const part of decodeChunks(source(), encoding, scan.sha256, held.bytes === null)) parts.push(part);
      return Buffer.concat(parts).toString('utf8');
    },
  };
}

/** Pipes and other files that can be read only once are held whatever their size. */
async function readBytes(name: string, path: string): Promise<{ bytes: Buffer | null } | ValueFault> {
  try {
    const info = await stat(path);
    if (info.isDirectory())
      return { code: 'M001', message: `${quoted(name)} is a folder`, help: 'name the manifest inside it' };
    if (info.isFile() && info.size > HELD_BYTES) return { bytes: null };
    return { bytes: await readFile(path) };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : '';
    const missing = reason === 'ENOENT' || reason === 'ENOTDIR';
    return {
      code: 'M001',
      message: missing
        ? `there is no file ${quoted(name)}`
        : `cannot read ${quoted(name)}${reason === '' ? '' : ` (${reason})`}`,
      help: missing ? 'check the path; it is taken from the current directory' : 'check its permissions',
    };
  }
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function encodingByMark(head: Buffer): TextEncoding | null {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'UTF-8 with BOM';
  if (head[0] === 0xff && head[1] === 0xfe) return 'UTF-16';
  if (head[0] === 0xfe && head[1] === 0xff) return 'UTF-16 big-endian';
  // UTF-16 without a mark: headers are ASCII, so every second byte is zero.
  let even = 0;
  let odd = 0;
  const sample = head.subarray(0, 2_048);
  for (const [index, byte] of sample.entries()) {
    if (byte !== 0) continue;
    if (index % 2 === 0) even++;
    else odd++;
  }
  const half = sample.length / 2;
  if (odd > half * 0.4 && even < half * 0.05) return 'UTF-16';
  if (even > half * 0.4 && odd < half * 0.05) return 'UTF-16 big-endian';
  return null;
}

async function scanBytes(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  checkUtf8: boolean,
): Promise<{ sha256: string; bytes: number; isUtf8: boolean; hasCarriageReturn: boolean }> {
  const digest = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  let isUtf8 = checkUtf8;
  let hasCarriageReturn = false;
  const decode = (chunk?: Buffer) => {
    if (!isUtf8) return;
    try {
      decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      isUtf8 = false;
    }
  };
  for await (const chunk of source) {
    digest.update(chunk);
    bytes += chunk.length;
    hasCarriageReturn ||= chunk.includes(0x0d);
    decode(chunk);
  }
  decode();
  return { sha256: digest.digest('hex'), bytes, isUtf8, hasCarriageReturn };
}

async function* decodeChunks(
  source: AsyncIterable<Buffer> | Iterable<Buffer>,
  encoding: TextEncoding,
  sha256: string,
  verify: boolean,
): AsyncGenerator<Buffer> {
  const digest = createHash('sha256');
  const decoder = encoding.startsWith('UTF-8')
    ? null
    : new TextDecoder(DECODERS[encoding], { fatal: encoding !== 'Windows-1252' });
  let markBytes = encoding === 'UTF-8 with BOM' ? 3 : 0;
  for await (const chunk of source) {
    if (verify) digest.update(chunk);
    if (decoder === null) {
      yield chunk.subarray(Math.min(markBytes, chunk.length));
      markBytes = Math.max(0, markBytes - chunk.length);
    } else {
      yield Buffer.from(decoder.decode(chunk, { stream: true }));
    }
  }
  if (decoder !== null) yield Buffer.from(decoder.decode());
  if (verify && digest.digest('hex') !== sha256) throw new SourceChanged('the file changed while it was read');
}

function spreadsheet(name: string): ValueFault {
  return {
    code: 'M002',
    message: `${quoted(name)} is a workbook, not a CSV`,
    help: 'in the spreadsheet choose "Save as" (or "Download"), format "CSV UTF-8 (comma separated)", and give that file',
  };
}
function notText(name: string, why: string): ValueFault {
  return { code: 'M003', message: `${quoted(name)} is no text file: ${why}`, help: 'save it as CSV UTF-8, or as YAML' };
}
