import type { JournalEntry } from '../ledger/journal.ts';
import { isOrphan, readJournalled } from '../ledger/journalled-attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';

type Journalling = Pick<ActivityDependencies, 'journal' | 'ledger' | 'log'>;

/**
 * Writes that an attempt is about to be sent, and returns once that is on the disk. Returns what went wrong instead: then
 * it must not be sent (design D14).
 */
export async function journalReserve(deps: Journalling, attempt: number): Promise<Error | null> {
  if (deps.journal === null) return null;
  const row = await readJournalled(deps.ledger.db, attempt);
  if (row === null) return new Error(`attempt ${attempt} is not in the ledger`);
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
export function journalOutcome(
  deps: Journalling,
  attempt: number,
  came: Pick<JournalEntry, 'type' | 'task_id' | 'credits' | 'outcome'>,
): void {
  const { journal, ledger, log } = deps;
  if (journal === null) return;
  const write = async (): Promise<void> => {
    const row = await readJournalled(ledger.db, attempt);
    if (row === null) return;
    const ofOrphan = came.type === 'settle' && came.task_id !== null;
    if (ofOrphan && (await isOrphan(ledger.db, row.account, came.task_id))) return;
    await journal.append({ ...row, ...came });
  };
  write().catch((error: unknown) =>
    log.warn('a line of the journal was not written', {
      attempt,
      error: error instanceof Error ? error.message : String(error),
    }),
  );
}

/** Never sent, or certainly not created. */
export const NOT_CREATED = { type: 'settle', task_id: null, credits: 0, outcome: 'refused' } as const;
