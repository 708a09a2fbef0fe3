import { basename } from 'node:path';
import type { JournalLine } from './journal.ts';
import { journalFolder } from './journal.ts';
import { journalFiles, journalLedgers, journalParts } from './read-journal.ts';
import type { Ledger } from './open-ledger.ts';

/** What the journal knows and the ledger does not. */
export interface BehindJournal {
  /** The ledger was lost, or restored from an older copy: nothing may be created until `ledger rebuild` (design D14). */
  readonly behind: boolean;
  /** Attempts that were about to be sent, by token. */
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

/**
 * Compares the journals beside the outputs with the ledger. What was compared before is remembered in the ledger itself, by
 * file and byte: a restored copy remembers less and so compares again. A bind that alone is missing (the process died between
 * journal and ledger) is no reason to stop creates: `rebuildFromJournal` or the next worker start binds it.
 */
export async function isBehindJournal(ledger: Ledger, storageRoot: string): Promise<BehindJournal> {
  const missingAttempts: JournalLine[] = [];
  const missingBinds: JournalLine[] = [];
  let unreadable = 0;
  const others = (await journalLedgers(storageRoot)).filter((name) => name !== ledger.ledger8);
  const lost = others.length > 0 && (await hasNoAttempts(ledger));
  for (const ledger8 of lost ? [ledger.ledger8, ...others] : [ledger.ledger8]) {
    for (const file of await journalFiles(journalFolder(storageRoot, ledger8))) {
      const name = `journal:${ledger8}/${basename(file)}`;
      const from = await comparedUntil(ledger, name);
      let until = from;
      let complete = true;
      for await (const part of journalParts(file, from)) {
        const missing = await compare(ledger, part.lines);
        complete &&= missing.attempts.length + missing.binds.length === 0;
        missingAttempts.push(...missing.attempts.slice(0, SHOWN_AT_MOST - missingAttempts.length));
        missingBinds.push(...missing.binds.slice(0, SHOWN_AT_MOST - missingBinds.length));
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
      if (line.type === 'reserve' && !tokens.has(line.token)) attempts.push(line);
      if (line.type === 'bind' && line.task_id !== null && !tasks.has(line.task_id)) binds.push(line);
    }
  }
  return { attempts, binds };
}

async function knownTokens(ledger: Ledger, tokens: readonly string[]): Promise<Set<string>> {
  const rows = await ledger.db.selectFrom('attempts').select('token').where('token', 'in', tokens).execute();
  return new Set(rows.map((row) => row.token));
}

async function knownTasks(ledger: Ledger, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await ledger.db.selectFrom('tasks').select('id').where('id', 'in', ids).execute();
  return new Set(rows.map((row) => row.id));
}
