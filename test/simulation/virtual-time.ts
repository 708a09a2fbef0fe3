/** An alarm that was set; `cancel` is harmless after it went off. */
export interface Alarm {
  cancel(): void;
}

interface Entry {
  readonly at: number;
  /** Decides between alarms of one moment. */
  readonly order: number;
  readonly fire: () => void;
  cancelled: boolean;
}

/** Taken before anybody can replace it: a turn of the real loop, in which everything that is ready runs. */
const turnOfTheLoop = setImmediate;

/**
 * The one clock of a simulation, and the queue of all that will happen. Nothing happens between two alarms: code under test
 * runs until all of it waits, then time jumps to the next alarm. Which of several alarms of a moment comes first is chance.
 */
export class VirtualTime {
  readonly #heap: Entry[] = [];
  readonly #chance: () => number;
  #nowMs: number;
  #fired = 0;

  constructor(startMs: number, chance: () => number) {
    this.#nowMs = startMs;
    this.#chance = chance;
  }

  /** Milliseconds since the epoch, with fractions. */
  now(): number {
    return this.#nowMs;
  }

  /** Alarms that went off so far. */
  get fired(): number {
    return this.#fired;
  }

  /** Calls `fire` after `delayMs`, for nobody in particular: the network, the vendor, whoever plans the faults. */
  after(delayMs: number, fire: () => void): Alarm {
    const entry = { at: this.#nowMs + Math.max(0, delayMs), order: this.#chance(), fire, cancelled: false };
    push(this.#heap, entry);
    return { cancel: () => void (entry.cancelled = true) };
  }

  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /**
   * Lets things happen until `done`, or until `forMs` have passed. Returns whether it was done.
   */
  async run(done: () => boolean, forMs: number): Promise<boolean> {
    const untilMs = this.#nowMs + forMs;
    for (;;) {
      await new Promise<void>((resolve) => void turnOfTheLoop(resolve));
      if (done()) return true;
      const next = pop(this.#heap);
      if (next?.cancelled === true) continue;
      if (next === undefined || next.at > untilMs) {
        if (next !== undefined) push(this.#heap, next);
        this.#nowMs = untilMs;
        return false;
      }
      this.#nowMs = Math.max(this.#nowMs, next.at);
      this.#fired += 1;
      next.fire();
    }
  }
}

function earlier(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Entry[], entry: Entry): void {
  heap.push(entry);
  for (let child = heap.length - 1; child > 0;) {
    const parent = (child - 1) >> 1;
    if (!earlier(heap[child], heap[parent])) return;
    swap(heap, child, parent);
    child = parent;
  }
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  heap[0] = last;
  for (let parent = 0; ;) {
    const [left, right] = [2 * parent + 1, 2 * parent + 2];
    const child = earlier(heap[right], heap[left]) ? right : left;
    if (!earlier(heap[child], heap[parent])) return first;
    swap(heap, child, parent);
    parent = child;
  }
}

function swap(heap: Entry[], a: number, b: number): void {
  const [x, y] = [heap[a], heap[b]];
  if (x !== undefined && y !== undefined) [heap[a], heap[b]] = [y, x];
}
