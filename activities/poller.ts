import pLimit, { type LimitFunction } from 'p-limit';
import { permitPolls } from '../ledger/send-permit.ts';
import type { ActivityDependencies } from './dependencies.ts';

const POLLS_AT_ONCE = 20;
/** Permits are taken this far ahead of their time. */
const WINDOW_MS = 60;

/**
 * The polls of one process: whoever asked for them, results go to the ledger. Each waits for its permit's time, so that
 * polls keep the account's pace over any number of processes.
 */
export class Poller {
  readonly #deps: ActivityDependencies;
  readonly #limit: LimitFunction = pLimit(POLLS_AT_ONCE);
  readonly #polling = new Set<string>();

  constructor(deps: ActivityDependencies) {
    this.#deps = deps;
  }

  room(): number {
    return POLLS_AT_ONCE - this.#polling.size;
  }

  isPolling(id: string): boolean {
    return this.#polling.has(id);
  }

  busy(): boolean {
    return this.#polling.size > 0;
  }

  /** Takes permits for as many as are allowed now and starts those; returns at once after that. */
  async start(
    account: string,
    polls: readonly { readonly id: string; readonly poll: () => Promise<void> }[],
  ): Promise<void> {
    const wanted = polls.filter(({ id }) => !this.#polling.has(id)).slice(0, this.room());
    if (wanted.length === 0) return;
    for (const { id } of wanted) this.#polling.add(id);
    let times: number[] = [];
    let nowMs = 0;
    try {
      [times, nowMs] = await this.#deps.ledger.write(async (tx, now) => [
        await permitPolls(tx, account, wanted.length, WINDOW_MS, now),
        now,
      ]);
    } finally {
      for (const { id } of wanted.slice(times.length)) this.#polling.delete(id);
    }
    wanted
      .slice(0, times.length)
      .forEach(({ id, poll }, index) => void this.#run(id, poll, (times[index] ?? nowMs) - nowMs));
  }

  async #run(id: string, poll: () => Promise<void>, inMs: number): Promise<void> {
    try {
      if (inMs > 0) await new Promise((resolve) => setTimeout(resolve, inMs));
      await this.#limit(poll);
    } catch (error) {
      // The row keeps its due time, so the next pass polls it again.
      this.#deps.log.warn('a poll could not be written down', {
        error: error instanceof Error ? error.message : String(error),
      });
    } finally {
      this.#polling.delete(id);
    }
  }
}
