import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { TaskRecord } from './records.ts';

/** Rendered by `scripts/render-emulator-media.ts` and committed. */
const asset = (name: string): Buffer => readFileSync(new URL(`./assets/${name}`, import.meta.url));

const VIDEOS = { '480p': asset('output-480p.mp4'), '720p': asset('output-720p.mp4') };
const PERSONS = [0, 1, 2, 3, 4, 5].map((person) => asset(`person-${person}.webp`));

export interface Media {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly type: string;
}

/**
 * A task's output: an MP4 that plays, with the task's id in a `free` box at its end, so that every output has bytes and
 * a digest of its own.
 */
export function outputOf(task: Pick<TaskRecord, 'id' | 'body'>): Media {
  return media(Buffer.concat([VIDEOS[task.body.resolution], freeBox(task.id)]), 'video/mp4');
}

/** The preview of a person: the same bytes whatever number an analysis gave them. */
export function previewOf(person: number): Media {
  const bytes = PERSONS[person % PERSONS.length];
  if (bytes === undefined) throw new RangeError(`no preview for person ${person}`);
  return media(bytes, 'image/webp');
}

/** A source video to point manifests at. */
export function sampleVideo(name: string): Media {
  return media(Buffer.concat([VIDEOS['480p'], freeBox(name)]), 'video/mp4');
}

function freeBox(text: string): Buffer {
  const payload = Buffer.from(text, 'utf8');
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + payload.length, 0);
  header.write('free', 4, 'latin1');
  return Buffer.concat([header, payload]);
}

function media(bytes: Buffer, type: string): Media {
  return { bytes, type, sha256: createHash('sha256').update(bytes).digest('hex') };
}
