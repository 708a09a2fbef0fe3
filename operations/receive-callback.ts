import { createHash } from 'node:crypto';
import type { Ledger } from '../ledger/open-ledger.ts';
import { storeCallbacks, type Kept, type RawCallback } from '../ledger/webhook-events.ts';
import type { OperationLog } from './starters.ts';

export interface ReceivedCallback {
  /** The last part of the path, as it came. */
  readonly token: string;
  readonly body: Buffer;
}

/**
 * - `stored`: in the ledger, on the disk.
 * - `busy`: too many at once, or too many unlike ones for one attempt; the sender may try again.
 * - `unwritable`: the ledger did not take it.
 */
export type Receipt = 'stored' | 'busy' | 'unwritable';

export interface CallbackIntakeOptions {
  readonly ledger: Ledger;
  /** A message that is new, for an attempt that is known: whoever drives may look at once. */
  readonly onNews: () => void;
  readonly log: OperationLog;
}

/** Messages that arrive within this time share one transaction, so that a flood costs few commits. */
const GATHER_MS = 10;
/** Waiting to be written at most; more are sent away, so that memory stays small. */
const WAITING_AT_MOST = 1_000;
const TOKEN_LENGTH = 128;

interface Waiting {
  readonly message: RawCallback;
  copies: number;
  readonly answer: Promise<Receipt>;
  readonly settle: (receipt: Receipt) => void;
}

/**
 * Takes callbacks in: stores each raw before it is answered, and never looks into it, so that good and forged messages cost
 * the same time (faults 66, 83). Equal messages on their way to the ledger are one.
 */
export class CallbackIntake {
  readonly #options: CallbackIntakeOptions;
  #waiting = new Map<string, Waiting>();
  #armed = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: CallbackIntakeOptions) {
    this.#options = options;
  }

  receive({ token, body }: ReceivedCallback): Promise<Receipt> {
    const name = printableToken(token);
    const digest = createHash('sha256').update(body).digest('base64url');
    const key = `${name}\n${digest}`;
    const same = this.#waiting.get(key);
    if (same !== undefined) {
      same.copies += 1;
      return same.answer;
    }
    if (this.#waiting.size >= WAITING_AT_MOST) return Promise.resolve('busy');
    const { promise, resolve } = Promise.withResolvers<Receipt>();
    // PostgreSQL takes no NUL in text; a real message holds none.
    const text = body.toString('utf8').replaceAll('\0', '\uFFFD');
    const message = { token: name, digest, body: text, copies: 1 };
    this.#waiting.set(key, { message, copies: 1, answer: promise, settle: resolve });
    this.#arm();
    return promise;
  }

  /** Resolves when everything that was received is answered. */
  async close(): Promise<void> {
    while (this.#armed) await this.#writing.then(() => new Promise((resolve) => setTimeout(resolve, GATHER_MS)));
    await this.#writing;
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setTimeout(() => {
      this.#writing = this.#write();
    }, GATHER_MS);
  }

  async #write(): Promise<void> {
    const batch = [...this.#waiting.values()];
    this.#waiting = new Map();
    const messages = batch.map(({ message, copies }) => ({ ...message, copies }));
    const kept = await this.#store(messages);
    batch.forEach((waiting, index) => waiting.settle(receiptOf(kept?.[index])));
    this.#armed = false;
    if (this.#waiting.size > 0) this.#arm();
    if (kept?.some((one) => one.kind === 'new' && one.attempt !== null) === true) this.#options.onNews();
  }

  async #store(messages: readonly RawCallback[]): Promise<Kept[] | null> {
    const { ledger, log } = this.#options;
    try {
      return await ledger.write((tx, nowMs) => storeCallbacks(tx, messages, nowMs));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      log('callbacks could not be stored; the vendor sends them again', { count: messages.length, error: said });
      return null;
    }
  }
}

function receiptOf(kept: Kept | undefined): Receipt {
  if (kept === undefined) return 'unwritable';
  return kept.kind === 'full' ? 'busy' : 'stored';
}

/** Ours are base64url; whatever else comes is kept short and without control characters. */
function printableToken(token: string): string {
  return /^[\w-]+$/u.test(token)
    ? token.slice(0, TOKEN_LENGTH)
    : `?${encodeURIComponent(token.toWellFormed())}`.slice(0, TOKEN_LENGTH);
}
