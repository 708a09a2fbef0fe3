import type { JournalEntry } from '../ledger/journal.ts';
import { readJournalled, type JournalledAttempt } from '../ledger/journalled-attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';

type Journalling = Pick<ActivityDependencies, 'journal' | 'ledger' | 'log'>;

/**
 * Writes that an attempt is about to be sent, and returns once that is on the disk. Returns what went wrong instead: then
 * it must not be sent (design D14).
 */
export async function journalReserve(deps: Journalling, row: JournalledAttempt): Promise<Error | null> {
  if (deps.journal === null) return null;
  try {
    await deps.journal.append({ ...row, type: 'reserve', task_id: null, outcome: null });
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Writes what became of an attempt. Not waited for and never fatal: without the line a rebuild calls the attempt uncertain,
 * which asks a person and pays nothing.
 */
export function journalOutcome(deps: Journalling, row: JournalledAttempt, came: Came): void {
  write(deps, () => Promise.resolve(row), came);
}

/** The same, for whoever knows the attempt's number alone. */
export function journalOutcomeOf(deps: Journalling, attempt: number, came: Came): void {
  write(deps, () => readJournalled(deps.ledger.db, attempt), came);
}

type Came = Pick<JournalEntry, 'type' | 'task_id' | 'credits' | 'outcome'>;

function write({ journal, log }: Journalling, read: () => Promise<JournalledAttempt | null>, came: Came): void {
  if (journal === null) return;
  const written = read().then((row) => (row === null ? undefined : journal.append({ ...row, ...came })));
  written.catch((error: unknown) =>
    log.warn('a line of the journal was not written', {
      error: error instanceof Error ? error.message : String(error),
    }),
  );
}

/** Never sent, or certainly not created. */
export const NOT_CREATED = { type: 'settle', task_id: null, credits: 0, outcome: 'refused' } as const;
