import { ownIdentity } from '../engine/process-identity.ts';
import { journalFolder, openJournal, type JournalEntry } from '../ledger/journal.ts';
import { readJournalled } from '../ledger/journalled-attempt.ts';
import { storageRoot } from '../storage/storage-root.ts';
import type { Context } from './context.ts';

/**
 * Keeps in the journal what a person said of an attempt. Never fatal: the ledger has it, and without the line a rebuild
 * calls the attempt uncertain once more.
 */
export async function journalByHand(
  ctx: Context,
  attempt: number,
  said: Pick<JournalEntry, 'type' | 'task_id' | 'outcome'>,
): Promise<void> {
  const root = storageRoot(ctx.store());
  if (root === null) return;
  const ledger = await ctx.ledger();
  const row = await readJournalled(ledger.db, attempt);
  if (row === null) return;
  const { host, pid } = ownIdentity();
  const journal = openJournal({ dir: journalFolder(root, ledger.ledger8), host, pid, startedAtMs: ctx.nowMs() });
  try {
    await journal.append({ ...row, ...said, credits: null });
  } catch (error) {
    ctx.options.log('the journal could not be written', {
      error: error instanceof Error ? error.message : String(error),
    });
  } finally {
    await journal.close();
  }
}
