import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What happened to one attempt, as the journal keeps it: enough to rebuild what was paid when the ledger is lost, and free of
 * URLs, faces and keys. Credits are the expectation of a *reserve*, the hold of a *bind*, the charge of a *settle*.
 */
export interface JournalEntry {
  readonly type: 'reserve' | 'bind' | 'settle';
  readonly account: string;
  readonly base_url: string;
  readonly batch: string;
  /** The item's id in its batch. */
  readonly item: string;
  readonly rule_key: string;
  readonly work_key: string;
  /** Number of the attempt, from 1. */
  readonly n: number;
  readonly token: string;
  readonly task_id: string | null;
  readonly credits: number | null;
  /** Of a settle: how the attempt ended. */
  readonly outcome: 'done' | 'failed' | 'refused' | 'abandoned' | null;
  readonly resolution: string;
  /** Storage key of the item's output. */
  readonly output: string;
}

/** An entry as written: numbered within its file from 1, with the time of writing (ISO, UTC). */
export type JournalLine = JournalEntry & { readonly seq: number; readonly at: string };

export interface Journal {
  readonly file: string;
  /**
   * Resolves once the line is on the disk; lines handed in meanwhile share the next fsync. Rejects when it could not be
   * written: then nothing may be sent for it (design D14).
   */
  append(entry: JournalEntry): Promise<void>;
  /** Resolves when all that was handed in is written or refused. */
  close(): Promise<void>;
}

/** Beside the outputs, one folder per ledger. */
export function journalFolder(storageRoot: string, ledger8: string): string {
  return join(storageRoot, '.journal', ledger8);
}

export interface JournalOptions {
  /** From `journalFolder`. */
  readonly dir: string;
  readonly host: string;
  readonly pid: number;
  /** When the process started, UTC milliseconds: a pid may come again. */
  readonly startedAtMs: number;
  readonly clock?: () => number;
}

/** The journal of this process. Its file appears with the first line. */
export function openJournal(options: JournalOptions): Journal {
  const host = options.host.replace(/[^A-Za-z0-9.-]/g, '_');
  return new JournalFile(join(options.dir, `${host}-${options.pid}-${options.startedAtMs}.jsonl`), options);
}

type Waiting = { readonly text: string; readonly resolve: () => void; readonly reject: (error: unknown) => void };

class JournalFile implements Journal {
  readonly file: string;
  readonly #dir: string;
  readonly #clock: () => number;
  #handle: FileHandle | null = null;
  #seq = 0;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #closed = false;
  /** A failed write may have left half a line: the next one starts on a line of its own. */
  #torn = false;

  constructor(file: string, options: JournalOptions) {
    this.file = file;
    this.#dir = options.dir;
    this.#clock = options.clock ?? Date.now;
  }

  append(entry: JournalEntry): Promise<void> {
    if (this.#closed) return Promise.reject(new Error(`the journal ${this.file} is closed: nothing may be sent`));
    return new Promise((resolve, reject) => {
      this.#seq += 1;
      const line: JournalLine = { seq: this.#seq, at: new Date(this.#clock()).toISOString(), ...entry };
      this.#waiting.push({ text: `${JSON.stringify(line)}\n`, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
    await this.#handle?.close();
    this.#handle = null;
  }

  async #flush(): Promise<void> {
    // Whatever this turn of the loop still hands in shares the first fsync.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(group.map((line) => line.text).join(''));
        for (const line of group) line.resolve();
      } catch (error) {
        this.#torn = true;
        const told = new JournalNotWritten(this.file, error);
        for (const line of group) line.reject(told);
      }
    }
    this.#flushing = null;
  }

  async #write(text: string): Promise<void> {
    this.#handle ??= await createDurably(this.#dir, this.file);
    await this.#handle.appendFile(this.#torn ? `\n${text}` : text);
    await this.#handle.datasync();
    this.#torn = false;
  }
}

/** The line is not known to be on the disk. */
export class JournalNotWritten extends Error {
  override readonly name = 'JournalNotWritten';
  constructor(file: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(
      `the journal ${file} could not be written (${why}); nothing was sent or charged: free or unlock the output store`,
      {
        cause,
      },
    );
  }
}

/** Creates the file so that its name survives a power cut too. */
async function createDurably(dir: string, file: string): Promise<FileHandle> {
  await mkdir(dir, { recursive: true });
  const handle = await open(file, 'a');
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return handle;
}
