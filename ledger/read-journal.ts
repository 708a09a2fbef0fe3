import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalLine } from './journal.ts';

/** A file's complete lines from some byte on, and where the last of them ends. */
export interface JournalPart {
  readonly file: string;
  readonly lines: readonly JournalLine[];
  /** Lines that are no entries: half written before a full disk, or damaged. */
  readonly unreadable: number;
  readonly endsAt: number;
}

/** Journal files of one ledger's folder, in the order of their names; none when the folder is not there. */
export async function journalFiles(dir: string): Promise<string[]> {
  const names = await namesIn(dir);
  return names.filter((name) => name.endsWith('.jsonl')).map((name) => join(dir, name));
}

/** Ledgers that have a journal beside these outputs: the names of the folders under `.journal`. */
export async function journalLedgers(storageRoot: string): Promise<string[]> {
  return namesIn(join(storageRoot, '.journal'));
}

/** All lines of all journals in a folder. A last line cut by a crash is left out: what it would say was never acted on. */
export async function readJournals(dir: string): Promise<{ lines: JournalLine[]; unreadable: number }> {
  const lines: JournalLine[] = [];
  let unreadable = 0;
  for (const file of await journalFiles(dir)) {
    for await (const part of journalParts(file, 0)) {
      lines.push(...part.lines);
      unreadable += part.unreadable;
    }
  }
  return { lines, unreadable };
}

/** A file from byte `start` on, in parts of bounded size, complete lines only. */
export async function* journalParts(file: string, start: number): AsyncGenerator<JournalPart> {
  let rest = Buffer.alloc(0);
  let endsAt = start;
  for await (const chunk of createReadStream(file, { start }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    rest = bytes.subarray(end);
    if (end === 0) continue;
    endsAt += end;
    const lines: JournalLine[] = [];
    let unreadable = 0;
    for (const text of bytes.toString('utf8', 0, end).split('\n')) {
      if (text === '') continue;
      const line = parseLine(text);
      if (line === null) unreadable += 1;
      else lines.push(line);
    }
    yield { file, lines, unreadable, endsAt };
  }
}

const TYPES: readonly unknown[] = ['reserve', 'bind', 'settle'];

function parseLine(text: string): JournalLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const line = value as Partial<JournalLine>;
  return TYPES.includes(line.type) && typeof line.token === 'string' && typeof line.seq === 'number'
    ? (value as JournalLine)
    : null;
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return (await readdir(dir)).toSorted();
  } catch (error) {
    // A file where the folder belongs holds no journal either; writing one fails, and then nothing is created.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
