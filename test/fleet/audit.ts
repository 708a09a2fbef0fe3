import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Book } from '../../emulator/book.ts';
import { outputOf } from '../../emulator/media.ts';
import type { TaskRecord } from '../../emulator/records.ts';
import type { Ledger } from '../../ledger/open-ledger.ts';
import { verifyCounters } from '../../ledger/verify-counters.ts';
import { isEnded } from '../../schemas/states.ts';

/** What our ledger claims, held against the vendor's book: the invariants of the fault model, each as a count. */
export interface Audit {
  /** Items by state. */
  readonly states: Readonly<Record<string, number>>;
  /** I1: rows that were submitted and are in no state at all. */
  readonly lost: number;
  /** I2: works of which more than one task was charged or still runs. */
  readonly paidTwice: number;
  /** I3: credits of the book that neither a task of ours nor an uncertain create explains. */
  readonly unexplained: number;
  /** I4: done items whose file is missing, or other bytes than the vendor made. */
  readonly badOutputs: number;
  /** I8: items that neither ended nor wait for a person. */
  readonly unfinished: number;
  /** I11: items shown as uncertain. */
  readonly uncertain: number;
  /** I11: accepted creates that no task and no uncertain or abandoned attempt of ours stands for. */
  readonly untold: number;
  /** Counters of the ledger that differ from its rows. */
  readonly counters: readonly unknown[];
  readonly creates: number;
  readonly analyses: number;
  readonly charged: number;
  readonly booked: number;
}

/** Nothing lost, nothing paid twice, nothing unexplained: what every audit must say, whatever happened before. */
export const HONEST = {
  lost: 0,
  paidTwice: 0,
  unexplained: 0,
  badOutputs: 0,
  untold: 0,
  counters: [],
} as const satisfies Partial<Audit>;

export async function audit(
  ledger: Ledger,
  book: Book,
  about: { readonly rows: number; readonly outputs: string },
): Promise<Audit> {
  const { db } = ledger;
  const items = await db.selectFrom('items').select(['state', 'stalled']).execute();
  const tasks = await db.selectFrom('tasks').select(['id', 'charged']).execute();
  const known = new Map(tasks.map((task) => [task.id, task.charged ?? 0]));
  const strangers = book.creates().filter((task) => !known.has(task.id));
  const { uncovered, covered } = await coverByUncertain(ledger, strangers);
  const charges = book.charges();
  const charged = [...known.values()].reduce((sum, credits) => sum + credits, 0);
  const coveredCharge = covered.reduce((sum, task) => sum + (charges.byTask.get(task.id) ?? 0), 0);
  const states: Record<string, number> = {};
  for (const { state } of items) states[state] = (states[state] ?? 0) + 1;
  return {
    states,
    lost: about.rows - items.length,
    paidTwice: book.doublePaid().length,
    unexplained: charges.total - charged - coveredCharge,
    badOutputs: await countBadOutputs(ledger, book, about.outputs),
    unfinished: items.filter(({ state, stalled }) => !isEnded(state) && !waits(state) && stalled === 0).length,
    uncertain: states['uncertain'] ?? 0,
    untold: uncovered.length,
    counters: [...(await verifyCounters(db))],
    creates: book.creates().length,
    analyses: book.analyses().length,
    charged,
    booked: charges.total,
  };
}

function waits(state: string): boolean {
  return state === 'uncertain' || state === 'needs-pick' || state === 'ready' || state === 'pending';
}

/** A task we have no id of is honest only if an attempt for the same work is shown as uncertain, or was given up by a person. */
async function coverByUncertain(ledger: Ledger, strangers: readonly TaskRecord[]) {
  const open = await ledger.db
    .selectFrom('attempts')
    .innerJoin('items', 'items.key', 'attempts.item')
    .select(['attempts.id', 'items.video_url as video', 'items.mappings'])
    .where('attempts.state', 'in', ['sending', 'uncertain', 'abandoned'])
    .execute();
  const free = new Map(open.map((row) => [row.id, workOf(row.video, JSON.parse(row.mappings ?? '[]'))]));
  const covered: TaskRecord[] = [];
  const uncovered: TaskRecord[] = [];
  for (const task of strangers) {
    const work = workOf(
      task.body.video_url,
      task.body.mappings.map((mapping) => ({ objId: mapping.obj_id, url: mapping.img_url })),
    );
    const match = [...free].find(([, other]) => other === work);
    if (match === undefined) uncovered.push(task);
    else {
      free.delete(match[0]);
      covered.push(task);
    }
  }
  return { covered, uncovered };
}

function workOf(video: string, mappings: readonly { readonly objId: number; readonly url: string }[]): string {
  return JSON.stringify([
    video,
    mappings.map(({ objId, url }) => `${objId} ${url}`).toSorted((a, b) => (a < b ? -1 : 1)),
  ]);
}

async function countBadOutputs(ledger: Ledger, book: Book, outputs: string): Promise<number> {
  const made = new Map(book.creates().map((task) => [task.id, task]));
  const done = await ledger.db
    .selectFrom('items')
    .leftJoin('outputs', 'outputs.item', 'items.key')
    .select(['items.key', 'outputs.file', 'outputs.sha256', 'outputs.task'])
    .where('items.state', '=', 'done')
    .execute();
  return done.filter(({ file, sha256, task }) => {
    if (file === null || !existsSync(join(outputs, file))) return true;
    const digest = createHash('sha256')
      .update(readFileSync(join(outputs, file)))
      .digest('hex');
    const record = task === null ? undefined : made.get(task);
    return digest !== sha256 || (record !== undefined && outputOf(record).sha256 !== digest);
  }).length;
}
