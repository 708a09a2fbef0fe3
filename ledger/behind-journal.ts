import { basename } from 'node:path';
import type { JournalLine } from './journal.ts';
import { journalFolder } from './journal.ts';
import { journalFiles, journalLedgers, journalParts } from './read-journal.ts';
import type { Ledger } from './open-ledger.ts';

/** What the journal knows and the ledger does not. */
export interface BehindJournal {
  /** The ledger was lost, or restored from an older copy: nothing may be created until `ledger rebuild` (design D14). */
  readonly behind: boolean;
  /** Attempts that were about to be sent and are not known, or are known as not sent yet although they were accepted. */
  readonly missingAttempts: readonly JournalLine[];
  /** Task ids of attempts, known or not, that the ledger has no task for. */
  readonly missingBinds: readonly JournalLine[];
  /** Journals of other ledgers beside these outputs; they count only while this ledger has no attempt of its own. */
  readonly otherLedgers: readonly string[];
  readonly unreadable: number;
}

/** Findings kept per list: enough to show, bounded when a whole ledger is missing. */
const SHOWN_AT_MOST = 1_000;
const TOKENS_A_QUERY = 500;

/** An account as configured now; lines of others, or of another address, cannot be paid again by this ledger. */
export interface JournalAccount {
  readonly name: string;
  readonly baseUrl: string;
}

/** Whether any journal beside these outputs tells of creates of these accounts: for when there is no ledger at all. */
export async function journalsTellOf(storageRoot: string, accounts: readonly JournalAccount[]): Promise<boolean> {
  for (const ledger8 of await journalLedgers(storageRoot))
    for (const file of await journalFiles(journalFolder(storageRoot, ledger8)))
      for await (const { lines } of journalParts(file, 0))
        if (lines.some((line) => concerns(line, accounts))) return true;
  return false;
}

function concerns({ account, base_url }: JournalLine, accounts: readonly JournalAccount[] | null): boolean {
  return accounts === null || accounts.some(({ name, baseUrl }) => name === account && baseUrl === base_url);
}

/**
 * The journals that are this ledger's to know: its own, those it took over when it was rebuilt, and, while it has no
 * attempt of its own, all that lie beside the outputs: then one of them may be of the ledger that was lost.
 */
export async function journalsOf(ledger: Ledger, storageRoot: string): Promise<readonly string[]> {
  const others = (await journalLedgers(storageRoot)).filter((name) => name !== ledger.ledger8);
  if (others.length === 0) return [ledger.ledger8];
  if (await hasNoAttempts(ledger)) return [ledger.ledger8, ...others];
  const rows = await ledger.db
    .selectFrom('ledger_meta')
    .select('name')
    .where('name', 'like', `${TAKEN_OVER}%`)
    .execute();
  const taken = new Set(rows.map((row) => row.name.slice(TAKEN_OVER.length)));
  return [ledger.ledger8, ...others.filter((name) => taken.has(name))];
}

/** Before the name of a ledger whose journal this one was rebuilt from, in `ledger_meta`. */
export const TAKEN_OVER = 'took-over:';

/**
 * Compares the journals beside the outputs with the ledger. What was compared before is remembered in the ledger itself, by
 * file and byte: a restored copy remembers less and so compares again. `accounts` null: every line counts. A bind that alone is missing (the process died between
 * journal and ledger) is no reason to stop creates: `rebuildFromJournal` or the next worker start binds it.
 */
export async function isBehindJournal(
  ledger: Ledger,
  storageRoot: string,
  accounts: readonly JournalAccount[] | null = null,
): Promise<BehindJournal> {
  const missingAttempts: JournalLine[] = [];
  const missingBinds: JournalLine[] = [];
  let unreadable = 0;
  const others = (await journalLedgers(storageRoot)).filter((name) => name !== ledger.ledger8);
  for (const ledger8 of await journalsOf(ledger, storageRoot)) {
    for (const file of await journalFiles(journalFolder(storageRoot, ledger8))) {
      const name = `journal:${ledger8}/${basename(file)}`;
      const from = await comparedUntil(ledger, name);
      let until = from;
      let complete = true;
      for await (const part of journalParts(file, from)) {
        const missing = await compare(ledger, part.lines);
        complete &&= missing.attempts.length + missing.binds.length === 0;
        const ours = (line: JournalLine) => concerns(line, accounts);
        missingAttempts.push(...missing.attempts.filter(ours).slice(0, SHOWN_AT_MOST - missingAttempts.length));
        missingBinds.push(...missing.binds.filter(ours).slice(0, SHOWN_AT_MOST - missingBinds.length));
        unreadable += part.unreadable;
        if (complete) until = part.endsAt;
      }
      if (until > from) await rememberCompared(ledger, name, until);
    }
  }
  return { behind: missingAttempts.length > 0, missingAttempts, missingBinds, otherLedgers: others, unreadable };
}

async function hasNoAttempts(ledger: Ledger): Promise<boolean> {
  return (await ledger.db.selectFrom('attempts').select('id').limit(1).executeTakeFirst()) === undefined;
}

async function comparedUntil(ledger: Ledger, name: string): Promise<number> {
  const row = await ledger.db.selectFrom('ledger_meta').select('value').where('name', '=', name).executeTakeFirst();
  return row === undefined ? 0 : Number(row.value);
}

async function rememberCompared(ledger: Ledger, name: string, until: number): Promise<void> {
  await ledger.write((tx) =>
    tx
      .insertInto('ledger_meta')
      .values({ name, value: String(until) })
      .onConflict((c) => c.column('name').doUpdateSet({ value: String(until) }))
      .execute(),
  );
}

async function compare(
  ledger: Ledger,
  lines: readonly JournalLine[],
): Promise<{ attempts: JournalLine[]; binds: JournalLine[] }> {
  const attempts: JournalLine[] = [];
  const binds: JournalLine[] = [];
  for (let from = 0; from < lines.length; from += TOKENS_A_QUERY) {
    const some = lines.slice(from, from + TOKENS_A_QUERY);
    const tokens = await knownTokens(
      ledger,
      some.map((line) => line.token),
    );
    const tasks = await knownTasks(
      ledger,
      some.flatMap((line) => (line.type === 'bind' ? (line.task_id ?? []) : [])),
    );
    for (const line of some) {
      const state = tokens.get(line.token);
      // One that was accepted, and is still to be sent here: the ledger is a copy from before that.
      if (line.type === 'reserve' ? state === undefined : state === 'reserved' && line.outcome !== 'refused')
        attempts.push(line);
      if (line.type === 'bind' && line.task_id !== null && !tasks.has(line.task_id)) binds.push(line);
    }
  }
  return { attempts, binds };
}

async function knownTokens(ledger: Ledger, tokens: readonly string[]): Promise<Map<string, string>> {
  const rows = await ledger.db.selectFrom('attempts').select(['token', 'state']).where('token', 'in', tokens).execute();
  return new Map(rows.map((row) => [row.token, row.state]));
}

async function knownTasks(ledger: Ledger, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await ledger.db.selectFrom('tasks').select('id').where('id', 'in', ids).execute();
  return new Set(rows.map((row) => row.id));
}
