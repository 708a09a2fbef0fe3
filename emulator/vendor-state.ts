import { randomBytes } from 'node:crypto';

import type { Book } from './book.ts';
import type { Clock } from './clock.ts';
import { outputOf } from './media.ts';
import type { Settled } from './options.ts';
import { statusAt, type AnalysisRecord, type Entry, type TaskRecord } from './records.ts';

export type Team = Settled['teams'][number];

/**
 * The vendor's accounts, analyses and tasks. Every change is an entry of the book and nothing else, so a book read back
 * is the same vendor. Tasks end by the clock: {@link VendorState.settleDue} books what ended since it was last called.
 */
export class VendorState {
  readonly #settings: Settled;
  readonly #book: Book;
  readonly #clock: Clock;
  readonly #analyses = new Map<string, AnalysisRecord>();
  readonly #analysesByVideo = new Map<string, AnalysisRecord[]>();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #settled = new Set<string>();
  /** Ids of open tasks that will end, by end time. */
  readonly #due: { readonly at: number; readonly id: string }[] = [];
  readonly #balance = new Map<string, number>();
  readonly #openTasks = new Map<string, number>();
  #machine = '';
  #counter = 0;

  constructor(settings: Settled, book: Book, clock: Clock) {
    this.#settings = settings;
    this.#book = book;
    this.#clock = clock;
    for (const entry of book.entries()) this.#apply(entry);
    if (book.entries().length === 0) {
      const credits = Object.fromEntries(settings.teams.map((team) => [team.id, team.credits]));
      this.record({ t: 'open', at: clock.now(), machine: randomBytes(4).toString('hex'), credits });
    }
    this.settleDue();
  }

  /** Writes to the book first, then believes it. */
  record(entry: Entry): void {
    this.#book.append(entry);
    this.#apply(entry);
  }

  /** 24 hexadecimal characters: second of creation, this emulator, counter. */
  newId(now: number): string {
    this.#counter += 1;
    return hex(Math.floor(now / 1_000)) + this.#machine + hex(this.#counter);
  }

  analysis(id: string, team: Team): AnalysisRecord | null {
    const found = this.#analyses.get(id);
    return found !== undefined && found.team === team.id ? found : null;
  }

  task(id: string, team: Team): TaskRecord | null {
    const found = this.#tasks.get(id);
    return found !== undefined && found.team === team.id ? found : null;
  }

  /** Whatever the team: outputs are public links. */
  anyTask(id: string): TaskRecord | null {
    return this.#tasks.get(id) ?? null;
  }

  anyAnalysis(id: string): AnalysisRecord | null {
    return this.#analyses.get(id) ?? null;
  }

  /** Create names only the URL: the latest completed analysis of team and URL counts. */
  usableAnalysis(video: string, team: Team, now: number): AnalysisRecord | null {
    const usable = (this.#analysesByVideo.get(`${team.id} ${video}`) ?? []).filter(
      (analysis) => statusAt(analysis, now) === 3 && now - (analysis.endedAt ?? now) <= this.#settings.analysisTtlMs,
    );
    return usable.reduce<AnalysisRecord | null>(
      (latest, each) => (latest === null || (each.endedAt ?? 0) >= (latest.endedAt ?? 0) ? each : latest),
      null,
    );
  }

  /** Credits that can be used: holds are already off. */
  balance(team: Team): number {
    return this.#balance.get(team.id) ?? 0;
  }

  openTasks(team: Team): number {
    return this.#openTasks.get(team.id) ?? 0;
  }

  openAnalyses(team: Team, now: number): number {
    let open = 0;
    for (const analysis of this.#analyses.values())
      if (analysis.team === team.id && statusAt(analysis, now) < 3) open += 1;
    return open;
  }

  /** Tasks with a callback address, for a restart to go on with. */
  tasks(): Iterable<TaskRecord> {
    return this.#tasks.values();
  }

  /** Books every task that has ended by now, at the time it ended. */
  settleDue(): void {
    const now = this.#clock.now();
    for (let next = this.#due[0]; next !== undefined && next.at <= now; next = this.#due[0]) {
      this.#due.shift();
      const task = this.#tasks.get(next.id);
      if (task === undefined || this.#settled.has(next.id)) continue;
      const output = task.ends === 'completed' ? outputOf(task) : null;
      const charge = output !== null || this.#settings.chargeFailed ? task.price : 0;
      this.record({
        t: 'settle',
        id: task.id,
        at: next.at,
        charge,
        refund: task.hold - charge,
        sha256: output?.sha256 ?? null,
        bytes: output?.bytes.length ?? 0,
      });
    }
  }

  #apply(entry: Entry): void {
    switch (entry.t) {
      case 'open':
        this.#machine = entry.machine;
        for (const [team, credits] of Object.entries(entry.credits)) this.#balance.set(team, credits);
        return;
      case 'analysis': {
        this.#sawId(entry.internalId);
        this.#analyses.set(entry.id, entry);
        const key = `${entry.team} ${entry.video}`;
        this.#analysesByVideo.set(key, [...(this.#analysesByVideo.get(key) ?? []), entry]);
        return;
      }
      case 'create':
        this.#sawId(entry.internalId);
        this.#tasks.set(entry.id, entry);
        this.#move(entry.team, -entry.hold, 1);
        this.#schedule(entry);
        return;
      case 'settle': {
        this.#settled.add(entry.id);
        const team = this.#tasks.get(entry.id)?.team;
        if (team !== undefined) this.#move(team, entry.refund, -1);
        return;
      }
      case 'finish': {
        const task = this.#tasks.get(entry.id);
        if (task === undefined || this.#settled.has(entry.id)) return;
        const ended: TaskRecord = { ...task, begunAt: task.begunAt ?? entry.at, endedAt: entry.at, ends: entry.ends };
        this.#tasks.set(entry.id, ended);
        this.#schedule(ended);
        return;
      }
      case 'balance':
        this.#balance.set(entry.team, entry.credits);
        return;
      case 'refusal':
      case 'callback':
        return;
      default:
        entry satisfies never;
    }
  }

  #move(team: string, credits: number, tasks: number): void {
    this.#balance.set(team, (this.#balance.get(team) ?? 0) + credits);
    this.#openTasks.set(team, (this.#openTasks.get(team) ?? 0) + tasks);
  }

  #schedule(task: TaskRecord): void {
    if (task.endedAt === null) return;
    const due = { at: task.endedAt, id: task.id };
    const later = this.#due.findLastIndex((each) => each.at <= due.at);
    this.#due.splice(later + 1, 0, due);
  }

  /** Ids go on counting where the book stopped. */
  #sawId(internalId: string): void {
    this.#counter = Math.max(this.#counter, Number.parseInt(internalId.slice(16), 16));
  }
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
