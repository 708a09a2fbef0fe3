import type { Resolution } from '../schemas/manifest-item.ts';
import { isBehindJournal, journalsOf, TAKEN_OVER } from './behind-journal.ts';
import { bindAttempt } from './bind-attempt.ts';
import { recordEvent } from './events.ts';
import { journalFolder, type JournalLine } from './journal.ts';
import type { Ledger, Tx } from './open-ledger.ts';
import { settleOvertaken } from './overtaken-attempt.ts';
import { journalLedgers, readJournals } from './read-journal.ts';
import { insertRebuilt, type RebuiltState } from './rebuilt-attempt.ts';

/** What a rebuild did; told in full, since every `uncertain` needs a person. */
export interface Rebuilt {
  /** Attempts entered anew, by the state they got; with those that were about to be sent when the ledger was copied. */
  readonly attempts: Readonly<Record<RebuiltState, number>>;
  /** Task ids bound to attempts that the ledger knew. */
  readonly binds: number;
  /** Accounts of the journal that this ledger does not know, or knows under another base_url: their lines were left out. */
  readonly unknownAccounts: readonly string[];
  readonly unreadable: number;
}

/** Everything the journals say about one attempt. */
interface Story {
  readonly reserve: JournalLine;
  readonly binds: JournalLine[];
  settle: JournalLine | null;
}

const STORIES_A_WRITE = 200;

/**
 * Enters what the journals beside the outputs know and the ledger does not (faults row 18). A settled attempt is settled, a
 * bound one is bound and will be polled, one that was about to be sent and of which nothing more is known is uncertain: a
 * person decides. Run again it changes nothing. `ledgers` left out: all that have a journal here. Accounts must have been entered before (their limits are configuration).
 */
export async function rebuildFromJournal(
  ledger: Ledger,
  storageRoot: string,
  by: string,
  ledgers?: readonly string[],
): Promise<Rebuilt> {
  // Only then is a claim older than its journal: otherwise a worker holds it, and will send it or give it back.
  const { behind } = await isBehindJournal(ledger, storageRoot);
  const { stories, unreadable } = await readStories(storageRoot, ledgers ?? (await journalLedgers(storageRoot)));
  const attempts: Record<RebuiltState, number> = { bound: 0, settled: 0, uncertain: 0, refused: 0, abandoned: 0 };
  const unknownAccounts = new Set<string>();
  const touched = new Map<string, RebuiltState[]>();
  let binds = 0;
  for (let from = 0; from < stories.length; from += STORIES_A_WRITE) {
    await ledger.write(async (tx, nowMs) => {
      for (const story of stories.slice(from, from + STORIES_A_WRITE)) {
        const { account, base_url, batch, token } = story.reserve;
        const known = await tx.selectFrom('accounts').select('base_url').where('id', '=', account).executeTakeFirst();
        if (known?.base_url !== base_url) {
          unknownAccounts.add(`${account} (${base_url})`);
          continue;
        }
        const attempt = await tx.selectFrom('attempts').select('id').where('token', '=', token).executeTakeFirst();
        if (attempt !== undefined) {
          if (behind && (await settleOvertaken(tx, story.reserve, story, nowMs))) attempts.uncertain += 1;
          binds += await bindMissing(tx, attempt.id, story.binds, nowMs);
          continue;
        }
        const state = await insertRebuilt(tx, story.reserve, { binds: story.binds, settle: story.settle }, nowMs);
        attempts[state] += 1;
        touched.set(batch, [...(touched.get(batch) ?? []), state]);
      }
    });
  }
  await ledger.write(async (tx, nowMs) => {
    for (const [batch, states] of touched) {
      const counts = Object.entries(Object.groupBy(states, (state) => state)).map(
        ([state, all]) => `${all.length} ${state}`,
      );
      const detail = `attempts entered from the journal: ${counts.join(', ')}`;
      await recordEvent(tx, { type: 'ledger-rebuilt', batch, by, detail }, nowMs);
    }
  });
  return { attempts, binds, unknownAccounts: [...unknownAccounts], unreadable };
}

/**
 * The journals to rebuild from. That they are taken over is written down first: a rebuild that dies half way leaves a ledger
 * with attempts, which would no longer be taken for a lost one.
 */
export async function adoptJournals(ledger: Ledger, storageRoot: string): Promise<readonly string[]> {
  const ledgers = await journalsOf(ledger, storageRoot);
  const rows = ledgers
    .filter((name) => name !== ledger.ledger8)
    .map((name) => ({ name: `${TAKEN_OVER}${name}`, value: '1' }));
  if (rows.length > 0)
    await ledger.write((tx) =>
      tx
        .insertInto('ledger_meta')
        .values(rows)
        .onConflict((c) => c.doNothing())
        .execute(),
    );
  return ledgers;
}

/** Binds task ids that the journal alone knows, of attempts that the ledger knows. Returns how many. */
export async function bindFromJournal(ledger: Ledger, lines: readonly JournalLine[]): Promise<number> {
  let bound = 0;
  for (const line of lines)
    bound += await ledger.write(async (tx, nowMs) => {
      const attempt = await tx.selectFrom('attempts').select('id').where('token', '=', line.token).executeTakeFirst();
      return attempt === undefined ? 0 : bindMissing(tx, attempt.id, [line], nowMs);
    });
  return bound;
}

async function bindMissing(tx: Tx, attempt: number, lines: readonly JournalLine[], nowMs: number): Promise<number> {
  let bound = 0;
  for (const line of lines) {
    if (line.task_id === null) continue;
    const accepted = {
      taskId: line.task_id,
      hold: line.credits,
      createdAtMs: Date.parse(line.at),
      firstPollAtMs: nowMs,
    };
    const said = await bindAttempt(
      tx,
      attempt,
      { ...accepted, resolution: line.resolution as Resolution, by: 'journal' },
      nowMs,
    );
    if (said === 'bound' || said === 'orphan') bound += 1;
  }
  return bound;
}

/** In the order the attempts were reserved, so that of two for one item the later is the live one. */
async function readStories(
  storageRoot: string,
  ledgers: readonly string[],
): Promise<{ stories: Story[]; unreadable: number }> {
  const stories = new Map<string, Story>();
  const later: JournalLine[] = [];
  let unreadable = 0;
  for (const ledger8 of ledgers) {
    const read = await readJournals(journalFolder(storageRoot, ledger8));
    unreadable += read.unreadable;
    for (const line of read.lines) {
      if (line.type === 'reserve') stories.set(line.token, { reserve: line, binds: [], settle: null });
      else later.push(line);
    }
  }
  for (const line of later) {
    // The attempt's reserve may lie in a line that was lost: what followed tells as much.
    const story = stories.get(line.token) ?? { reserve: line, binds: [], settle: null };
    stories.set(line.token, story);
    if (line.type === 'bind') story.binds.push(line);
    else story.settle = line;
  }
  const sorted = [...stories.values()].toSorted((a, b) => (a.reserve.at < b.reserve.at ? -1 : 1));
  return { stories: sorted, unreadable };
}
