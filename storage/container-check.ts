/**
 * Is this a whole video? Reads only headers (a few dozen bytes per box), so that a file of any size costs the same. It does
 * not decode: it tells a film from an error page and a whole file from a cut one.
 */
import type { ByteSource } from './output-store.ts';
import { notVideo, type ContainerCheck } from './container-verdict.ts';
import { checkMp4 } from './mp4-boxes.ts';
import { checkWebm } from './webm-elements.ts';

/** What the first bytes say: which walk to take, or what it is instead. Enough to stop a download at its first piece. */
function sniffContainer(head: Uint8Array): 'mp4' | 'webm' | ContainerCheck {
  const text = Buffer.from(head.subarray(0, 512)).toString('latin1');
  if (head.byteLength === 0) return notVideo('empty', 'the file is empty');
  if (text.startsWith('\x1A\x45\xDF\xA3')) return 'webm';
  if (/^(ftyp|moov|mdat|free|skip|wide|pnot|moof|styp)$/.test(text.slice(4, 8))) return 'mp4';
  if (/^(\xEF\xBB\xBF)?\s*<(!doctype|html|head|\?xml|error|svg)/i.test(text))
    return notVideo('html', 'it is a web page or XML, not a video');
  if (/^(\xEF\xBB\xBF)?\s*[[{]/.test(text)) return notVideo('json', 'it is a JSON answer, not a video');
  if (/^(\xFF\xD8\xFF|\x89PNG|GIF8)/.test(text)) return notVideo('picture', 'it is a still picture, not a video');
  return notVideo('unknown', 'it is neither MP4, QuickTime nor WebM');
}

export async function checkContainer(file: ByteSource): Promise<ContainerCheck> {
  const kind = sniffContainer(await file.read(0, 512));
  if (kind === 'mp4') return checkMp4(file);
  if (kind === 'webm') return checkWebm(file);
  return kind;
}
