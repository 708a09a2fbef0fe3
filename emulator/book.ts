import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { maxInWindow, maxOverlap } from './sliding-window.ts';
import type { AnalysisRecord, Entry, Refusal, SentCallback, Settlement, TaskRecord } from './records.ts';

export type Traffic = 'create' | 'analyze' | 'poll';

/**
 * The emulator's own record of what it accepted and charged: append-only, written before the answer leaves, and the
 * oracle of tests. The report is the claim, the book is the truth.
 */
export class Book {
  readonly #fd: number | null;
  readonly #entries: Entry[];
  readonly #polls: number[] = [];

  private constructor(fd: number | null, entries: Entry[]) {
    this.#fd = fd;
    this.#entries = entries;
  }

  /** @param path JSONL file, made when missing; null keeps the book in memory. */
  static open(path: string | null): Book {
    if (path === null) return new Book(null, []);
    mkdirSync(dirname(path), { recursive: true });
    const entries = existsSync(path) ? readEntries(path) : [];
    return new Book(openSync(path, 'a'), entries);
  }

  /** No fsync: it has to survive a kill of the process, not of the machine. */
  append(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#fd !== null) writeSync(this.#fd, `${JSON.stringify(entry)}\n`);
  }

  /** Polls are only counted, in memory. */
  notePoll(at: number): void {
    this.#polls.push(at);
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
  }

  entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Every accepted create, in order. */
  creates(): readonly TaskRecord[] {
    return this.#entries.filter((entry) => entry.t === 'create');
  }

  analyses(): readonly AnalysisRecord[] {
    return this.#entries.filter((entry) => entry.t === 'analysis');
  }

  /** Creates and analyses that were not accepted. */
  refusals(call?: Refusal['call']): readonly Refusal[] {
    return this.#entries
      .filter((entry) => entry.t === 'refusal')
      .filter((entry) => call === undefined || entry.call === call);
  }

  settlements(): readonly Settlement[] {
    return this.#entries.filter((entry) => entry.t === 'settle');
  }

  callbacks(): readonly SentCallback[] {
    return this.#entries.filter((entry) => entry.t === 'callback');
  }

  /** What each ended task cost, and the sum. */
  charges(): { readonly total: number; readonly byTask: ReadonlyMap<string, number> } {
    const byTask = new Map(this.settlements().map(({ id, charge }) => [id, charge]));
    return { total: [...byTask.values()].reduce((sum, charge) => sum + charge, 0), byTask };
  }

  /**
   * Groups of accepted creates for the same work (all of the body but the callback address) of which more than one was
   * charged or is still open. Empty when nothing was paid twice.
   */
  doublePaid(): readonly (readonly TaskRecord[])[] {
    const refunded = new Set(
      this.settlements()
        .filter(({ charge }) => charge === 0)
        .map(({ id }) => id),
    );
    const groups = new Map<string, TaskRecord[]>();
    for (const task of this.creates()) {
      if (refunded.has(task.id)) continue;
      const { webhookUrl: _, mappings, ...work } = task.body;
      const key = JSON.stringify([task.team, work, mappings.toSorted((a, b) => a.obj_id - b.obj_id)]);
      groups.set(key, [...(groups.get(key) ?? []), task]);
    }
    return [...groups.values()].filter((group) => group.length > 1);
  }

  /** Most requests of a kind within any window, refused ones included. */
  maxRate(kind: Traffic, windowMs = 1_000): number {
    return maxInWindow(this.#times(kind), windowMs);
  }

  /** Requests of a kind so far. */
  count(kind: Traffic): number {
    return this.#times(kind).length;
  }

  /** Most tasks that were open at one time. */
  maxOpenTasks(): number {
    const ended = new Map(this.settlements().map(({ id, at }) => [id, at]));
    return maxOverlap(this.creates().map(({ id, at }) => [at, ended.get(id) ?? Infinity] as const));
  }

  #times(kind: Traffic): readonly number[] {
    if (kind === 'poll') return this.#polls;
    const accepted = kind === 'create' ? 'create' : 'analysis';
    return this.#entries
      .filter((entry) => entry.t === accepted || (entry.t === 'refusal' && entry.call === kind))
      .map(({ at }) => at);
  }
}

/** A kill can leave half a last line: it was never answered, so it is cut off. */
function readEntries(path: string): Entry[] {
  const text = readFileSync(path, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}
