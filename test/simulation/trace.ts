import { createHash, type Hash } from 'node:crypto';

/**
 * What happened, line by line. Lines name rows by number and items by id, never by a token or an id of the vendor, so that
 * one seed writes the same lines every time; the digest compares two runs.
 */
export class Trace {
  readonly #lines: string[] = [];
  readonly #hash: Hash = createHash('sha256');
  readonly #now: () => number;
  readonly #startedAtMs: number;
  readonly #show: ((line: string) => void) | null;

  constructor(now: () => number, show: ((line: string) => void) | null) {
    this.#now = now;
    this.#startedAtMs = now();
    this.#show = show;
  }

  note(who: string, what: string): void {
    const seconds = ((this.#now() - this.#startedAtMs) / 1_000).toFixed(4);
    const line = `${seconds.padStart(10)} ${who.padEnd(10)} ${what}`;
    this.#lines.push(line);
    this.#hash.update(`${line}\n`);
    this.#show?.(line);
  }

  /** Call once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }

  tail(count: number): string[] {
    return this.#lines.slice(-count);
  }
}
