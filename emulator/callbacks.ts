import { randomInt } from 'node:crypto';

import { request } from 'undici';

import { sealCallback } from '../akool/callback.ts';
import type { CallbackData } from '../akool/wire.ts';
import { outputUrl } from './answer.ts';
import type { Book } from './book.ts';
import type { Clock } from './clock.ts';
import type { CallbackAction } from './fault-plan.ts';
import type { Settled } from './options.ts';
import { statusAt, type TaskRecord } from './records.ts';
import type { Team } from './vendor-state.ts';

/** Milliseconds a receiver may take. */
const RECEIVER_TIMEOUT_MS = 10_000;

export interface CallbackSurroundings {
  readonly settings: Settled;
  readonly book: Book;
  readonly clock: Clock;
  readonly teamOf: (task: TaskRecord) => Team | undefined;
  readonly origin: () => string;
  /** The task as it is now: it may have been made to end meanwhile. */
  readonly current: (id: string) => TaskRecord | null;
  /** Books what ended, so that a receiver that asks the book finds it. */
  readonly settleDue: () => void;
}

/** Sends callbacks when tasks end, and again until one is answered exactly 200, as the schedule allows. */
export class CallbackSender {
  readonly #around: CallbackSurroundings;
  readonly #stop = new AbortController();
  readonly #cancels = new Set<() => void>();
  readonly #plans = new Map<string, readonly CallbackAction[]>();

  constructor(around: CallbackSurroundings) {
    this.#around = around;
  }

  /**
   * To be called when a task was accepted. Resolves once everything is sent that must reach the receiver before the
   * create is answered.
   */
  async accepted(task: TaskRecord, plan: readonly CallbackAction[]): Promise<void> {
    if (!this.#sends(task)) return;
    this.#plans.set(task.id, plan);
    this.ends(task);
    if (plan.some((action) => action.kind === 'interim')) void this.#post(task, 2);
    if (plan.some((action) => action.kind === 'early')) await this.#post(task, task.ends === 'completed' ? 3 : 4);
  }

  /** To be called when a task has, or gets, an end: also after a restart. */
  ends(task: TaskRecord): void {
    if (!this.#sends(task) || task.endedAt === null) return;
    const plan = this.#plans.get(task.id) ?? [];
    if (plan.some((action) => action.kind === 'never')) return;
    const { clock, settings } = this.#around;
    const lateMs = plan.find((action) => action.kind === 'late')?.ms ?? 0;
    const dueAt = task.endedAt + settings.callbacks.delayMs + lateMs;
    this.#timer(dueAt - clock.now(), () => void this.#deliverFinal(task.id, plan));
  }

  close(): void {
    this.#stop.abort();
    for (const cancel of this.#cancels) cancel();
  }

  #sends(task: TaskRecord): boolean {
    return this.#around.settings.callbacks.send && task.body.webhookUrl !== undefined;
  }

  async #deliverFinal(id: string, plan: readonly CallbackAction[]): Promise<void> {
    const task = this.#around.current(id);
    if (task === null) return;
    // Timers may fire a millisecond before the clock says so: then the task is not over yet, and the message would say that.
    const early = (task.endedAt ?? 0) - this.#around.clock.now();
    if (early > 0) return this.#timer(early, () => void this.#deliverFinal(id, plan));
    this.#around.settleDue();
    const times = plan.find((action) => action.kind === 'duplicate')?.times ?? 1;
    for (let n = 0; n < times; n += 1) await this.#deliver(task, plan, 0);
  }

  async #deliver(task: TaskRecord, plan: readonly CallbackAction[], failedBefore: number): Promise<void> {
    const status = statusAt(task, this.#around.clock.now());
    const answered = await this.#post(
      task,
      status,
      plan.some((action) => action.kind === 'forged'),
    );
    const waitMs = this.#around.settings.callbacks.retryMs[failedBefore];
    if (answered !== 200 && waitMs !== undefined)
      this.#timer(waitMs, () => void this.#deliver(task, plan, failedBefore + 1));
  }

  /** One message. Resolves to the receiver's HTTP status, null when it was not reached. */
  async #post(task: TaskRecord, status: number, forged = false): Promise<number | null> {
    const { settings, clock, book, teamOf, origin } = this.#around;
    const team = teamOf(task);
    const url = task.body.webhookUrl;
    if (team === undefined || url === undefined) return null;
    const data: CallbackData = {
      _id: task.id,
      status,
      type: settings.callbacks.type,
      ...(status === 3 ? { url: outputUrl(task.id, origin()), deduction_credit: task.price } : {}),
    };
    const clientSecret = forged ? '0'.repeat(Buffer.byteLength(team.clientSecret)) : team.clientSecret;
    const stamp = { timestampMs: clock.now(), nonce: String(randomInt(1_000, 10_000)) };
    let answered: number | null = null;
    try {
      const envelope = sealCallback({ clientId: team.clientId, clientSecret }, data, stamp);
      const response = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(envelope),
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(RECEIVER_TIMEOUT_MS)]),
      });
      answered = response.statusCode;
      await response.body.dump();
    } catch {
      // Not reached: told by `answered`.
    }
    if (!this.#stop.signal.aborted) book.append({ t: 'callback', id: task.id, at: clock.now(), status, answered });
    return answered;
  }

  #timer(delayMs: number, fire: () => void): void {
    const cancel = this.#around.clock.setTimer(Math.max(0, delayMs), () => {
      this.#cancels.delete(cancel);
      fire();
    });
    this.#cancels.add(cancel);
  }
}
